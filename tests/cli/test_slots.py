"""Doctor names replication slots that keep WAL which nobody reads."""

from __future__ import annotations

from cli.commands.doctor import slots
from tests.harness.database import Database


def test_a_slot_that_nobody_reads_is_named(db: Database) -> None:
    assert slots.in_words(db.dsn) == ("ok", "No replication slot keeps WAL that nobody reads.", "")
    db.rows("select pg_create_physical_replication_slot('left_behind', true)")
    try:
        for _ in range(17):  # a file of 16 MB each
            db.rows("select pg_switch_wal() from pg_logical_emit_message(true, 'a', 'b')")
        result, message, step = slots.in_words(db.dsn)
        assert result == "warn"
        assert "left_behind keeps 2" in message
        assert "pg_drop_replication_slot('left_behind')" in step
    finally:
        db.rows("select pg_drop_replication_slot('left_behind')")
