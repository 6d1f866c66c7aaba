"""Notifications: planning who is told of events, and showing what is told in the app."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from psycopg.types.json import Jsonb

from workers.actors.database import Database
from workers.actors.rendering import render
from workers.broker import Item, PgmqBroker, batch_actor

BATCH = 64  # messages that are planned in one transaction
BUSY_SECONDS = 0.2  # until a message is read again whose row somebody was changing


@dataclass(frozen=True)
class Announcement:
    """The arguments of a message: what has happened, and to which row."""

    topic: str
    payload: dict[str, Any]


def declare(broker: PgmqBroker, database: Database) -> None:
    """Declare the actor."""

    def notify(items: Sequence[Item[Announcement]]) -> None:
        """Plan the deliveries for events, and make those in the app."""
        with database.transaction() as transaction:
            plan = transaction.call("select engagement.plan(%s)", Jsonb(_messages(items)))
            if plan["in_app"]:
                transaction.call(
                    "select engagement.show_in_app(%s)",
                    Jsonb([_shown(job) for job in plan["in_app"]]),
                )
        for item in items:
            if item.message.message_id in plan["busy"]:
                item.put_back(seconds=BUSY_SECONDS)

    broker.declare_queue("reminders")
    batch_actor(notify, broker=broker, takes=Announcement, size=BATCH, queue_name="notifications")


def _messages(items: Sequence[Item[Announcement]]) -> list[dict[str, Any]]:
    return [
        {
            "message_id": item.message.message_id,
            "topic": item.arguments.topic,
            "payload": item.arguments.payload,
        }
        for item in items
    ]


def _shown(job: dict[str, Any]) -> dict[str, str]:
    rendered = render(job)
    return {"id": job["id"], "title": rendered.title, "body": rendered.text}
