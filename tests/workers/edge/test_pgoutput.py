"""What pgoutput says of rows is decoded to the same text that a query returns."""

from __future__ import annotations

import psycopg

from tests.harness.database import Database
from workers.edge.realtime.changes.pgoutput import UNCHANGED, Decoder, RowChange

ROWS = """
    insert into tests.things
    select
        n,
        case when random() < 0.8 then repeat(chr(33 + (random() * 1000)::integer), n % 7) end,
        case when random() < 0.8 then (random() * 1e6 - 5e5)::numeric(20, 5) end,
        case when random() < 0.8 then timestamptz '2000-01-01' + random() * interval '50 years' end,
        case when random() < 0.8 then array[random()::text, null, 'a"b,c'] end,
        case when random() < 0.8 then jsonb_build_object('a', random(), 'b', e'\\u00e9\\n') end,
        case when random() < 0.8 then sha256(n::text::bytea) end,
        case when random() < 0.8 then random() < 0.5 end,
        repeat(md5(n::text), 200)
    from generate_series(1, 200) as n
"""
COLUMNS = ("id", "word", "amount", "at", "list", "data", "bytes", "is_on", "long")
# format() writes a value as the protocol does: a boolean is t or f.
TEXT = "case when {0} is not null then format('%s', {0}) end"
TEXTS = f"select {', '.join(map(TEXT.format, COLUMNS))} from tests.things order by id"


def test_random_rows_are_decoded_to_their_own_text(db: Database) -> None:
    db.connection.execute(
        "create table tests.things (id integer primary key, word text, amount numeric,"
        " at timestamptz, list text[], data jsonb, bytes bytea, is_on boolean, long text)"
    )
    db.connection.execute("alter table tests.things alter long set storage external")
    db.connection.execute("create publication things for table tests.things")
    with psycopg.connect(db.dsn, autocommit=True) as session:
        session.execute("select pg_create_logical_replication_slot('things', 'pgoutput', true)")
        session.execute("set synchronous_commit = on")  # what is not flushed is not decoded yet
        session.execute("select setseed(0.18)")
        session.execute(ROWS)
        expected = [dict(zip(COLUMNS, row, strict=True)) for row in session.execute(TEXTS)]
        with session.transaction():
            session.execute("update tests.things set word = 'new' where id = 1")
            session.execute("update tests.things set id = 1000 where id = 2")
            session.execute("delete from tests.things where id = 3")
        transactions = list(Decoder().transactions(_read(session)))
    inserted, changed = [each for each in transactions if each.changes]
    assert [change.new for change in inserted.changes] == expected
    assert inserted.end_lsn < changed.end_lsn
    assert inserted.committed_at <= changed.committed_at
    update, renamed, deleted = changed.changes
    assert _short(update) == ("UPDATE", {}, {**expected[0], "word": "new", "long": UNCHANGED})
    assert renamed.operation == "UPDATE"
    assert (renamed.old["id"], renamed.new["id"]) == ("2", "1000")
    assert (deleted.operation, deleted.old["id"], deleted.new) == ("DELETE", "3", {})


def _short(change: RowChange) -> tuple[object, ...]:
    return change.operation, change.old, change.new


def _read(session: psycopg.Connection) -> list[bytes]:
    rows = session.execute(
        "select data from pg_logical_slot_get_binary_changes('things', null, null,"
        " 'proto_version', '1', 'publication_names', 'things')"
    ).fetchall()
    return [row[0] for row in rows]
