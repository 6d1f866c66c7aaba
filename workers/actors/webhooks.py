"""Publishes messages of the domains as events, which webhooks and the feed tell others of."""

from __future__ import annotations

from collections.abc import Sequence

from psycopg.types.json import Jsonb

from workers.actors.database import Database
from workers.actors.notifications import Announcement
from workers.broker import Item, PgmqBroker, batch_actor

BATCH = 100  # messages that are published in one transaction
EARLY_SECONDS = 0.1  # until a message is read again that must wait for an earlier one


def declare(broker: PgmqBroker, database: Database) -> None:
    """Declare the actor."""

    def publish_events(items: Sequence[Item[Announcement]]) -> None:
        """Write the events and a delivery for each endpoint that asks for them."""
        messages = [
            {
                "message_id": item.message.message_id,
                "number": item.message.lease.msg_id,
                "topic": item.arguments.topic,
                "payload": item.arguments.payload,
            }
            for item in items
        ]
        early = database.call("select integrations.publish(%s)", Jsonb(messages))
        for item in items:
            if item.message.message_id in early:
                item.put_back(seconds=EARLY_SECONDS)

    batch_actor(
        publish_events, broker=broker, takes=Announcement, size=BATCH, queue_name="webhooks"
    )
