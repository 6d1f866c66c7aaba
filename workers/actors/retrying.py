"""How long calls of providers are retried."""

from __future__ import annotations

from typing import Any

from dramatiq.errors import Retry

from workers.providers.failures import TryLater

# Milliseconds: after 5 s, then twice as long each time, at most an hour; 13 attempts in all.
PATIENCE: dict[str, Any] = {"max_retries": 12, "min_backoff": 5_000, "max_backoff": 3_600_000}


def later(error: TryLater) -> Retry:
    """Return the retry at the time that the provider named, else after growing pauses."""
    delay = None if error.retry_after is None else int(error.retry_after * 1000)
    return Retry(error.reason, delay=delay)
