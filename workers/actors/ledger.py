"""Keeps the ledger's balances quick to read."""

from __future__ import annotations

from typing import Any

import dramatiq

from workers.actors.database import Database


def declare(broker: dramatiq.Broker, database: Database) -> None:
    """Declare the actor."""

    def write_checkpoints(topic: str, payload: dict[str, Any]) -> None:
        """Keep the balances of accounts with many entries since their last checkpoint."""
        database.call("select money.write_checkpoints()")

    dramatiq.actor(broker=broker, queue_name="housekeeping", max_retries=3)(write_checkpoints)
