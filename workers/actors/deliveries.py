"""Deliveries: many are started together, each is sent, and what was sent is recorded."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import dramatiq
from psycopg.types.json import Jsonb

from workers.actors.database import Database
from workers.actors.rendering import render
from workers.actors.retrying import PATIENCE, later
from workers.actors.sending import Outbox
from workers.broker import Item, PgmqBroker, batch_actor
from workers.providers.failures import DeadAddress, Refused, TryLater

CHANNELS = ("mail", "sms", "push")
BATCH = 32  # deliveries that are started in one transaction
RECORDED = 8  # deliveries that are recorded together: no more are sent again after a crash
BUSY_SECONDS = 0.2  # until a delivery is read again that somebody was changing
LONGEST_SECONDS = 1.0  # of a batch; when a provider is slow, other workers get the rest


@dataclass(frozen=True)
class Task:
    """The arguments of a message."""

    delivery_id: str


@dataclass(frozen=True)
class Courier:
    """Makes deliveries. `names` has the provider of each channel."""

    database: Database
    outbox: Outbox
    names: Mapping[str, str]

    def deliver(self, items: Sequence[Item[Task]]) -> None:
        """Make deliveries. Their idempotency keys are stored before the provider is called."""
        started = self.database.call(
            "select engagement.start_deliveries(%s::uuid[])",
            [item.arguments.delivery_id for item in items],
        )
        by_id = {item.arguments.delivery_id: item for item in items}
        for delivery_id in started["busy"]:
            by_id[delivery_id].put_back(seconds=BUSY_SECONDS)
        until = time.monotonic() + LONGEST_SECONDS
        sent: list[dict[str, str]] = []
        try:
            for job in started["jobs"]:
                if time.monotonic() > until:
                    by_id[job["id"]].put_back()
                    continue
                sent += self._send(job, by_id[job["id"]])
                if len(sent) >= RECORDED:
                    self._record(sent)
        finally:
            self._record(sent)

    def _send(self, job: dict[str, Any], item: Item[Task]) -> list[dict[str, str]]:
        """Send one delivery if it is still ours to send; return what to record."""
        if not item.message.may_act():
            return []
        provider = self.names[job["channel"]]
        try:
            sent = self.outbox.send(job, render(job))
        except TryLater as error:
            item.fail(later(error))
            return []
        except Refused as error:
            is_dead = isinstance(error, DeadAddress)
            self.fail(job["id"], provider, error.reason, is_dead=is_dead)
            item.fail(error)
            return []
        return [{"id": job["id"], "provider": provider, "provider_id": sent.provider_id}]

    def _record(self, sent: list[dict[str, str]]) -> None:
        """Record what was sent, and forget it."""
        if sent:
            self.database.call("select engagement.finish_deliveries(%s)", Jsonb(sent))
            sent.clear()

    def fail(self, delivery_id: str, provider: str | None, reason: str, *, is_dead: bool) -> None:
        """Record that a delivery is given up."""
        self.database.call(
            "select engagement.fail_delivery(%s, %s, %s, %s)",
            delivery_id,
            provider,
            reason,
            is_dead,
        )


def declare(broker: PgmqBroker, courier: Courier) -> None:
    """Declare the actors."""

    def give_up(message: dict[str, Any], retries: dict[str, Any]) -> None:
        """Record that every attempt at a delivery has failed."""
        reason = f"{retries['retries'] + 1} attempts have failed."
        courier.fail(message["kwargs"]["delivery_id"], None, reason, is_dead=False)

    for queue in CHANNELS:
        broker.declare_queue(queue)
    dramatiq.actor(broker=broker, queue_name="notifications")(give_up)
    batch_actor(
        courier.deliver,
        broker=broker,
        takes=Task,
        size=BATCH,
        queue_name="mail",
        throws=(Refused,),
        on_retry_exhausted="give_up",
        **PATIENCE,
    )
