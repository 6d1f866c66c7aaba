"""A message is somebody's for a while: who dies loses it, who was frozen cannot settle it."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import dramatiq
import psycopg
import pytest
from dramatiq.broker import MessageProxy

from tests.harness.database import Database
from tests.harness.waiting import wait_until
from tests.workers.broker.conftest import MakeBroker
from tests.workers.broker.programs import Programs
from workers.broker import PgmqBroker, statements

Send = Callable[..., Any]


# Statements that lock several messages at once, and what they need besides the leases.
SEVERAL: dict[str, dict[str, float]] = {
    "extend": {"lease": 60.0},
    "release": {},
    "delete": {},
    "archive": {},
}


def waiting(db: Database, queue: str = "work") -> int:
    return int(str(db.rows(f"select count(*) from pgmq.q_{queue}")[0][0]))


def enqueue(broker: PgmqBroker) -> dramatiq.Message[Any]:
    return broker.enqueue(
        dramatiq.Message(queue_name="work", actor_name="note", args=("x",), kwargs={}, options={})
    )


def read(broker: PgmqBroker, queue: str = "work") -> MessageProxy:
    message = next(broker.consume(queue, timeout=120_000))
    assert message is not None
    return message


def test_a_long_job_keeps_its_message(db: Database, programs: Programs, send: Send) -> None:
    programs.start(lease=4, poll=0.2)
    programs.start(lease=4, poll=0.2)
    send("hold", "long")
    wait_until(lambda: programs.happened("long") == ["began"])
    ((first_end,),) = db.rows("select vt from pgmq.q_work")
    wait_until(lambda: db.rows("select clock_timestamp() > %s", first_end) == [(True,)])
    programs.let_go("long")
    wait_until(lambda: waiting(db) == 0)
    assert programs.happened("long") == ["began", "done"]


def test_a_killed_workers_message_goes_to_another(
    db: Database, programs: Programs, send: Send
) -> None:
    first = programs.start(lease=4)
    send("hold", "job")
    wait_until(lambda: programs.happened("job") == ["began"])
    first.kill()
    programs.let_go("job")
    programs.start(lease=4)
    wait_until(lambda: waiting(db) == 0)
    assert programs.happened("job") == ["began", "began", "done"]


def test_a_frozen_worker_knows_that_it_is_too_late(
    db: Database, programs: Programs, send: Send
) -> None:
    frozen = programs.start(lease=4, poll=0.2)
    send("careful", "job")
    wait_until(lambda: programs.happened("job") == ["began"])
    frozen.signal_all(signal.SIGSTOP)
    programs.let_go("job")
    programs.start(lease=60, poll=0.2)
    wait_until(lambda: "done" in programs.happened("job"))
    frozen.signal_all(signal.SIGCONT)
    wait_until(lambda: "too late" in programs.happened("job"))
    assert programs.happened("job") == ["began", "began", "done", "too late"]
    wait_until(lambda: waiting(db) == 0)


def test_a_frozen_worker_does_not_run_what_it_had_prefetched(
    db: Database, programs: Programs, send: Send
) -> None:
    frozen = programs.start(threads=1, lease=4, poll=0.2)
    send("hold", "first")
    wait_until(lambda: programs.happened("first") == ["began"])
    send("note", "prefetched")
    wait_until(lambda: db.rows("select 1 from pgmq.q_work where read_ct > 0 offset 1") != [])
    frozen.signal_all(signal.SIGSTOP)
    programs.let_go("first")
    programs.start(lease=60, poll=0.2)
    wait_until(lambda: waiting(db) == 0)
    frozen.signal_all(signal.SIGCONT)
    wait_until(lambda: "were done after their lease" in frozen.output)
    assert frozen.terminate() == 0
    assert programs.happened("prefetched") == ["done"]


def test_only_the_last_reader_acknowledges(make_broker: MakeBroker, db: Database) -> None:
    one, other = make_broker(lease_seconds=0.6), make_broker(lease_seconds=60)
    for broker in (one, other):
        broker.declare_queue("work")
    message = enqueue(one)
    stale = read(one)
    assert one._fetcher is not None
    one._fetcher.stop()  # nobody extends it: the process might as well be frozen
    fresh = read(other)
    assert stale.message_id == fresh.message_id == message.message_id

    one.consume("work").ack(stale)
    time.sleep(0.3)
    assert waiting(db) == 1, "a stale acknowledgement changes nothing"
    stale.fail()
    one.consume("work").nack(stale)
    time.sleep(0.3)
    assert (waiting(db), waiting(db, "work_dead")) == (1, 0), "nor does a stale failure"

    other.consume("work").ack(fresh)
    wait_until(lambda: waiting(db) == 0)


def test_a_stale_retry_does_not_come_again(make_broker: MakeBroker, db: Database) -> None:
    one, other = make_broker(lease_seconds=0.6), make_broker(lease_seconds=60)
    for broker in (one, other):
        broker.declare_queue("work")
    enqueue(one)
    stale = read(one)
    assert one._fetcher is not None
    one._fetcher.stop()
    read(other)
    stale.options["retries"] = 1
    one.enqueue(stale, delay=0)  # type: ignore[arg-type]
    one.consume("work").ack(stale)
    time.sleep(0.3)
    ((message, is_leased),) = db.rows("select message, vt > clock_timestamp() from pgmq.q_work")
    assert isinstance(message, dict)
    assert message["options"] == {}
    assert is_leased


@pytest.mark.parametrize("name", SEVERAL)
def test_statements_that_lock_several_messages_do_so_in_one_order(
    db: Database, broker: PgmqBroker, name: str
) -> None:
    broker.declare_queue("work")
    for _ in range(3):
        enqueue(broker)
    ids = [msg_id for (msg_id,) in db.rows("select msg_id from pgmq.q_work order by 1")]
    named = {"msg_ids": ids[::-1], "read_cts": [0, 0, 0], **SEVERAL[name]}
    lock = "select 1 from pgmq.q_work where msg_id = %s for update"
    with (
        psycopg.connect(db.dsn) as other,
        psycopg.connect(db.dsn) as ours,
        ThreadPoolExecutor(1) as thread,
    ):
        other.execute(lock, (ids[1],))
        running = thread.submit(ours.execute, statements.of_queue(name, "work"), named)
        wait_until(lambda: db.lock_waits() > 0)
        # It waits for the second and has the first already, so it has not the third yet.
        other.execute(lock + " nowait", (ids[2],))
        with pytest.raises(psycopg.errors.LockNotAvailable):
            other.execute(lock + " nowait", (ids[0],))
        other.rollback()
        running.result()


def test_a_deadlock_with_others_is_no_lost_database(
    db: Database, programs: Programs, send: Send
) -> None:
    program = programs.start(lease=4, poll=0.2)
    send("hold", "first")
    send("hold", "second")
    wait_until(lambda: programs.happened() == ["began", "began"])
    low, high = [msg_id for (msg_id,) in db.rows("select msg_id from pgmq.q_work order by 1")]
    lock = "select 1 from pgmq.q_work where msg_id = %s for update"
    with psycopg.connect(db.dsn) as other:
        other.execute("set deadlock_timeout = '1min'")  # let the worker be the one that gives way
        other.execute(lock, (high,))
        wait_until(lambda: db.lock_waits() > 0)
        other.execute(lock, (low,))
    for key in ("first", "second"):
        programs.let_go(key)
    wait_until(lambda: waiting(db) == 0)
    assert sorted(programs.happened()) == ["began", "began", "done", "done"]
    assert "The database is lost" not in program.output
