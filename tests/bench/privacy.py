"""Everything about somebody with 10,000 rows, as one document."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg

from tests.bench.figures import Figure, compare, milliseconds
from tests.bench.shared import HERE, USER, fill
from tests.harness.stack import RunningStack

EXPORT = f"select privacy.export_of('{USER}', null)"
# The same rows of the three tables that have most of them, by their keys.
ROWS = f"""
    select
        (select jsonb_agg(to_jsonb(t)) from engagement.notifications as t where user_id = '{USER}'),
        (select jsonb_agg(to_jsonb(t)) from identity.activity_events as t where user_id = '{USER}'),
        (
            select jsonb_agg(to_jsonb(t))
            from engagement.notification_deliveries as t
            where user_id = '{USER}'
        )
"""


def export(stack: RunningStack) -> Iterator[Figure]:
    """The document of an export, against the same rows read by their keys."""
    fill(stack, 0, 0)
    with psycopg.connect(stack.endpoints.db_url, autocommit=True) as connection:
        connection.execute((HERE / "privacy.sql").read_bytes())

        def timed(query: str) -> float:
            return milliseconds(lambda: connection.execute(query.encode()).fetchone(), times=5)

        yield compare(
            "an export of 10,000 rows",
            unit="ms",
            ours=lambda: timed(EXPORT),
            measure="the rows by key",
            beside=lambda: timed(ROWS),
            aim="at most 4",
        )
