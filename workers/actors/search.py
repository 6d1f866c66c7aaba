"""Counts what is recommended, deletes what is left over, and writes what things mean."""

from __future__ import annotations

from typing import Any

import dramatiq
from psycopg.types.json import Jsonb

from workers.actors.database import Database
from workers.providers.meaning.protocol import Embedder

BATCH = 50  # texts; a model reads some hundred in a second


def declare(broker: dramatiq.Broker, database: Database, embedder: Embedder | None) -> None:
    """Declare the actors. Without a model nothing is embedded."""

    def count_sales(topic: str, payload: dict[str, Any]) -> None:
        """Count what is popular and what is bought together."""
        database.call("select search.count_sales()")

    def keep_search(topic: str, payload: dict[str, Any]) -> None:
        """Delete entries and words that are left over, and count sales if nothing is counted."""
        database.call("select search.keep_house()")

    def embed_entries(topic: str, payload: dict[str, Any]) -> None:
        """Write the vectors of entries that changed or, on a tick, of all that have none."""
        if embedder is None:
            return
        while due := database.call(
            "select search.texts_to_embed(%s, %s, %s)", embedder.model, payload.get("ids"), BATCH
        ):
            vectors = embedder.embed([each.pop("text") for each in due])
            named = [{**each, "vector": vector} for each, vector in zip(due, vectors, strict=True)]
            stored = database.call(
                "select search.store_vectors(%s, %s)", embedder.model, Jsonb(named)
            )
            if not stored:
                break

    for actor in (count_sales, keep_search):
        dramatiq.actor(broker=broker, queue_name="housekeeping", max_retries=3)(actor)
    dramatiq.actor(broker=broker, queue_name="meaning", max_retries=3)(embed_entries)
