"""Dramatiq's fixtures, with PgmqBroker in the place of its stub and its Redis broker."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import dramatiq
import psycopg
import pytest
from dramatiq import Worker
from dramatiq.broker import Consumer, MessageProxy
from psycopg_pool import ConnectionPool

from tests.harness.session import DatabaseSession
from workers.broker import PgmqBroker, names
from workers.broker.__main__ import install
from workers.broker.rate_limits import PostgresRateLimits
from workers.broker.results import PostgresResults


class _Queue:
    """A queue as the stub broker shows it: bytes in, bytes out."""

    def __init__(self, broker: SuiteBroker, name: str) -> None:
        self._broker, self._name = broker, name

    def put(self, encoded: bytes) -> None:
        self._broker.enqueue(dramatiq.Message.decode(encoded))

    def get(self, timeout: float) -> bytes:
        with psycopg.connect(self._broker.conninfo) as connection:
            (text,) = connection.execute(
                psycopg.sql.SQL("delete from {} returning message::text").format(
                    names.table(self._name)
                )
            ).fetchone()  # type: ignore[misc]
            return str(text).encode()


class SuiteBroker(PgmqBroker):
    """What the tests of a stub broker look at beside the queues: exceptions and dead letters."""

    def __init__(self, conninfo: str) -> None:
        self.conninfo = conninfo
        self.failures: defaultdict[str, list[BaseException]] = defaultdict(list)
        super().__init__(conninfo, lease_seconds=10, poll_seconds=0.2)

    def declare_queue(self, queue_name: str) -> None:
        super().declare_queue(queue_name)
        self.queues[queue_name] = _Queue(self, queue_name)

    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = 100) -> Consumer:
        consumer = super().consume(queue_name, prefetch, timeout)
        nack = consumer.nack

        def noted(message: MessageProxy) -> None:
            if message._exception:
                self.failures[queue_name].append(message._exception)
            nack(message)

        consumer.nack = noted  # type: ignore[method-assign]
        return consumer

    def join(self, queue_name: str, *, timeout: int | None = None, fail_fast: bool = True) -> None:
        super().join(queue_name, timeout=timeout)
        failures = self.failures.pop(queue_name, [])
        for error in failures if fail_fast else ():
            raise error

    @property
    def dead_letters(self) -> list[Any]:
        found = []
        with psycopg.connect(self.conninfo) as connection:
            for name in self.queues:
                rows = connection.execute(
                    psycopg.sql.SQL("select message::text from {}").format(
                        names.table(names.dead_name(name))
                    )
                ).fetchall()
                found += [dramatiq.Message.decode(text.encode()) for (text,) in rows]
        return found


@pytest.fixture(autouse=True)
def slow_motion(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The suite's times suit a stub in memory on an idle machine; here they are longer.

    A moment of less than a second lasts five times as long, half a second at least, and the clock
    goes as slowly. Two that leave a barrier within 10 ms may do so within half a second.
    """

    def sleep(seconds: float) -> None:
        time.sleep(seconds if seconds >= 1 else max(5 * seconds, 0.5))

    if hasattr(request.module, "time"):
        slower = 50 if request.module.__name__.endswith("test_barrier") else 5
        clock = SimpleNamespace(sleep=sleep, monotonic=lambda: time.monotonic() / slower)
        monkeypatch.setattr(request.module, "time", clock)


@pytest.fixture(scope="session")
def suite_dsn(databases: DatabaseSession) -> Iterator[str]:
    """One database for them all: what a test leaves behind is flushed."""
    with databases.clone() as database:
        install(database.dsn)
        yield database.dsn


@pytest.fixture
def stub_broker(suite_dsn: str) -> Iterator[SuiteBroker]:
    broker = SuiteBroker(suite_dsn)
    broker.emit_after("process_boot")
    dramatiq.set_broker(broker)
    yield broker
    broker.flush_all()
    broker.emit_before("process_stop")
    broker.close()


@pytest.fixture
def stub_worker(stub_broker: SuiteBroker) -> Iterator[Worker]:
    worker = Worker(stub_broker, worker_timeout=100, worker_threads=32)
    worker.start()
    yield worker
    worker.stop()


@pytest.fixture
def pool(suite_dsn: str) -> Iterator[ConnectionPool]:
    with ConnectionPool(suite_dsn, min_size=1, max_size=20, kwargs={"autocommit": True}) as pool:
        yield pool
        with pool.connection() as connection:
            connection.execute("truncate dramatiq.results, dramatiq.rate_limits")


@pytest.fixture
def result_backend(pool: ConnectionPool) -> PostgresResults:
    return PostgresResults(pool)


@pytest.fixture
def redis_result_backend(result_backend: PostgresResults) -> PostgresResults:
    return result_backend


@pytest.fixture
def rate_limiter_backend(pool: ConnectionPool) -> PostgresRateLimits:
    return PostgresRateLimits(pool)
