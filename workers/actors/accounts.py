"""The messages of sign-in: codes, links, and notices of changes.

Their secrets are written into the message and nowhere else.
"""

from __future__ import annotations

from typing import Any

import dramatiq
from dramatiq.middleware import CurrentMessage
from psycopg.types.json import Jsonb

from workers.actors.database import Database
from workers.actors.rendering import render
from workers.actors.retrying import PATIENCE, later
from workers.actors.sending import Outbox
from workers.providers.failures import Refused, TryLater

CHANNELS = {"auth.mail": "mail", "auth.sms": "sms"}


def declare(broker: dramatiq.Broker, database: Database, outbox: Outbox) -> None:
    """Declare the actor."""

    def send_account_message(topic: str, payload: dict[str, Any]) -> None:
        """Send one message. Its idempotency key is stored before the provider is called."""
        message = CurrentMessage.get_current_message()
        if message is None:
            raise RuntimeError("send_account_message runs only in a worker.")
        job = database.call(
            "select engagement.start_account_message(%s, %s, %s)",
            message.message_id,
            CHANNELS[topic],
            Jsonb(payload),
        )
        if job is None:
            return
        try:
            sent = outbox.send(job, render(job))
        except TryLater as error:
            raise later(error) from error
        database.call(
            "select private.finish_effect(%s, 'send', %s)",
            message.message_id,
            Jsonb({"provider_id": sent.provider_id}),
        )

    dramatiq.actor(broker=broker, queue_name="mail", throws=(Refused,), **PATIENCE)(
        send_account_message
    )
