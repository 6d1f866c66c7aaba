"""Every operator of a filter answers as PostgreSQL answers the same condition."""

from __future__ import annotations

import asyncio

import psycopg
from psycopg import sql

from tests.harness.database import Database
from workers.edge.realtime.changes.catalog import Column, View
from workers.edge.realtime.changes.filters import parse
from workers.edge.realtime.changes.history import Caller
from workers.edge.realtime.changes.rows import Question, Shape, read

COLUMNS = (
    Column("id", "int4", "integer"),
    Column("word", "text", "text"),
    Column("is_on", "bool", "boolean"),
    Column("at", "timestamptz", "timestamp with time zone"),
)
# The filter, and the condition that says the same.
SAME = {
    "id=eq.2": "id = 2",
    "id=neq.2": "id <> 2",
    "id=lt.2": "id < 2",
    "id=lte.2": "id <= 2",
    "id=gt.2": "id > 2",
    "id=gte.2": "id >= 2",
    "id=in.(1,3)": "id in (1, 3)",
    "id=not.in.(1,3)": "id not in (1, 3)",
    'word=in.("a,b",Straße)': "word in ('a,b', 'Straße')",
    "word=like.a%": "word like 'a%'",
    "word=not.like.a%": "word not like 'a%'",
    "word=ilike.A%": "word ilike 'A%'",
    "word=match.^a.*b$": "word ~ '^a.*b$'",
    "word=imatch.^A": "word ~* '^A'",
    "word=is.null": "word is null",
    "word=not.is.null": "word is not null",
    "is_on=is.true": "is_on is true",
    "is_on=not.is.true": "is_on is not true",
    "is_on=is.unknown": "is_on is unknown",
    'word=isdistinct."a,b"': "word is distinct from 'a,b'",
    'word=not.isdistinct."a,b"': "word is not distinct from 'a,b'",
    "word=not.eq.x": "not (word = 'x')",
    "at=gte.2026-01-01T00:00:00Z,id=lt.4": "at >= '2026-01-01T00:00:00Z' and id < 4",
    'word=eq.it"s': "word = 'it\"s'",
    "word=eq.": "word = ''",
    "word=eq.'; drop table x; --": "word = '''; drop table x; --'",
    "word=eq.100%s": "word = '100%s'",
}
ROWS = """
    insert into tests.words values
    (1, 'a,b', true, '2025-12-31'), (2, 'Straße', false, '2026-01-01'), (3, null, null, null),
    (4, 'apple', null, '2027-01-01'), (5, 'it"s', true, null), (6, '', false, '2026-06-01'),
    (7, '''; drop table x; --', true, '2020-01-01'), (8, '100%s', null, '2026-02-01')
"""


def test_every_operator_answers_as_the_condition_does(db: Database) -> None:
    db.connection.execute(
        "create table tests.words (id integer, word text, is_on bool, at timestamptz)"
    )
    db.connection.execute(ROWS)
    db.connection.execute("create view public.words as select * from tests.words")
    db.connection.execute("grant select on public.words to service_role")
    filters = {text: parse(text) for text in SAME}
    view = View("words", 0, 0, ("id",), ("integer",))
    shape = Shape(view, COLUMNS, (None,), tuple(filters.values()))
    keys = tuple((str(number),) for number in range(1, 9))
    question = Question(Caller("service_role", "{}"), shape, keys)

    async def answer() -> dict[str, set[int]]:
        async with await psycopg.AsyncConnection.connect(db.dsn, autocommit=True) as connection:
            found = (await read(connection, [question]))[question] or {}
        return {
            text: {int(key[0] or 0) for key, row in found.items() if each in row.fitting}
            for text, each in filters.items()
        }

    ours = asyncio.run(answer())
    for text in filters:
        query = sql.SQL("select id from tests.words where {}").format(sql.SQL(SAME[text]))
        theirs = {number for (number,) in db.connection.execute(query)}
        assert ours[text] == theirs, text
    assert any(ours[text] for text in filters)
