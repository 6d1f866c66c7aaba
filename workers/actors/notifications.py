"""Notifications: planning who is told of an event, and making one delivery at a time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dramatiq
from dramatiq.middleware import CurrentMessage
from psycopg.types.json import Jsonb

from workers.actors.database import Database
from workers.actors.rendering import render
from workers.actors.retrying import PATIENCE, later
from workers.actors.sending import Outbox
from workers.providers.failures import DeadAddress, Refused, TryLater

CHANNELS = ("mail", "sms", "push", "in_app")


def declare(
    broker: dramatiq.Broker, database: Database, outbox: Outbox, names: Mapping[str, str]
) -> None:
    """Declare the actors. `names` has the provider of each channel."""

    def notify(topic: str, payload: dict[str, Any]) -> None:
        """Plan the deliveries for an event."""
        message = CurrentMessage.get_current_message()
        if message is None:
            raise RuntimeError("notify runs only in a worker.")
        database.call(
            "select engagement.plan(%s, %s, %s)", message.message_id, topic, Jsonb(payload)
        )

    def deliver(delivery_id: str) -> None:
        """Make one delivery. Its idempotency key is stored before the provider is called."""
        job = database.call("select engagement.start_delivery(%s)", delivery_id)
        if job is None:
            return
        rendered = render(job)
        if job["channel"] == "in_app":
            database.call(
                "select engagement.finish_in_app(%s, %s, %s)",
                delivery_id,
                rendered.title,
                rendered.text,
            )
            return
        provider = names[job["channel"]]
        try:
            sent = outbox.send(job, rendered)
        except TryLater as error:
            raise later(error) from error
        except Refused as error:
            is_dead = isinstance(error, DeadAddress)
            _fail(database, delivery_id, provider, error.reason, is_dead=is_dead)
            raise
        database.call(
            "select engagement.finish_delivery(%s, %s, %s)", delivery_id, provider, sent.provider_id
        )

    def give_up(message: dict[str, Any], retries: dict[str, Any]) -> None:
        """Record that every attempt at a delivery has failed."""
        delivery_id = message["kwargs"]["delivery_id"]
        reason = f"{retries['retries'] + 1} attempts have failed."
        _fail(database, delivery_id, None, reason, is_dead=False)

    for queue in ("reminders", *CHANNELS):
        broker.declare_queue(queue)
    dramatiq.actor(broker=broker, queue_name="notifications")(notify)
    dramatiq.actor(broker=broker, queue_name="notifications")(give_up)
    dramatiq.actor(
        broker=broker,
        queue_name="mail",
        throws=(Refused,),
        on_retry_exhausted="give_up",
        **PATIENCE,
    )(deliver)


def _fail(
    database: Database, delivery_id: str, provider: str | None, reason: str, *, is_dead: bool
) -> None:
    database.call(
        "select engagement.fail_delivery(%s, %s, %s, %s)", delivery_id, provider, reason, is_dead
    )
