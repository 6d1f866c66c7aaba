"""Keeps the ratings of reviews quick to read."""

from __future__ import annotations

from typing import Any

import dramatiq

from workers.actors.database import Database

BATCH = 1_000  # changes


def declare(broker: dramatiq.Broker, database: Database) -> None:
    """Declare the actor."""

    def fold_ratings(topic: str, payload: dict[str, Any]) -> None:
        """Fold what changed in the ratings into their totals."""
        while database.call("select reviews.fold_ratings(%s)", BATCH) == BATCH:
            pass

    dramatiq.actor(broker=broker, queue_name="housekeeping", max_retries=3)(fold_ratings)
