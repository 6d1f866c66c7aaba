"""Series that race for the same time."""

from __future__ import annotations

import random

from tests.harness.acting import DEADLOCKS, OVERLAPS, answer, number, together
from tests.harness.database import Database


def test_series_that_race_neither_meet_nor_deadlock(shop: Database) -> None:
    before = number(shop, DEADLOCKS)

    def one(n: int) -> str:
        order = random.Random(n)
        starts_at = f"2031-05-{order.randint(5, 9):02}T{order.randint(9, 12):02}:00:00Z"
        service = order.choice(["Cut", "Massage", "Facial"])
        skip = order.choice(["fail", "skip"])
        said = answer(
            shop,
            "select public.book_series(tests.id(%s)::text, %s, 'FREQ=DAILY;COUNT=6',"
            " on_conflict => %s)",
            service,
            starts_at,
            skip,
        )
        if n % 3:
            return said
        change = order.choice(
            [
                "select public.cancel_series(id::text) from public.booking_series limit 1",
                "select public.reschedule_series(id::text, '2031-05-12T15:00:00Z')"
                " from public.booking_series order by random() limit 1",
            ]
        )
        return answer(shop, change)

    answers = together(32, one)
    assert set(answers) <= {"ok", "slot_taken", "invalid_transition", "changed_meanwhile"}
    assert answers["ok"] > 4
    assert number(shop, OVERLAPS) == 0
    assert number(shop, DEADLOCKS) == before
