"""Dramatiq on pgmq. It is independent of Frontdesk; docs/broker.md shows how to use it anywhere."""

from workers.broker.batches import Item, batch_actor
from workers.broker.broker import PgmqBroker
from workers.broker.leased import LeasedMessage

__all__ = ["Item", "LeasedMessage", "PgmqBroker", "batch_actor"]
