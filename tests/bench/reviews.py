"""A page of reviews with its summary, against the rows of the page alone."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg

from tests.bench.figures import Figure, compare, milliseconds
from tests.bench.shared import BUSINESS, HERE, fill, signed_in
from tests.harness.stack import RunningStack

PAGE = f"select public.review_page('{BUSINESS}')"
ROWS = f"""
    select jsonb_agg(page)
    from (
        select *
        from public.business_reviews
        where business_id = '{BUSINESS}'
        order by published_at desc, id desc
        limit 20
    ) as page
"""


def reviews(stack: RunningStack) -> Iterator[Figure]:
    """A page of 20 of 10,000 reviews, with and without the ratings of all."""
    fill(stack, 0, 0)
    with psycopg.connect(stack.endpoints.db_url, autocommit=True) as connection:
        connection.execute((HERE / "reviews.sql").read_bytes())
        connection.execute("vacuum analyze reviews.rating_changes")
    with signed_in(stack) as connection:

        def timed(query: str) -> float:
            return milliseconds(lambda: connection.execute(query.encode()).fetchone(), times=100)

        yield compare(
            "a page of 10,000 reviews with its summary",
            unit="ms",
            ours=lambda: timed(PAGE),
            measure="the rows alone",
            beside=lambda: timed(ROWS),
            aim="at most 2",
        )
