"""What a phone asks: everything at first, a hundred changes, and nothing new."""

from __future__ import annotations

import time
from collections.abc import Iterator

import psycopg

from tests.bench.figures import Figure, compare, milliseconds
from tests.bench.shared import USER, fill, signed_in
from tests.harness.stack import RunningStack

ROWS = 100_000
FILL = f"""
    insert into engagement.notifications (id, user_id, event, title, body)
    select
        gen_random_uuid(), '{USER}', 'booking.confirmed', 'Your booking ' || n,
        'We look forward to seeing you.'
    from generate_series(1, {ROWS}) as n
"""
CHANGE = """
    update engagement.notifications set read_at = now()
    where id in (select id from engagement.notifications where read_at is null limit 100)
"""
COPY = f"copy (select * from public.notifications where user_id = '{USER}') to stdout"
SYNC = b"select public.sync(%s)"


def sync(stack: RunningStack) -> Iterator[Figure]:
    """The first sync of 10^5 rows, against COPY of them; then 100 changes, and none."""
    fill(stack, 0, 0)
    with (
        psycopg.connect(stack.endpoints.db_url, autocommit=True) as owner,
        signed_in(stack) as phone,
    ):
        owner.execute(FILL.encode())
        owner.execute("vacuum analyze engagement.notifications")

        def copied() -> float:
            began = time.perf_counter()
            with phone.cursor().copy(COPY.encode()) as rows:
                for _ in rows:
                    pass
            return ROWS / (time.perf_counter() - began)

        def synced() -> float:
            began = time.perf_counter()
            _through(phone)
            return ROWS / (time.perf_counter() - began)

        yield compare(
            "the first sync of 100,000 rows",
            unit="rows/s",
            ours=synced,
            measure="COPY of the same rows, as the same user",
            beside=copied,
            aim="at least 0.3",
        )
        cursor = _through(phone)
        owner.execute(CHANGE.encode())
        yield compare(
            "a sync of 100 changes",
            unit="ms",
            ours=lambda: milliseconds(lambda: phone.execute(SYNC, (cursor,)).fetchone()),
            measure="the aim",
            beside=lambda: 20.0,
            aim="at most 1",
        )
        cursor = _through(phone)
        yield compare(
            "a sync of nothing new",
            unit="ms",
            ours=lambda: milliseconds(lambda: phone.execute(SYNC, (cursor,)).fetchone()),
            measure="the aim",
            beside=lambda: 2.0,
            aim="at most 1",
        )


def _through(phone: psycopg.Connection) -> str | None:
    """Sync until there is no more; returns the cursor."""
    cursor: str | None = None
    while True:
        ((page,),) = phone.execute(SYNC, (cursor,)).fetchall()
        cursor = page["cursor"]
        if not page["more"]:
            return cursor
