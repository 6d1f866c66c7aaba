"""Keeps the figures of days, and the months of visitors' events."""

from __future__ import annotations

from typing import Any

import dramatiq

from workers.actors.database import Database

QUEUE = "analytics"
BATCH = 1_000  # changes


def declare(broker: dramatiq.Broker, database: Database) -> None:
    """Declare the actors."""

    def refresh_days(topic: str, payload: dict[str, Any]) -> None:
        """Count again the days that changed."""
        while database.call("select insight.refresh_days(%s)", BATCH) >= BATCH:
            pass

    def note_past_days(topic: str, payload: dict[str, Any]) -> None:
        """Ask for the days that are over, and prepare the months of events."""
        database.call("select insight.note_past_days()")
        database.call("select insight.keep_event_months()")

    for actor in (refresh_days, note_past_days):
        dramatiq.actor(broker=broker, queue_name=QUEUE, max_retries=3)(actor)
