"""Whatever anybody calls that writes leaves an entry in the audit trail.

The catalog says which functions of the API write. Each has one call in calls.sql; a function
without a call fails, so that whoever adds one adds a call.
"""

from __future__ import annotations

import re
from pathlib import Path

import psycopg

from tests.harness.database import Database

CALLS = Path(__file__).with_name("calls.sql")
WRITING = """
    select proname from pg_proc
    where pronamespace = 'public'::regnamespace and provolatile = 'v'
        and prorettype <> 'trigger'::regtype
        and has_function_privilege('authenticated', oid, 'execute')
    order by proname
"""
ENTRIES = "select count(*) from audit.entries where cause = 'POST /rpc/' || %s"
REQUEST = """
    select set_config('request.method', 'POST', true), set_config('request.path', %s, true)
"""
ACTIVITY = "select count(*) from identity.activity_events where kind = 'session_ended'"
EVENTS = "select count(*) from insight.events"
# A session is no row of a domain: it belongs to sign-in, and its end is in the user's activity,
# which is a record of its own (audit.record_tables), as events of visitors are.
RECORDED = {"revoke_session": ACTIVITY, "track": EVENTS}
# Change nothing. They are volatile: one counts wrong codes, the other locks a membership.
READS = {"gift_card_balance", "quote_membership_change"}


def calls() -> tuple[str, dict[str, list[str]]]:
    """The town, and by function the statements of its call, the last of which is the call."""
    town, *blocks = re.split(r"^-- call: ", CALLS.read_text("utf-8"), flags=re.MULTILINE)
    found = {}
    for block in blocks:
        name, _, text = block.partition("\n")
        found[name] = [part for part in re.split(r";\n", text.strip() + "\n") if part.strip()]
    return town, found


def entries_of(connection: psycopg.Connection, name: str, statements: list[str]) -> int:
    """How many entries the call leaves; everything is undone."""
    *before, call = statements
    with connection.transaction(force_rollback=True):
        for statement in before:
            connection.execute(statement.encode())
        connection.execute(REQUEST, (f"/rpc/{name}",))
        connection.execute(call.encode())
        connection.execute("select tests.act_as_owner()")
        counted = (RECORDED[name], ()) if name in RECORDED else (ENTRIES, (name,))
        row = connection.execute(*counted).fetchone()
    assert row
    return int(row[0])


def test_every_function_that_writes_leaves_an_entry(db: Database) -> None:
    town, called = calls()
    with psycopg.connect(db.dsn) as connection:
        connection.execute(town.encode())
        writing = {str(name) for (name,) in connection.execute(WRITING)}
        silent = [
            name for name, statements in called.items()
            if not entries_of(connection, name, statements)
        ]  # fmt: skip
        connection.rollback()
    known = called.keys() | READS
    assert sorted(writing - known) == [], "add a call to calls.sql"
    assert sorted(known - writing) == [], "is no function that writes"
    assert silent == [], "leave no entry in the audit trail"


def test_what_is_left_out_of_the_trail_exists_and_says_why(db: Database) -> None:
    found = db.rows(
        "select table_name from audit.exceptions()"
        " where to_regclass(table_name) is null or length(reason) < 5"
        " or not operations <@ '{insert,update,delete}'"
    )
    assert found == []


def test_everything_else_is_audited(db: Database) -> None:
    query = (
        "select relation::text || ' ' || operation from audit.audited_tables(),"
        " unnest(operations) as operation where not exists ("
        " select from pg_trigger where tgrelid = relation and tgname = '_990_record_'"
        " || operation || case operation when 'insert' then 'ed' else 'd' end)"
        " or cardinality(audit.key_columns(relation)) not between 1 and 5"
    )
    assert db.rows(query) == []
    db.connection.execute("create table business.new_things (id uuid primary key)")
    assert len(db.rows(query)) == 3, "a table without triggers is noticed"
