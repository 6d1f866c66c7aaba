"""Brokers in this process, and worker programs in others, on a database of the test's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import dramatiq
import pytest

from tests.harness.database import Database
from tests.workers.broker.programs import Programs
from workers.broker import PgmqBroker

MakeBroker = Callable[..., PgmqBroker]


@pytest.fixture
def make_broker(db: Database) -> Iterator[MakeBroker]:
    """Brokers that are closed in the end; the last one is Dramatiq's."""
    with ExitStack() as opened:

        def make(**options: Any) -> PgmqBroker:
            broker = PgmqBroker(options.pop("conninfo", db.dsn), **options)
            opened.callback(broker.close)
            dramatiq.set_broker(broker)
            return broker

        yield make


@pytest.fixture
def broker(make_broker: MakeBroker) -> PgmqBroker:
    """A broker as it comes."""
    return make_broker()


@pytest.fixture
def programs(db: Database, tmp_path: Path) -> Iterator[Programs]:
    """Starts worker programs."""
    with Programs(db, tmp_path) as started:
        yield started


@pytest.fixture
def send(make_broker: MakeBroker) -> Callable[..., dramatiq.Message[Any]]:
    """Sends messages to actors of app.py, without importing it."""
    broker = make_broker()

    def sent(
        actor: str, *args: object, delay: int | None = None, queue: str = "work"
    ) -> dramatiq.Message[Any]:
        broker.declare_queue(queue)
        message: dramatiq.Message[Any] = dramatiq.Message(
            queue_name=queue, actor_name=actor, args=args, kwargs={}, options={}
        )
        return broker.enqueue(message, delay=delay)

    return sent
