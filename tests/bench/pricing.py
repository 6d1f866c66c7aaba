"""A quote of twenty lines by two hundred rules, alone and in a crowd of others."""

from __future__ import annotations

import json
from collections.abc import Iterator

import psycopg

from tests.bench.figures import Figure, compare, milliseconds
from tests.bench.shared import HERE
from tests.harness.stack import RunningStack

AIM_MS = 5.0
LINES = """
    select jsonb_agg(jsonb_build_object(
        'service_id', md5('priced ' || n)::uuid,
        'starts_at',
        timestamptz '2031-05-05 07:00Z' + make_interval(hours => n % 10, days => n / 10),
        'party_size', 1 + n % 3
    ) order by n)
    from generate_series(1, 20) as n
"""


def quote(stack: RunningStack) -> Iterator[Figure]:
    """The median time of a quote in the database, as an anonymous buyer asks for it."""
    with psycopg.connect(stack.endpoints.db_url, autocommit=True) as connection:
        connection.execute((HERE / "pricing.sql").read_bytes())
        connection.execute("set frontdesk.now = '2031-05-01T08:00:00Z'")
        connection.prepare_threshold = 0
        items = json.dumps(connection.execute(LINES.encode()).fetchall()[0][0])

        def ask() -> float:
            return milliseconds(
                lambda: connection.execute("select public.quote(%s)", [items]).fetchall(), times=60
            )

        alone = compare(
            "quote: 20 lines, 200 rules",
            unit="ms",
            ours=ask,
            measure="the aim",
            beside=lambda: AIM_MS,
            aim="at most 1",
        )
        yield alone
        connection.execute((HERE / "pricing_crowd.sql").read_bytes(), prepare=False)
        yield compare(
            "quote: beside 10^5 rules of others and 2,000 of its own",
            unit="ms",
            ours=ask,
            measure="with 200 rules alone",
            beside=lambda: alone.ours.median,
            aim="at most 2",
        )
