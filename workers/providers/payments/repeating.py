"""What adapters share to find the effect of an earlier attempt."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from workers.providers.payments.shapes import Effect

# Where our key stands in a provider's metadata or notes.
MARK = "frontdesk_key"
# Clocks differ, so a search begins before the first attempt.
ALLOWANCE = timedelta(minutes=10)
# Seconds before an unanswered call is repeated where looking comes first: the lost request may
# still be on its way.
SETTLING = 60.0

Found = TypeVar("Found")


def search_from(effect: Effect) -> int:
    """Return where a search for the effect begins, as a Unix time."""
    return int((effect.began_at - ALLOWANCE).timestamp())


def is_older(effect: Effect, *, hours: float) -> bool:
    """Whether the first attempt was longer ago."""
    return datetime.now(UTC) - effect.began_at > timedelta(hours=hours)


def first(found: Iterable[Found]) -> Found | None:
    """Return the first, if there is one."""
    return next(iter(found), None)


def moment(seconds: float) -> datetime:
    """Return a Unix time as a moment."""
    return datetime.fromtimestamp(seconds, UTC)
