"""Refuses bindings that a caller may not follow, in Supabase's words."""

from __future__ import annotations

import re

import psycopg
from psycopg import sql

from workers.edge.realtime.changes.bindings import Binding
from workers.edge.realtime.changes.catalog import Catalog, Column, Connection, View
from workers.edge.realtime.changes.filters import Filter
from workers.edge.realtime.changes.history import Caller
from workers.edge.realtime.changes.rows import Question, Shape, become, statement
from workers.edge.realtime.interfaces import API_KEY, RefusedError

UNABLE = "Unable to subscribe to changes with given parameters. "
MAX_IN = 100
WORDS = ("null", "true", "false", "unknown")
PATTERNS = ("like", "ilike", "match", "imatch")


async def check(connection: Connection, catalog: Catalog, caller: Caller, binding: Binding) -> None:
    """Check one binding.

    Raises:
        RefusedError: when it names what does not exist, or what the caller may not read.
    """
    views = list(catalog.shown(binding))
    if not views:
        raise RefusedError(
            f"{UNABLE}Please check Realtime is enabled for the given connect parameters: "
            f"{binding.in_words()}"
        )
    if binding.table == "*" and caller.role == API_KEY:
        raise RefusedError("Error 403: An API key follows views by their names.")
    if binding.table == "*" and not binding.filters:
        return  # Of each view the caller gets what they may read.
    for view in views:
        try:
            await _check_view(connection, catalog, caller, binding, view)
        except ValueError as error:
            raise _refusal(binding, "ERROR P0001 (raise_exception)", str(error)) from error
        except psycopg.Error as error:
            if connection.closed:
                raise
            if (error.sqlstate or "").startswith("PT"):
                words = f"Error {(error.sqlstate or '')[2:]}: {error.diag.message_primary}"
                raise RefusedError(words) from error
            name = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(error).__name__).lower()
            code = f"ERROR {error.sqlstate} ({name})"
            raise _refusal(binding, code, error.diag.message_primary or str(error)) from error


def _refusal(binding: Binding, code: str, message: str) -> RefusedError:
    return RefusedError(
        f"{UNABLE}An exception happened so please check your connect parameters: "
        f"{binding.in_words()}. Exception: {code} {message}"
    )


async def _check_view(
    connection: Connection, catalog: Catalog, caller: Caller, binding: Binding, view: View
) -> None:
    columns = await catalog.columns(connection, view, caller.role)
    if not columns.keys() >= set(view.key):
        raise RefusedError("Error 401: Unauthorized")
    for condition in binding.filters:
        if condition.column not in columns:
            raise ValueError(f"invalid column for filter {condition.column}")
        await _check_value(connection, condition, columns[condition.column])
    for name in binding.select or ():
        if name not in columns:
            raise ValueError(f"invalid column for select {name}")
    shape = Shape(view, tuple(columns.values()), (binding.select,), (binding.filters,))
    query, parameters = statement(Question(caller, shape, ()))
    try:
        async with connection.transaction():
            await become(connection, caller, view)
            await connection.execute(query, parameters)
    except psycopg.errors.UndefinedFunction as error:
        for condition in binding.filters:
            if condition.operator in PATTERNS:
                kind = columns[condition.column].sql_type
                raise ValueError(
                    f"operator {condition.operator} requires a text-compatible column type, "
                    f"got {kind}"
                ) from error
        raise


async def _check_value(connection: Connection, condition: Filter, column: Column) -> None:
    if condition.operator == "is":
        _check_word(condition, column)
    elif condition.operator == "in":
        query = sql.SQL("select cardinality((%s::text)::{}[])").format(sql.SQL(column.sql_type))
        cursor = await connection.execute(query, (condition.value,))
        ((count,),) = await cursor.fetchall()
        if count > MAX_IN:
            raise ValueError(f"too many values for `in` filter. Maximum {MAX_IN}")
    elif condition.operator in ("match", "imatch"):
        try:
            await connection.execute("select '' ~ %s::text", (condition.value,))
        except psycopg.errors.InvalidRegularExpression as error:
            raise ValueError(
                f"invalid regular expression for {condition.operator} filter: "
                f"{error.diag.message_primary}"
            ) from error
    elif condition.operator not in PATTERNS:
        query = sql.SQL("select (%s::text)::{}").format(sql.SQL(column.sql_type))
        await connection.execute(query, (condition.value,))


def _check_word(condition: Filter, column: Column) -> None:
    if condition.value not in WORDS:
        raise ValueError("invalid value for is filter: must be null, true, false, or unknown")
    if condition.value != "null" and column.short_type != "bool":
        raise ValueError(
            f"is {condition.value} filter requires a boolean column, got {column.sql_type}"
        )
