"""Dramatiq on pgmq. Nothing here knows of Frontdesk: docs/broker.md is how to use it anywhere."""

from workers.broker.broker import PgmqBroker
from workers.broker.leased import LeasedMessage

__all__ = ["LeasedMessage", "PgmqBroker"]
