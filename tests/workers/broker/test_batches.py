"""An actor gets many messages at once, and each message keeps its own end."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain
from typing import Any

import dramatiq
import pytest
from dramatiq import Worker

from tests.harness.database import Database
from tests.harness.waiting import wait_until
from tests.workers.broker.conftest import MakeBroker
from tests.workers.broker.programs import Programs
from workers.broker import Item, LeasedMessage, PgmqBroker, batch_actor
from workers.broker import waiting as waiting_module
from workers.broker.leased import History, Lease
from workers.broker.waiting import BATCH_SECONDS, Waiting

SIZE = 16
SOON = {"min_backoff": 1, "max_backoff": 2}

Handle = Callable[[Sequence[Item["Word"]]], None]
Keys = list[list[str]]


@dataclass(frozen=True)
class Word:
    """The arguments of a message."""

    key: str


@dataclass
class Workplace:
    """A worker in this process. What it is sent waits until `go`, so that it forms one batch."""

    broker: PgmqBroker
    batches: Keys

    def send(self, key: str, **options: Any) -> None:
        """Send a message to the actor of batches."""
        self.broker.enqueue(
            dramatiq.Message(
                queue_name="work", actor_name="take", args=(), kwargs={"key": key}, options=options
            )
        )

    def go(self, *keys: str) -> None:
        """Send these messages too, and read them all at once."""
        self.broker.pause(["work"])
        for key in keys:
            self.send(key)
        assert self.broker._fetcher is not None
        (inbox,) = self.broker._fetcher._open_inboxes()
        inbox.waiting.batch = SIZE
        self.broker.pause([])


@pytest.fixture
def employ(make_broker: MakeBroker) -> Iterator[Callable[..., Workplace]]:
    """Starts a worker with an actor of batches, which notes its batches and then does `then`."""
    with ExitStack() as opened:

        def make(then: Handle = lambda _items: None, **options: Any) -> Workplace:
            broker = make_broker(poll_seconds=0.2)
            batches: Keys = []

            def take(items: Sequence[Item[Word]]) -> None:
                batches.append([item.arguments.key for item in items])
                then(items)

            batch_actor(
                take,
                broker=broker,
                takes=Word,
                size=SIZE,
                **{"queue_name": "work", **SOON, **options},
            )
            worker = Worker(broker, worker_threads=2, worker_timeout=100)
            worker.start()
            opened.callback(worker.stop)
            wait_until(lambda: broker._fetcher is not None and bool(broker._fetcher._inboxes))
            return Workplace(broker, batches)

        yield make


def is_empty(db: Database) -> bool:
    return db.rows("select 1 from pgmq.q_work") == []


def letters(db: Database) -> list[tuple[object, ...]]:
    return db.rows(
        "select message -> 'kwargs' ->> 'key', headers ->> 'error' from pgmq.q_work_dead order by 1"
    )


def test_a_batch_has_the_messages_that_are_there(db: Database, employ: Any) -> None:
    place = employ()
    place.go("a", "b", "c")
    wait_until(lambda: is_empty(db))
    assert place.batches == [["a", "b", "c"]]


def test_one_message_does_not_wait_for_others(db: Database, employ: Any) -> None:
    place = employ()
    place.go("alone")
    wait_until(lambda: is_empty(db))
    assert place.batches == [["alone"]]


def test_a_message_that_fails_is_a_dead_letter_alone(db: Database, employ: Any) -> None:
    def then(items: Sequence[Item[Word]]) -> None:
        for item in items:
            if item.arguments.key in ("a", "c"):
                item.fail(ValueError("No."))

    place = employ(then, max_retries=0)
    place.go("a", "b", "c")
    wait_until(lambda: is_empty(db))
    assert letters(db) == [("a", "ValueError"), ("c", "ValueError")]
    assert place.batches == [["a", "b", "c"]]


def test_an_error_of_the_whole_batch_is_found_message_by_message(db: Database, employ: Any) -> None:
    def then(items: Sequence[Item[Word]]) -> None:
        if any(item.arguments.key == "bad" for item in items):
            raise ValueError("One of them is bad.")

    place = employ(then, max_retries=0)
    place.go("a", "bad", "c")
    wait_until(lambda: is_empty(db))
    assert place.batches == [["a", "bad", "c"], ["a"], ["bad"], ["c"]]
    assert letters(db) == [("bad", "ValueError")]


def test_a_message_is_retried_alone_with_attempts_of_its_own(db: Database, employ: Any) -> None:
    retries: list[int] = []

    def then(items: Sequence[Item[Word]]) -> None:
        for item in items:
            if item.arguments.key == "b":
                retries.append(item.message.failures())
                item.fail(ValueError("Not yet."))

    place = employ(then, max_retries=2)
    place.go("a", "b", "c")
    wait_until(lambda: letters(db) == [("b", "ValueError")])
    assert place.batches == [["a", "b", "c"], ["b"], ["b"]]
    assert retries == [0, 1, 2]


def test_a_message_that_is_put_back_comes_again_and_that_is_no_attempt(
    db: Database, employ: Any
) -> None:
    seen: list[int] = []

    def then(items: Sequence[Item[Word]]) -> None:
        for item in items:
            if item.arguments.key in ("a", "b"):
                seen.append(item.message.failures())
                if len(seen) < 5:
                    item.put_back()

    place = employ(then, max_retries=0)
    place.go("a", "b", "c")
    wait_until(lambda: is_empty(db))
    assert seen == [0] * len(seen) and len(seen) >= 5
    assert place.batches[0] == ["a", "b", "c"] and "c" not in chain(*place.batches[1:])
    assert letters(db) == []


def test_a_message_that_failed_before_goes_alone(db: Database, employ: Any) -> None:
    place = employ()
    place.broker.pause(["work"])
    place.send("retried", retries=1)
    place.go("a", "b")
    wait_until(lambda: is_empty(db))
    assert sorted(place.batches) == [["a", "b"], ["retried"]]


def test_a_message_with_wrong_arguments_fails_no_other(db: Database, employ: Any) -> None:
    place = employ()
    place.broker.pause(["work"])
    place.broker.enqueue(
        dramatiq.Message(queue_name="work", actor_name="take", args=(), kwargs={}, options={})
    )
    place.go("a", "b")
    wait_until(lambda: is_empty(db))
    assert sorted(chain(*place.batches)) == ["a", "b"]
    assert letters(db) == [(None, "WrongArguments")]


def test_messages_of_other_actors_are_not_part_of_it(db: Database, employ: Any) -> None:
    place = employ()
    done = threading.Event()
    dramatiq.actor(actor_name="other", broker=place.broker, queue_name="work")(lambda: done.set())
    place.broker.pause(["work"])
    place.send("a")
    place.broker.enqueue(
        dramatiq.Message(queue_name="work", actor_name="other", args=(), kwargs={}, options={})
    )
    place.go("b")
    wait_until(lambda: is_empty(db))
    assert place.batches == [["a", "b"]] and done.is_set()


def test_a_batch_that_kills_its_process_ends_only_the_killer(
    db: Database, programs: Programs, make_broker: MakeBroker
) -> None:
    broker = make_broker()
    broker.declare_queue("work")
    for key in ("a", "killer", "b"):
        broker.enqueue(
            dramatiq.Message(
                queue_name="work", actor_name="together", args=(), kwargs={"key": key}, options={}
            )
        )
    for _ in range(10):
        program = programs.start(lease=1, poll=0.2, waits=False, batch=SIZE)
        wait_until(lambda: is_empty(db) or not programs.started[-1].is_running)
        if is_empty(db):
            break
        program.kill()
    assert letters(db) == [("killer", "WorkerLost")]
    for key in ("a", "b"):
        assert programs.happened(key)[-1] == "done"


def message(key: str) -> LeasedMessage:
    """A message as it was read from the queue."""
    sent: dramatiq.Message[Any] = dramatiq.Message(
        queue_name="work", actor_name="take", args=(), kwargs={"key": key}, options={}
    )
    registry: Any = None
    return LeasedMessage(sent, Lease("work", 1, 1), registry, until=0.0, history=History())


def keys(first: LeasedMessage | None) -> list[str]:
    """The keys of a batch."""
    return [each.kwargs["key"] for each in (first, *first.companions)] if first else []


def test_the_next_batch_gathers_messages_while_one_is_out() -> None:
    waiting = Waiting(2, lambda _actor: True)
    waiting.batch = 3
    waiting.put([message("a")])
    assert keys(waiting.get(0)) == ["a"]
    waiting.put([message("b"), message("c")])
    assert waiting.get(0) is None
    waiting.leave([])
    assert keys(waiting.get(0)) == ["b", "c"]


def test_a_full_batch_does_not_wait_for_the_one_that_is_out() -> None:
    waiting = Waiting(2, lambda _actor: True)
    waiting.batch = 2
    waiting.put([message("a")])
    waiting.get(0)
    waiting.put([message("b"), message("c")])
    assert keys(waiting.get(0)) == ["b", "c"]


def test_a_batch_that_takes_long_holds_up_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(waiting_module.time, "monotonic", lambda: now[0])
    waiting = Waiting(2, lambda _actor: True)
    waiting.batch = 9
    waiting.put([message("a")])
    waiting.get(0)
    waiting.put([message("b")])
    assert not waiting._may_begin()
    now[0] = BATCH_SECONDS
    assert waiting._may_begin()


def test_batches_are_as_large_as_the_pace_allows() -> None:
    waiting = Waiting(1, lambda _actor: True)
    waiting.expect(1, 0.001, SIZE)
    assert waiting.batch == 2, "at most twice as many as before"
    for _ in range(9):
        waiting.expect(waiting.batch, 0.001, SIZE)
    assert waiting.batch == SIZE
    waiting.expect(SIZE, 16 * BATCH_SECONDS, SIZE)
    assert waiting.batch == 1, "as many as take that long at the last pace"
