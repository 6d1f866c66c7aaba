"""Says how the embedded PostgreSQL is sized, and what a restart would change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import psycopg
from psycopg.types.json import Jsonb

from cli.stack import sizing

SHOWN = ("shared_buffers", "work_mem", "effective_cache_size", "max_wal_size", "max_connections")
SETTINGS = """
    select
        wanted.name,
        current_setting(wanted.name),
        pg_size_bytes(wanted.value) <> pg_size_bytes(current_setting(wanted.name))
    from jsonb_each_text(%s) as wanted (name, value)
"""


def in_words(
    db_url: str, overrides: Mapping[str, object]
) -> tuple[Literal["ok", "warn"], str, str]:
    """Return whether PostgreSQL runs as the next start would run it, in words with a next step."""
    machine = sizing.this_machine()
    intended = {**sizing.settings_for(machine), **overrides}
    with psycopg.connect(db_url) as connection:
        rows = connection.execute(
            SETTINGS, (Jsonb({name: str(intended[name]) for name in SHOWN}),)
        ).fetchall()
    found = {name: (value, is_other) for name, value, is_other in rows}
    shown = ", ".join(f"{name} {found[name][0]}" for name in SHOWN)
    own = f" [db.settings] sets {', '.join(sorted(overrides))}." if overrides else ""
    if stale := [name for name in SHOWN if found[name][1]]:
        return (
            "warn",
            f"PostgreSQL runs with {shown}; {' and '.join(stale)} would differ after a restart.",
            "Restart it: ./frontdesk down && ./frontdesk up",
        )
    return "ok", f"PostgreSQL is sized for {machine}: {shown}.{own}", ""
