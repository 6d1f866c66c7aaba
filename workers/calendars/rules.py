"""Repeat rules on a clock without a zone, as programs write them."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator

from dateutil.rrule import rrule, rrulestr

from workers.calendars.unreadable import Skipped

BAD_RULE = "Its repeat rule cannot be read."
PARTS = frozenset(
    (
        *("FREQ", "COUNT", "INTERVAL", "WKST", "BYSETPOS", "BYMONTH", "BYMONTHDAY", "BYYEARDAY"),
        *("BYWEEKNO", "BYDAY", "BYHOUR", "BYMINUTE", "BYSECOND"),
    )
)


def rule_of(
    text: str, start: datetime.datetime, until_of: Callable[[str], datetime.datetime]
) -> rrule:
    """Return a rule that begins at `start`. `until_of` reads UNTIL as a time on the same clock.

    Raises:
        Skipped: it cannot be read.
    """
    parts = _parts(text)
    until = until_of(parts["UNTIL"]) if "UNTIL" in parts else None
    plain = ";".join(f"{name}={value}" for name, value in parts.items() if name in PARTS)
    try:
        rule = rrulestr(plain, dtstart=start)
        return rule.replace(until=until) if until else rule
    except (ValueError, TypeError, KeyError, AttributeError):
        raise Skipped(BAD_RULE) from None


def _parts(text: str) -> dict[str, str]:
    """The parts by name, without those that are empty or that programs have added.

    Raises:
        Skipped: the rule is of another calendar, or has no end that a computer reaches.
    """
    parts = dict(_pairs(text))
    if parts.get("RSCALE", "GREGORIAN") != "GREGORIAN" or parts.get("SKIP", "OMIT") != "OMIT":
        raise Skipped("Its repeat rule is of a calendar that we do not know.")
    if not parts.get("INTERVAL", "1").strip("0"):
        raise Skipped(BAD_RULE)
    if parts.get("COUNT", "1").startswith("-"):  # some programs write -1 for no end
        del parts["COUNT"]
    return parts


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    for part in "".join(text.upper().split()).split(";"):
        name, _, value = part.partition("=")
        if value:
            yield name, value
