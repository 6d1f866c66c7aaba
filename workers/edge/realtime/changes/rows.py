"""Reads changed rows through their views, as those who follow them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import psycopg
from psycopg import sql

from workers.edge.realtime.changes.catalog import Column, Connection, View
from workers.edge.realtime.changes.filters import OPERATORS, Filter
from workers.edge.realtime.changes.history import Caller, Key
from workers.edge.realtime.errors import of_key
from workers.edge.realtime.interfaces import API_KEY, Notice

BECOME = """
    select
        set_config('role', %s, true),
        set_config('request.jwt.claims', %s, true),
        set_config('request.headers', %s, true),
        set_config('auth.admitted_key', '', true)
"""
# An API key is admitted as for a request that reads the view.
ADMIT = """
    select
        set_config('request.method', 'GET', true),
        set_config('request.path', '/' || %s, true),
        identity.admit_request(%s::jsonb)
"""
UNANSWERED = Notice(is_ok=False, message="Changes could not be read: reload what you show")
Filters = tuple[Filter, ...]
Select = tuple[str, ...] | None


@dataclass(frozen=True)
class Shape:
    """What is asked about rows of a view: the records in these selections, and these filters."""

    view: View
    columns: tuple[Column, ...]
    selects: tuple[Select, ...]
    filters: tuple[Filters, ...]

    def chosen(self, select: Select) -> list[Column]:
        """Return the columns of a selection; the key always stays."""
        return [
            column
            for column in self.columns
            if select is None or column.name in select or column.name in self.view.key
        ]

    def of_keys(self) -> Shape:
        """Return the shape that asks for nothing but which rows are there."""
        keys = tuple(column for column in self.columns if column.name in self.view.key)
        return Shape(self.view, keys, (), ())


@dataclass(frozen=True)
class Row:
    """What a caller sees of a row: its key as JSON, records by selection, filters that it fits."""

    key_json: str
    records: dict[Select, str]
    fitting: frozenset[Filters]


@dataclass(frozen=True)
class Question:
    """Rows of a view that a caller may see or not."""

    caller: Caller
    shape: Shape
    keys: tuple[Key, ...]


Answer = dict[Key, Row]


def statement(question: Question) -> tuple[bytes, list[Any]]:
    """Return the query that reads the rows, and its parameters."""
    shape = question.shape
    values = [each.value for filters in shape.filters for each in filters if each.operator != "is"]
    keys = [[key[i] for key in question.keys] for i in range(len(shape.view.key))]
    return _query(shape), [*values, *keys]


@lru_cache(maxsize=1024)
def _query(shape: Shape) -> bytes:
    view = shape.view
    parts: list[sql.Composable] = [
        sql.SQL("v.{}::text").format(sql.Identifier(name)) for name in view.key
    ]
    keys = [column for column in shape.columns if column.name in view.key]
    parts += [_record(keys), *(_record(shape.chosen(select)) for select in shape.selects)]
    types = {column.name: column.sql_type for column in shape.columns}
    parts += [_conditions(filters, types) for filters in shape.filters]
    query = sql.SQL("select {} from public.{} as v where ").format(
        sql.SQL(", ").join(parts), sql.Identifier(view.name)
    )
    return (query + _among(view)).as_bytes(None)


def _record(columns: Sequence[Column]) -> sql.Composed:
    names = sql.SQL(", ").join(
        sql.SQL("v.{}").format(sql.Identifier(column.name)) for column in columns
    )
    return sql.SQL("(select row_to_json(r) from (select {}) as r)::text").format(names)


def _among(view: View) -> sql.Composed:
    if len(view.key) == 1:
        return sql.SQL("v.{} = any(%s::text[]::{}[])").format(
            sql.Identifier(view.key[0]), sql.SQL(view.key_types[0])
        )
    names = sql.SQL(", ").join(sql.SQL("v.{}").format(sql.Identifier(name)) for name in view.key)
    arrays = sql.SQL(", ").join(
        sql.SQL("%s::text[]::{}[]").format(sql.SQL(kind)) for kind in view.key_types
    )
    return sql.SQL("({}) in (select * from unnest({}))").format(names, arrays)


def _conditions(filters: Filters, types: Mapping[str, str]) -> sql.Composed:
    each = [_condition(one, types[one.column]) for one in filters]
    joined = sql.SQL(" and ").join(each) if each else sql.SQL("true")
    return sql.SQL("coalesce({}, false)").format(joined)


def _condition(one: Filter, kind: str) -> sql.Composed:
    column = sql.SQL("v.{}").format(sql.Identifier(one.column))
    value: sql.Composable
    if one.operator == "is":
        value = sql.SQL(one.value)  # one of four words, checked when it was subscribed to
    elif one.operator == "in":
        value = sql.SQL("((%s::text)::{}[])").format(sql.SQL(kind))
    else:
        value = sql.SQL("(%s::text)::{}").format(sql.SQL(kind))
    operator = sql.SQL(OPERATORS[one.operator])
    condition = sql.SQL("({} {} {})").format(column, operator, value)
    return sql.SQL("(not {})").format(condition) if one.is_negated else condition


def found(answer: Answer | Notice) -> Answer:
    """Return the rows of an answer; no rows where there is none."""
    return {} if isinstance(answer, Notice) else answer


async def become(connection: Connection, caller: Caller, view: View) -> None:
    """Ask about a view as a caller until the transaction ends, or somebody else asks."""
    is_key = caller.role == API_KEY
    headers = json.dumps({"x-real-ip": caller.address} if is_key else {})
    await connection.execute(BECOME, (caller.role, caller.claims, headers))
    if is_key:
        await connection.execute(ADMIT, (view.name, caller.claims))


async def read(
    connection: Connection, questions: Sequence[Question]
) -> dict[Question, Answer | Notice]:
    """Answer all questions in one round trip; a notice for what the database cannot answer."""
    if not questions:
        return {}
    try:
        return await _together(connection, questions)
    except psycopg.Error:
        if connection.closed:
            raise
        # Somebody's policy or view fails. The others are answered all the same.
        return {question: await _alone(connection, question) for question in questions}


async def _together(
    connection: Connection, questions: Sequence[Question]
) -> dict[Question, Answer | Notice]:
    cursors = []
    async with connection.pipeline(), connection.transaction():
        for question in questions:
            await become(connection, question.caller, question.shape.view)
            query, parameters = statement(question)
            cursors.append(await connection.execute(query, parameters, prepare=True))
        await connection.execute(BECOME, ("none", "", ""))
    answers = [
        _answer(q.shape, await c.fetchall()) for q, c in zip(questions, cursors, strict=True)
    ]
    return dict(zip(questions, answers, strict=True))


async def _alone(connection: Connection, question: Question) -> Answer | Notice:
    try:
        return (await _together(connection, [question]))[question]
    except psycopg.Error as error:
        if connection.closed:
            raise
        refusal = of_key(error)
        return Notice(is_ok=False, message=refusal.message, is_last=True) if refusal else UNANSWERED


def _answer(shape: Shape, rows: Sequence[tuple[Any, ...]]) -> Answer:
    width = len(shape.view.key)
    after = width + 1 + len(shape.selects)
    return {
        row[:width]: Row(
            row[width],
            dict(zip(shape.selects, row[width + 1 : after], strict=True)),
            frozenset(f for f, fits in zip(shape.filters, row[after:], strict=True) if fits),
        )
        for row in rows
    }
