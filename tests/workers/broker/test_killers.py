"""A message that kills its worker counts its attempts all the same, and ends as a dead letter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import dramatiq
import pytest
from dramatiq import Worker

from tests.harness.database import Database
from tests.harness.waiting import wait_until
from tests.workers.broker.conftest import MakeBroker
from tests.workers.broker.programs import Programs
from workers.broker import PgmqBroker

Send = Callable[..., Any]


def letters(db: Database) -> list[tuple[object, ...]]:
    return db.rows(
        "select message ->> 'actor_name', headers ->> 'error', headers -> 'attempts',"
        " headers ->> 'reason' from pgmq.q_work_dead"
    )


def run_until(programs: Programs, is_over: Callable[[], bool], **settings: Any) -> None:
    """Start a worker whenever the last one has died, as a supervisor does."""
    for _ in range(10):
        program = programs.start(lease=1, poll=0.2, waits=False, **settings)
        wait_until(lambda: is_over() or not programs.started[-1].is_running)
        if is_over():
            return
        program.kill()
    raise AssertionError("It goes on for ever.")


def test_a_message_that_kills_its_process_is_a_dead_letter_after_its_last_retry(
    db: Database, programs: Programs, send: Send
) -> None:
    send("kill_the_process", "killer")
    run_until(programs, lambda: letters(db) != [])
    ((actor, error, attempts, reason),) = letters(db)
    assert (actor, error, attempts) == ("kill_the_process", "WorkerLost", 3)
    assert str(reason).startswith("Attempt 3 never ended: its worker ran out of memory")
    assert programs.happened("killer") == ["began"] * 3
    assert db.rows("select 1 from pgmq.q_work") == []


def test_one_attempt_means_one_even_if_it_ends_in_a_crash(
    db: Database, programs: Programs, send: Send
) -> None:
    send("kill_the_process_once", "killer")
    run_until(programs, lambda: letters(db) != [])
    assert programs.happened("killer") == ["began"]


def test_the_neighbours_of_a_killer_are_done(db: Database, programs: Programs, send: Send) -> None:
    send("kill_the_process", "killer")
    for number in range(10):
        send("note", f"waiting {number}")
    run_until(programs, lambda: db.rows("select 1 from pgmq.q_work") == [], threads=1, prefetch=20)
    assert [actor for actor, *_ in letters(db)] == ["kill_the_process"]
    assert programs.happened("killer") == ["began"] * 3
    for number in range(10):
        assert programs.happened(f"waiting {number}") == ["done"]


@pytest.mark.parametrize("headers", ["null", "7", "[]", '{"attempts": "many"}', '{"x": 1}'])
def test_headers_of_senders_do_not_disturb_the_count(
    db: Database, broker: PgmqBroker, headers: str
) -> None:
    broker.declare_queue("work")
    broker.enqueue(dramatiq.Message("work", "note", ("x",), {}, {}))
    db.rows("update pgmq.q_work set headers = %s::jsonb returning 1", headers)
    message = next(broker.consume("work", timeout=120_000))
    assert message is not None
    assert message.begin()  # type: ignore[attr-defined]
    assert db.rows("select headers -> 'attempts' from pgmq.q_work") == [(1,)]


def test_a_prefetched_message_loses_one_attempt_at_most(
    db: Database, programs: Programs, send: Send
) -> None:
    """Its attempts are recorded since its first reader vanished, and none has begun since."""
    send("note", "innocent")
    db.rows(
        'update pgmq.q_work set read_ct = 9, headers = \'{"attempts": 1, "reads": 2}\','
        ' message = message || \'{"options": {"retries": 1, "max_retries": 1}}\' returning 1'
    )
    programs.start()
    wait_until(lambda: db.rows("select 1 from pgmq.q_work") == [])
    assert letters(db) == []
    assert programs.happened("innocent") == ["done"]


def test_a_single_attempt_is_never_presumed(db: Database, programs: Programs, send: Send) -> None:
    send("kill_the_process_once", "prefetched")
    db.rows("update pgmq.q_work set read_ct = 1 returning 1")
    run_until(programs, lambda: letters(db) != [])
    assert programs.happened("prefetched") == ["began"]


def test_without_retries_a_lost_attempt_is_the_last(db: Database, make_broker: MakeBroker) -> None:
    broker = make_broker(middleware=[])

    @dramatiq.actor(broker=broker, queue_name="work")
    def note() -> None:
        raise AssertionError("It ran again.")

    note.send()
    db.rows("update pgmq.q_work set headers = '{\"attempts\": 1}' returning 1")
    worker = Worker(broker, worker_threads=1)
    worker.start()
    try:
        wait_until(lambda: letters(db) != [])
    finally:
        worker.stop()
    assert [error for _, error, *_ in letters(db)] == ["WorkerLost"]
