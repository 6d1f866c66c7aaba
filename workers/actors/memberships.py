"""Memberships: renews, charges and reminds what is due, and records what has ended.

Tells customers of points that expire.
"""

from __future__ import annotations

from typing import Any

import dramatiq

from workers.actors.database import Database

QUEUE = "memberships"
BATCH = 500


def declare(broker: dramatiq.Broker, database: Database) -> None:
    """Make the actor of this domain known to the broker."""

    def renew_memberships(topic: str, payload: dict[str, Any]) -> None:
        """Do everything that is due; each batch is a transaction, so others can help."""
        del topic, payload
        while database.call("select memberships.run_due(%s)", BATCH):
            pass

    def tell_of_expiring_points(topic: str, payload: dict[str, Any]) -> None:
        """Tell customers of points that expire soon, batch by batch."""
        del topic, payload
        while database.call("select loyalty.tell_of_expiring(%s)", BATCH):
            pass

    for actor in (renew_memberships, tell_of_expiring_points):
        dramatiq.actor(broker=broker, queue_name=QUEUE, max_retries=3)(actor)
