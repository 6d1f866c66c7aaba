"""Dramatiq on pgmq. It is independent of Frontdesk; docs/broker.md shows how to use it anywhere."""

from workers.broker.broker import PgmqBroker
from workers.broker.leased import LeasedMessage

__all__ = ["LeasedMessage", "PgmqBroker"]
