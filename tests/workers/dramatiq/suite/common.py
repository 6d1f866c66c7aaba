"""What Dramatiq's tests import from their own common.py: written for our broker, not copied."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pika
import pytest
from dramatiq import Broker, Worker

from tests.harness.waiting import wait_until

RABBITMQ_CREDENTIALS = pika.PlainCredentials("guest", "guest")
skip_on_pypy = pytest.mark.skipif("False", reason="Not on PyPy.")
skip_on_windows = pytest.mark.skipif("False", reason="Not on Windows.")


class _Patient(Worker):
    """The first message is not done before the last one is here, as in a stub without a network."""

    def resume(self) -> None:
        for consumer in self.consumers.values():
            consumer.resume()
        waiting = sum(self.broker.count(name) for name in self.broker.queues)
        wait_until(lambda: self.work_queue.qsize() >= waiting)
        super().resume()


@contextmanager
def worker(broker: Broker, *, worker_timeout: int = 100, **options: Any) -> Iterator[Worker]:
    """A worker that is stopped in the end."""
    running = _Patient(broker, worker_timeout=worker_timeout, **options)
    running.start()
    try:
        yield running
    finally:
        running.stop()
