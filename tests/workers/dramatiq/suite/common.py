"""What Dramatiq's tests import from their own common.py: written for our broker, not copied."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pika
import pytest
from dramatiq import Broker, Worker

RABBITMQ_CREDENTIALS = pika.PlainCredentials("guest", "guest")
skip_on_pypy = pytest.mark.skipif("False", reason="Not on PyPy.")
skip_on_windows = pytest.mark.skipif("False", reason="Not on Windows.")


@contextmanager
def worker(broker: Broker, *, worker_timeout: int = 100, **options: Any) -> Iterator[Worker]:
    """A worker that is stopped in the end."""
    running = Worker(broker, worker_timeout=worker_timeout, **options)
    running.start()
    try:
        yield running
    finally:
        running.stop()
