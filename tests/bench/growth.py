"""Whether slots and bookings stay as fast when everybody else's time has grown a thousandfold."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import psycopg

from tests.bench.figures import Figure, Spread, milliseconds
from tests.bench.shared import USUAL, WEEK, book_next, fill, signed_in
from tests.harness.stack import RunningStack

SMALL, LARGE, STEP = 10_000, 10_000_000, 1_000_000
ROUNDS = 7
SLOTS = f"select count(*) from public.available_slots('{USUAL}', {WEEK})"


def growth(stack: RunningStack) -> Iterator[Figure]:
    """Slots of a week and single bookings, in the database, among 10^4 and 10^7 allocations."""
    fill(stack, 0, SMALL)
    before = _spreads(stack)
    for first in range(SMALL, LARGE, STEP):
        fill(stack, first, min(first + STEP, LARGE))
    for name, after in _spreads(stack).items():
        small = before[name]
        yield Figure(
            f"{name} among 10^7 allocations",
            "ms",
            after,
            "among 10^4",
            small,
            after.median / small.median,
            "at most 1.3",
        )


def _spreads(stack: RunningStack) -> dict[str, Spread]:
    with psycopg.connect(stack.endpoints.db_url, autocommit=True) as connection:
        connection.execute("vacuum scheduling.allocations")
    with signed_in(stack) as connection:
        works: dict[str, Callable[[], object]] = {
            "slots of a week": lambda: connection.execute(SLOTS.encode()),
            "a booking": lambda: book_next(connection),
        }
        return {
            name: Spread.of([milliseconds(work) for _ in range(ROUNDS)])
            for name, work in works.items()
        }
