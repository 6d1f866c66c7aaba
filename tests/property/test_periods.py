"""Periods of memberships begin when they would elsewhere, and a change gives back its share."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta
from dateutil.tz import resolve_imaginary
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.harness.database import Database

ZONES = [
    *("Europe/Berlin", "Europe/London", "America/New_York", "America/Santiago", "Asia/Tokyo"),
    *("Australia/Lord_Howe", "Pacific/Apia", "Asia/Kathmandu", "Africa/Casablanca", "UTC"),
]
UNITS = {"day": "days", "week": "weeks", "month": "months", "year": "years"}
DAYS = {"day": 1, "week": 7, "month": 28, "year": 365}
TEN_YEARS = 3660
PERIODS = """
    select memberships.period_start(anchors.at, %s, %s, %s, numbers.n)
    from unnest(%s::timestamptz[]) with ordinality as anchors (at, place)
    cross join unnest(%s::integer[]) as numbers (n)
    order by anchors.place, numbers.n
"""
Draw = Any


@dataclass(frozen=True)
class Terms:
    """Anchors of memberships of one kind, on the wall clock of their zone."""

    zone: str
    unit: str
    count: int
    anchors: tuple[dt.datetime, ...]

    @property
    def numbers(self) -> list[int]:
        """Periods of ten years: all, or of so many that they are too many, about a hundred."""
        last = TEN_YEARS // (DAYS[self.unit] * self.count)
        return list(range(0, last + 1, max(1, last // 130)))


@st.composite
def terms(draw: Draw) -> Terms:
    """Anchors at ends of months and at hours of the night, when clocks change."""
    days = st.dates(dt.date(2027, 1, 1), dt.date(2028, 12, 31))
    ends = st.sampled_from([dt.date(2027, 1, 31), dt.date(2028, 2, 29), dt.date(2028, 10, 29)])
    hours = st.times() | st.builds(dt.time, st.integers(0, 3), st.sampled_from([0, 30]))
    anchors = st.builds(dt.datetime.combine, ends | days, hours.map(lambda at: at.replace(fold=1)))
    unit = draw(st.sampled_from(list(UNITS)))
    return Terms(
        zone=draw(st.sampled_from(ZONES)),
        unit=unit,
        count=draw(st.integers(1, 4 if unit == "year" else 12)),
        anchors=tuple(draw(st.lists(anchors, min_size=8, max_size=16))),
    )


def begins(anchor: dt.datetime, zone: ZoneInfo, unit: str, count: int) -> dt.datetime:
    """When a period begins: the wall clock moves on, and what the clocks skip moves forward."""
    if count == 0:
        return anchor
    wall = anchor.astimezone(zone).replace(tzinfo=None) + relativedelta(**{unit: count})
    local = wall.replace(tzinfo=zone, fold=1)
    exists: dt.datetime = resolve_imaginary(local)
    return exists.astimezone(dt.UTC)


FIRST = tuple(
    dt.datetime(*day, hour, 30, fold=1)
    for day in ((2027, 1, 31), (2028, 2, 29), (2027, 3, 28), (2027, 10, 31))
    for hour in (0, 2, 9)
)


@settings(max_examples=8)
@example(Terms("Europe/Berlin", "month", 1, FIRST))
@example(Terms("Europe/Berlin", "year", 1, FIRST))
@example(Terms("America/New_York", "week", 1, FIRST))
@given(terms())
def test_periods_of_ten_years_begin_as_they_do_elsewhere(db: Database, given: Terms) -> None:
    zone = ZoneInfo(given.zone)
    local = [resolve_imaginary(at.replace(tzinfo=zone)) for at in given.anchors]
    anchors = [at.astimezone(dt.UTC) for at in local]
    asked = (given.zone, given.unit, given.count, anchors, given.numbers)
    ours = [moment for (moment,) in db.rows(PERIODS, *asked)]
    assert ours == [
        begins(anchor, zone, UNITS[given.unit], given.count * n)
        for anchor in anchors
        for n in given.numbers
    ]
