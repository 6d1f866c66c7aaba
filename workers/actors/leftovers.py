"""Deletes the bytes of files to which no row refers any more."""

from __future__ import annotations

from typing import Any

import dramatiq
import structlog

from workers.actors.database import Database
from workers.providers.blobs.protocol import Blobs, Failed, discard

BATCH = 100

logger = structlog.get_logger("leftovers")


def declare(broker: dramatiq.Broker, database: Database, blobs: Blobs | None) -> None:
    """Declare the actor. Without a place for bytes, Supabase's own Storage collects its own."""

    def collect_leftovers(topic: str, payload: dict[str, Any]) -> None:
        """Delete what is due. What cannot be deleted now is tried again some minutes later."""
        if blobs is None:
            return
        doomed = [""] * BATCH
        while len(doomed) == BATCH:
            doomed = database.call("select array(select storage.doom_leftovers(%s))", BATCH)
            gone = [version for version in doomed if _is_gone(blobs, version)]
            database.call("select storage.forget_leftovers(%s)", gone)

    dramatiq.actor(broker=broker, queue_name="housekeeping", max_retries=3)(collect_leftovers)


def _is_gone(blobs: Blobs, version: str) -> bool:
    try:
        discard(blobs, version)
    except Failed as failure:
        logger.warning("leftover_stays", version=version, reason=str(failure))
        return False
    return True
