"""Transactions that are open so long that feeds, phones, Realtime and vacuum wait for them."""

from __future__ import annotations

from typing import Literal

import psycopg

OLDEST_SECONDS = 300
OPEN = """
    select
        coalesce('process ' || pid::text, 'prepared ' || gid),
        coalesce(nullif(application_name, ''), usename, owner),
        date_trunc('second', now() - began)::text,
        coalesce(
            format('select pg_terminate_backend(%%s)', pid), format('rollback prepared %%L', gid)
        )
    from (
        select pid, null as gid, application_name, usename, null as owner, xact_start as began
        from pg_stat_activity
        where backend_type = 'client backend' and pid <> pg_backend_pid()
        union all
        select null, gid, null, null, owner, prepared
        from pg_prepared_xacts
    ) as transactions
    where now() - began > make_interval(secs => %s)
    order by began
"""


def in_words(
    db_url: str, oldest_seconds: float = OLDEST_SECONDS
) -> tuple[Literal["ok", "warn"], str, str]:
    """Return the result, the message and the next step."""
    with psycopg.connect(db_url) as connection:
        found = connection.execute(OPEN, (oldest_seconds,)).fetchall()
    if not found:
        return "ok", "No transaction holds feeds, phones or vacuum back.", ""
    words = ", ".join(f"{what} of {who} since {age}" for what, who, age, _ in found)
    return (
        "warn",
        f"Open transactions hold feeds, phones and vacuum back: {words}.",
        f"End what it waits for, or: {found[0][3]}",
    )
