"""Results of actors outlive the worker, until their time is over by the database's clock."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import dramatiq
import pytest
from dramatiq.results import ResultMissing, Results, ResultTimeout
from psycopg_pool import ConnectionPool

from tests.harness.database import Database
from tests.workers.broker.conftest import MakeBroker
from workers.broker.__main__ import install
from workers.broker.results import PostgresResults


@pytest.fixture
def pool(db: Database) -> Iterator[ConnectionPool]:
    install(db.dsn)
    with ConnectionPool(db.dsn, min_size=1, max_size=8, kwargs={"autocommit": True}) as pool:
        yield pool


@pytest.fixture
def results(pool: ConnectionPool) -> PostgresResults:
    return PostgresResults(pool)


def message(number: int = 1) -> dramatiq.Message[Any]:
    return dramatiq.Message("work", "note", (), {}, {}, message_id=str(number))


@pytest.mark.parametrize("value", [None, 0, "text \0 🙂", {"a": [1.5, None]}, [], False])
def test_a_result_comes_as_it_went(results: PostgresResults, value: object) -> None:
    results.store_result(message(), value, ttl=60_000)
    assert results.get_result(message()) == value
    assert results.get_result(message(), block=True, timeout=120_000) == value


def test_a_result_is_missing_before_it_is_stored(results: PostgresResults) -> None:
    with pytest.raises(ResultMissing):
        results.get_result(message())
    with pytest.raises(ResultTimeout):
        results.get_result(message(), block=True, timeout=100)


def test_waiting_ends_when_the_result_comes(results: PostgresResults) -> None:
    later = threading.Timer(0.3, results.store_result, (message(), "here", 60_000))
    later.start()
    assert results.get_result(message(), block=True, timeout=120_000) == "here"
    later.join()


def test_a_result_is_gone_after_its_time_to_live(db: Database, results: PostgresResults) -> None:
    results.store_result(message(1), "short", ttl=200)
    results.store_result(message(2), "long", ttl=60_000)
    time.sleep(0.3)
    with pytest.raises(ResultMissing):
        results.get_result(message(1))
    assert results.forget_expired() == 1
    assert db.rows("select count(*) from dramatiq.results") == [(1,)]
    assert results.get_result(message(2)) == "long"


def test_the_later_of_two_results_stays(results: PostgresResults) -> None:
    results.store_result(message(), "first", ttl=1)
    results.store_result(message(), "second", ttl=60_000)
    assert results.get_result(message()) == "second"


def test_results_of_two_namespaces_are_separate(pool: ConnectionPool) -> None:
    one, other = PostgresResults(pool, namespace="one"), PostgresResults(pool, namespace="other")
    one.store_result(message(), "one's", ttl=60_000)
    with pytest.raises(ResultMissing):
        other.get_result(message())


def test_an_actors_result_reaches_who_sent_it(
    make_broker: MakeBroker, results: PostgresResults
) -> None:
    broker = make_broker()
    broker.add_middleware(Results(backend=results, store_results=True))

    @dramatiq.actor(broker=broker)
    def double(number: int) -> int:
        return 2 * number

    worker = dramatiq.Worker(broker, worker_threads=1)
    worker.start()
    try:
        assert double.send(21).get_result(block=True, timeout=120_000) == 42
    finally:
        worker.stop()
