"""Recurrence rules mean what they mean elsewhere."""

from __future__ import annotations

import datetime as dt
from typing import Any

from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.harness.database import Database

UNFOLDED = """
    select scheduling.occurrences(scheduling.to_recurrence(%s, 'UTC'), %s, 'UTC')
"""
REACH = dt.timedelta(days=3660)
WEEKDAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
Draw = Any


@st.composite
def rules(draw: Draw) -> str:
    """A rule of every kind that is read."""
    frequency = draw(st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]))
    parts = [f"FREQ={frequency}", f"INTERVAL={draw(st.integers(1, 4))}"]
    if draw(st.booleans()):
        # All with ordinals or none: of a mixture the other implementation makes an `and`.
        has_ordinals = frequency in ("MONTHLY", "YEARLY") and draw(st.booleans())
        ordinals = st.sampled_from(["1", "2", "5", "-1", "-2"] if has_ordinals else [""])
        days = draw(st.lists(st.sampled_from(WEEKDAYS), min_size=1, max_size=3, unique=True))
        parts.append("BYDAY=" + ",".join(draw(ordinals) + day for day in days))
    if frequency != "WEEKLY" and draw(st.booleans()):
        found = st.integers(-31, 31).filter(bool)
        days = draw(st.lists(found, min_size=1, max_size=4, unique=True))
        parts.append("BYMONTHDAY=" + ",".join(str(day) for day in days))
    end = draw(st.sampled_from(["COUNT", "UNTIL"]))
    parts.append("COUNT=" + str(draw(st.integers(1, 60))) if end == "COUNT" else "UNTIL=20320615")
    return ";".join(parts)


@settings(max_examples=80)
@given(rule=rules(), first=st.dates(dt.date(2030, 1, 1), dt.date(2032, 6, 1)))
def test_a_rule_unfolds_as_it_does_elsewhere(db: Database, rule: str, first: dt.date) -> None:
    at = dt.datetime.combine(first, dt.time(9, 30))
    ours = [moment for (moment,) in db.rows(UNFOLDED, rule, at)]
    # An UNTIL that is a date includes all of it.
    theirs = rrulestr(rule.replace("UNTIL=20320615", "UNTIL=20320615T235959"), dtstart=at)
    expected = []
    for moment in theirs:
        if moment > at + REACH or len(expected) == 367:
            break
        expected.append(moment)
    assert ours == expected
