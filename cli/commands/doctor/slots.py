"""Replication slots that keep WAL which nobody reads."""

from __future__ import annotations

from typing import Literal

import psycopg

# A slot of Realtime stays five minutes behind; a quarter of a gigabyte is more than that.
OLD_SLOTS = """
    select
        slot_name,
        wal_status,
        pg_size_pretty(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn))
    from pg_replication_slots
    where
        wal_status in ('unreserved', 'lost')
        or (
            not active
            and pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn) > 256 * 1024 * 1024
        )
    order by slot_name
"""


def in_words(db_url: str) -> tuple[Literal["ok", "warn"], str, str]:
    """Return the result, the message and the next step."""
    with psycopg.connect(db_url) as connection:
        found = connection.execute(OLD_SLOTS).fetchall()
        level = connection.execute("show wal_level").fetchone()
    if found:
        words = ", ".join(
            f"{name} has lost its WAL" if kept is None else f"{name} keeps {kept}"
            for name, _, kept in found
        )
        step = f"If nobody needs it: select pg_drop_replication_slot('{found[0][0]}')"
        return "warn", f"Replication slots that nobody reads: {words}.", step
    if level != ("logical",):
        words = f"wal_level is {level[0] if level else 'unknown'}: Realtime refuses row changes."
        return "warn", words, "Set wal_level = logical and restart PostgreSQL. Broadcast works."
    return "ok", "No replication slot keeps WAL that nobody reads.", ""
