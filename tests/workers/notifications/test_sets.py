"""Deliveries are started together, each is sent while it is ours, and what was sent is recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, cast

import psycopg
import pytest
from psycopg_pool import ConnectionPool

from tests.harness.database import Database as Db
from tests.workers.notifications.running import deliveries, statuses
from tests.workers.notifications.test_catalogue import BOOK, PLAN, PLAYS, TOWN, play, told
from workers.actors import deliveries as actor
from workers.actors.database import Database
from workers.actors.deliveries import LONGEST_SECONDS, Courier, Task
from workers.actors.sending import Outbox
from workers.broker import Item
from workers.providers.from_settings import Providers
from workers.providers.mail import Mail
from workers.providers.sent import Sent


class Held:
    """A message as the broker hands it out. `is_ours` says whether its lease is still valid."""

    def __init__(self, *, is_ours: bool = True) -> None:
        self.is_ours = is_ours
        self.again: list[float] = []

    def may_act(self) -> bool:
        return self.is_ours

    def again_in(self, delay: float) -> None:
        self.again.append(delay)


class Post:
    """A mailer that keeps its mails and does something with each."""

    def __init__(self, does: Callable[[int], None] = lambda _number: None) -> None:
        self.mails: list[Mail] = []
        self.mail = self
        self._does = does

    def send(self, mail: Mail) -> Sent:
        self.mails.append(mail)
        self._does(len(self.mails))
        return Sent(f"id {len(self.mails)}")


@pytest.fixture
def pool(db: Db) -> Iterator[ConnectionPool]:
    with ConnectionPool(db.dsn, min_size=1, max_size=2, kwargs={"autocommit": True}) as opened:
        yield opened


def courier(pool: ConnectionPool, post: Post) -> Courier:
    outbox = Outbox(
        cast(Providers, post), "mail@example.com", "https://example.com/u/", "https://example.com"
    )
    return Courier(Database(pool), outbox, {"mail": "smtp"})


def items(db: Db, *, is_ours: Callable[[int], bool] = lambda _n: True) -> list[Item[Task]]:
    """The messages of all deliveries, in the order in which they were written."""
    rows = db.rows(
        "select id::text from engagement.notification_deliveries order by created_at, id"
    )
    return [
        Item(cast(Any, Held(is_ours=is_ours(number))), Task(str(row[0])))
        for number, row in enumerate(rows)
    ]


def test_what_is_sent_is_recorded_once(db: Db, pool: ConnectionPool) -> None:
    deliveries(db.dsn, "mail", 20)
    post = Post()
    for _ in range(2):
        courier(pool, post).deliver(items(db))
    assert len(post.mails) == 20
    assert statuses(db.dsn) == {"sent": 20}
    assert db.rows(
        "select count(distinct provider_id) from engagement.notification_deliveries"
    ) == [(20,)]


def test_a_worker_that_was_frozen_past_its_lease_sends_nothing_more(
    db: Db, pool: ConnectionPool
) -> None:
    deliveries(db.dsn, "mail", 6)
    post = Post()
    courier(pool, post).deliver(items(db, is_ours=lambda number: number < 2))
    assert len(post.mails) == 2
    assert statuses(db.dsn) == {"sent": 2, "queued": 4}


def test_an_error_in_the_middle_loses_no_record_of_what_was_sent(
    db: Db, pool: ConnectionPool
) -> None:
    def fail_at_third(number: int) -> None:
        if number == 3:
            raise RuntimeError("Out of memory.")

    deliveries(db.dsn, "mail", 5)
    with pytest.raises(RuntimeError):
        courier(pool, Post(fail_at_third)).deliver(items(db))
    assert statuses(db.dsn) == {"sent": 2, "queued": 3}


def test_others_get_the_rest_when_a_provider_is_slow(
    db: Db, pool: ConnectionPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    monkeypatch.setattr(actor.time, "monotonic", lambda: now[0])

    def take_long(number: int) -> None:
        now[0] += LONGEST_SECONDS

    deliveries(db.dsn, "mail", 5)
    post, batch = Post(take_long), items(db)
    courier(pool, post).deliver(batch)
    assert len(post.mails) == 2
    assert sum(cast(Any, item.message).again == [0.0] for item in batch) == 3
    assert statuses(db.dsn) == {"sent": 2, "queued": 3}


def test_a_delivery_that_somebody_is_changing_is_made_a_little_later(
    db: Db, pool: ConnectionPool
) -> None:
    deliveries(db.dsn, "mail", 3)
    batch, post = items(db), Post()
    with psycopg.connect(db.dsn) as other:
        other.execute(
            "select 1 from engagement.notification_deliveries where id = %s for update",
            (batch[1].arguments.delivery_id,),
        )
        courier(pool, post).deliver(batch)
    assert [bool(cast(Any, item.message).again) for item in batch] == [False, True, False]
    assert statuses(db.dsn) == {"sent": 2, "queued": 1}
    courier(pool, post).deliver(items(db))
    assert len(post.mails) == 3


def test_a_message_about_a_booking_that_somebody_is_changing_is_planned_a_little_later(
    db: Db,
) -> None:
    play(db, TOWN, BOOK.format("Cut"))
    with psycopg.connect(db.dsn) as other:
        other.execute("select 1 from scheduling.bookings for update")
        ((plan,),) = db.rows(PLAN.split(";", 2)[1])
        assert plan["in_app"] == [] and len(plan["busy"]) == 1
        assert told(db, "booking.confirmed") == []
    ((plan,),) = db.rows(PLAN.split(";", 2)[1])
    assert plan["busy"] == [] and told(db, "booking.confirmed") != []


def test_many_messages_are_planned_together_and_each_as_if_alone(db: Db) -> None:
    play(db, TOWN, PLAYS["booking.moved"], PLAN)
    together = {event: told(db, event) for event in ("booking.confirmed", "booking.moved")}
    db.connection.execute("delete from engagement.notification_deliveries")
    one = (
        "select engagement.plan(jsonb_build_array(jsonb_build_object("
        "'message_id', message -> 'message_id', 'topic', message -> 'kwargs' -> 'topic',"
        "'payload', message -> 'kwargs' -> 'payload'))) from pgmq.q_notifications"
    )
    play(db, "select tests.at('2031-05-01 08:00Z')", one)
    assert {event: told(db, event) for event in together} == together
    assert all(together.values())
