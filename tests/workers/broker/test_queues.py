"""What a queue promises: made when it may be, read at once, in order, emptied, and waited for."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import dramatiq
import psycopg
import pytest
from dramatiq import Worker

from tests.harness.database import Database
from tests.harness.waiting import wait_until
from tests.workers.broker.conftest import MakeBroker
from tests.workers.broker.programs import Programs
from workers.broker import PgmqBroker

Send = Callable[..., Any]


def test_a_queue_and_its_dead_letters_are_made(db: Database, send: Send) -> None:
    send("note", "x")
    assert db.rows("select queue_name from pgmq.meta where queue_name ~ '^work' order by 1") == [
        ("work",),
        ("work_dead",),
    ]
    ((options,),) = db.rows("select reloptions from pg_class where relname = 'q_work'")
    assert "fillfactor=70" in str(options)


def test_a_login_that_may_not_make_a_queue_is_told_so(
    db: Database, make_broker: MakeBroker
) -> None:
    db.connection.execute("create role guest login password 'guest'")
    try:
        broker = make_broker(
            conninfo=psycopg.conninfo.make_conninfo(db.dsn, user="guest", password="guest")
        )
        broker.declare_queue("closed")
        with pytest.raises(dramatiq.errors.QueueNotFound, match=r"closed.*may not be made"):
            broker.enqueue(dramatiq.Message("closed", "note", (), {}, {}))
    finally:
        db.connection.execute("drop role guest")


@pytest.mark.parametrize("name", ["", "a b", "x;drop", "a" * 60, 'a"b'])
def test_names_that_pgmq_cannot_hold_are_refused(broker: PgmqBroker, name: str) -> None:
    with pytest.raises(ValueError, match="is no queue name"):
        broker.declare_queue(name)


def test_a_queue_that_was_not_declared_is_not_found(broker: PgmqBroker) -> None:
    message: dramatiq.Message[Any] = dramatiq.Message("nowhere", "note", (), {}, {})
    for ask in (
        lambda: broker.enqueue(message),
        lambda: broker.consume("nowhere"),
        lambda: broker.flush("nowhere"),
        lambda: broker.join("nowhere"),
    ):
        with pytest.raises(dramatiq.errors.QueueNotFound):
            ask()


def test_there_is_one_fetch_loop_for_many_queues(db: Database, make_broker: MakeBroker) -> None:
    broker = make_broker()
    names = [f"queue_{letter}" for letter in "abcdef"]
    for name in names:
        broker.declare_queue(name)
    worker = Worker(broker, worker_threads=1)
    worker.start()
    try:
        wait_until(lambda: len(broker_connections(db)) == 3)
        time.sleep(0.3)
        assert broker_connections(db) == {
            "broker fetch": 1,
            "broker listen": 1,
            "broker settle": 1,
        }
    finally:
        worker.stop()
    broker.close()
    wait_until(lambda: broker_connections(db) == {})


def test_a_notification_wakes_the_worker(db: Database, programs: Programs, send: Send) -> None:
    programs.start(poll=3600)
    for number in range(20):
        send("note", f"job {number}")
        wait_until(lambda key=f"job {number}": programs.happened(key) == ["done"])  # type: ignore[misc]
    assert len(programs.happened()) == 20


def test_polling_finds_what_nobody_announced(db: Database, programs: Programs, send: Send) -> None:
    programs.start(poll=0.5)
    send("note", "announced")
    wait_until(lambda: programs.happened("announced") == ["done"])
    db.rows(
        "insert into pgmq.q_work (vt, message) select clock_timestamp(),"
        ' \'{"queue_name": "work", "actor_name": "note", "args": ["silent"],'
        ' "kwargs": {}, "options": {}, "message_id": "1", "message_timestamp": 1}\''
        " returning msg_id"
    )
    wait_until(lambda: programs.happened("silent") == ["done"])


def test_a_message_that_is_rolled_back_is_never_read(
    db: Database, programs: Programs, send: Send
) -> None:
    programs.start(poll=0.1)
    send("note", "kept")
    with psycopg.connect(db.dsn) as connection:
        connection.execute("select pgmq.send('work', '{\"x\": 1}')")
        connection.rollback()
    wait_until(lambda: programs.happened("kept") == ["done"])
    assert db.rows("select count(*) from pgmq.q_work_dead") == [(0,)]


def test_a_message_committed_late_is_read_too(db: Database, programs: Programs, send: Send) -> None:
    """Its due time lies before those of messages that were read long ago."""
    programs.start(poll=0.2)
    template = (
        '{"queue_name": "work", "actor_name": "note", "args": ["late"],'
        ' "kwargs": {}, "options": {}, "message_id": "1", "message_timestamp": 1}'
    )
    with psycopg.connect(db.dsn) as connection:
        connection.execute("select pgmq.send('work', %s::jsonb)", (template,))
        for number in range(5):
            time.sleep(0.3)
            send("note", f"job {number}")
        wait_until(lambda: len(programs.happened()) == 5)
        connection.commit()
    wait_until(lambda: programs.happened("late") == ["done"])


def test_the_longest_due_comes_first(db: Database, programs: Programs, send: Send) -> None:
    for number in range(30):
        send("note", f"{number:02}")
    programs.start(threads=1)
    wait_until(lambda: len(programs.happened()) == 30)
    assert [key for (key,) in db.rows("select key from happened order by id")] == [
        f"{number:02}" for number in range(30)
    ]


def test_acknowledged_messages_can_be_archived(db: Database, make_broker: MakeBroker) -> None:
    broker = make_broker(keeps_archive=True)
    broker.declare_queue("work")
    sent = broker.enqueue(dramatiq.Message("work", "note", ("x",), {}, {}))
    consumer = broker.consume("work", timeout=120_000)
    message = next(consumer)
    assert message is not None
    consumer.ack(message)
    wait_until(lambda: broker.count("work") == 0)
    ((archived, read_ct),) = db.rows("select message, read_ct from pgmq.a_work")
    assert isinstance(archived, dict)
    assert (archived["message_id"], read_ct) == (sent.message_id, 1)


def test_requeued_messages_are_free_at_once(make_broker: MakeBroker) -> None:
    one, other = make_broker(), make_broker()
    for broker in (one, other):
        broker.declare_queue("work")
    one.enqueue(dramatiq.Message("work", "note", ("x",), {}, {}))
    consumer = one.consume("work", timeout=120_000)
    message = next(consumer)
    assert message is not None
    one.pause(["work"])
    consumer.requeue([message])
    again = next(other.consume("work", timeout=120_000))
    assert again is not None
    assert again.message_id == message.message_id


def test_flush_empties_a_queue_and_its_dead_letters(db: Database, broker: PgmqBroker) -> None:
    for name in ("work", "other"):
        broker.declare_queue(name)
        broker.enqueue(dramatiq.Message(name, "note", ("x",), {}, {}), delay=60_000)
        db.rows("select pgmq.send(%s, '{}')", f"{name}_dead")
    broker.flush("work")
    assert (broker.count("work"), broker.count("other")) == (0, 1)
    broker.flush_all()
    assert broker.count("other") == 0
    assert db.rows("select from pgmq.q_work_dead union all select from pgmq.q_other_dead") == []


def test_join_waits_until_a_queue_is_empty_or_the_time_is_over(broker: PgmqBroker) -> None:
    broker.declare_queue("work")
    broker.join("work", timeout=1000)
    broker.enqueue(dramatiq.Message("work", "note", ("x",), {}, {}), delay=60_000)
    with pytest.raises(dramatiq.errors.QueueJoinTimeout):
        broker.join("work", timeout=200)


@pytest.mark.parametrize(
    "value", ["a\0b", "a\ud800b", float("nan"), "🙂", 1.5, 2**80, None, {"a": [1]}]
)
def test_arguments_come_as_they_went(broker: PgmqBroker, value: object) -> None:
    broker.declare_queue("work")
    broker.enqueue(dramatiq.Message("work", "note", (value,), {"name": value}, {}))
    message = next(broker.consume("work", timeout=120_000))
    assert message is not None
    assert repr(message.args) == repr((value,))
    assert repr(message.kwargs) == repr({"name": value})


def test_a_queue_that_is_gone_stops_no_other(db: Database, programs: Programs, send: Send) -> None:
    program = programs.start(poll=0.2)
    send("elsewhere", "there", queue="other")
    send("note", "here")
    wait_until(lambda: len(programs.happened()) == 2)
    db.rows("select pgmq.drop_queue('other')")
    time.sleep(0.5)
    send("note", "still here")
    wait_until(lambda: programs.happened("still here") == ["done"])
    assert program.is_running


def broker_connections(db: Database) -> dict[str, int]:
    rows = db.rows(
        "select application_name, count(*)::integer from pg_stat_activity"
        " where datname = current_database() and application_name like 'broker %' group by 1"
    )
    return {str(name): int(str(count)) for name, count in rows}
