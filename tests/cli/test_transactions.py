"""Doctor names transactions that are open too long."""

from __future__ import annotations

import psycopg

from cli.commands.doctor import transactions
from tests.harness.database import Database

QUIET = ("ok", "No transaction holds feeds, phones or vacuum back.", "")


def test_a_transaction_that_holds_others_back_is_named(db: Database) -> None:
    with psycopg.connect(db.dsn, application_name="forgotten script") as connection:
        connection.execute("select 1")
        assert transactions.in_words(db.dsn) == QUIET
        result, message, step = transactions.in_words(db.dsn, oldest_seconds=0)
        assert result == "warn"
        pid = connection.info.backend_pid
        assert f"process {pid} of forgotten script since 00:00:" in message
        assert step.startswith("End what it waits for, or: select pg_terminate_backend(")
