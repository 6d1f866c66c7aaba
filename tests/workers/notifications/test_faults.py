"""Workers die, the database restarts, providers misbehave: every delivery is made, once."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from cli.schema.scratch import scratch_cluster
from tests.harness.database import Database, declared_database
from tests.harness.simulators.base import Answer
from tests.harness.simulators.remote import RemoteSimulator, remote
from tests.harness.simulators.twilio import ACCOUNT_SID, AUTH_TOKEN, TwilioSimulator
from tests.harness.waiting import wait_until
from tests.workers.notifications.running import deliveries, queue, statuses, workers


@pytest.fixture
def twilio() -> Iterator[RemoteSimulator]:
    with remote("twilio") as simulator:
        yield simulator


def texting(simulator: RemoteSimulator, **more: Any) -> dict[str, Any]:
    """Settings with Twilio for texts."""
    choice = {"provider": "twilio", "account_sid": ACCOUNT_SID, "auth_token": AUTH_TOKEN}
    return {"sms": {**choice, "sender": "+15005550006", "url": simulator.url}, **more}


def is_settled(dsn: str) -> bool:
    """Nothing is queued, in no table and no queue."""
    try:
        state = queue(dsn, "sms")
        return not (
            statuses(dsn).get("queued", 0) or state["ready"] or state["delayed"] or state["running"]
        )
    except psycopg.OperationalError:
        return False


def wait_until_sent(dsn: str, count: int) -> None:
    """Wait until so many are sent."""
    wait_until(lambda: statuses(dsn).get("sent", 0) >= count)


def keys_of(dsn: str) -> set[str]:
    """The idempotency keys of everything that was sent, as the database has them."""
    with psycopg.connect(dsn) as connection:
        rows = connection.execute("select idempotency_key from private.effects").fetchall()
    return {key for (key,) in rows}


def send_while_workers_are_killed(
    db: Database, twilio: RemoteSimulator, log: Path, *, jobs: int, every: int = 100
) -> None:
    """Send texts with two workers, and kill one of them after every so many."""
    # Said before anybody dies: what was taken from a worker that died is not refused afterwards.
    no, busy = TwilioSimulator().refusal(), TwilioSimulator().busy(seconds=1)
    twilio.answer_next(*[no, busy, Answer(500, {})] * 5)
    deliveries(db.dsn, "sms", jobs)
    dice = random.Random(7)
    with workers(db.dsn, log, texting(twilio), count=2) as processes:
        for sent in range(every, jobs, every):
            wait_until_sent(db.dsn, sent)
            processes.kill(dice.choice(processes.running))
            processes.start()
        wait_until(lambda: is_settled(db.dsn))
    # By the provider's own count: it was asked for each delivery under one key, and no other.
    done = statuses(db.dsn)
    assert done == {"sent": jobs - 5, "failed": 5}
    assert len(twilio.keys) == done["sent"], "another key for the same delivery, or a lost one"
    assert set(twilio.keys) <= keys_of(db.dsn)
    assert queue(db.dsn, "sms")["dead"] == 5, "dead only where it said no"


def test_killed_workers_send_everything_once(
    db: Database, twilio: RemoteSimulator, tmp_path: Path
) -> None:
    send_while_workers_are_killed(db, twilio, tmp_path / "log", jobs=500)


def test_a_restarted_database_loses_and_doubles_nothing(
    twilio: RemoteSimulator, tmp_path: Path
) -> None:
    with scratch_cluster() as cluster:
        dsn = declared_database(cluster, "declared")
        deliveries(dsn, "sms", 500)
        with workers(dsn, tmp_path / "log", texting(twilio), count=2):
            for sent in (100, 200, 300):
                wait_until_sent(dsn, sent)
                cluster.stop()
                cluster.start()
            wait_until(lambda: is_settled(dsn))
        assert statuses(dsn) == {"sent": 500}
        assert set(twilio.keys) == keys_of(dsn)
        assert queue(dsn, "sms")["dead"] == 0


@pytest.mark.parametrize(
    "answer",
    [
        Answer(500, {}),
        Answer(429, {}, {"Retry-After": "1"}),
        Answer(drop=True),
        Answer(hang=600),
    ],
    ids=["500", "429", "drop", "hang"],
)
def test_a_provider_that_fails_is_asked_again(
    db: Database, twilio: RemoteSimulator, tmp_path: Path, answer: Answer
) -> None:
    twilio.answer_next(answer)
    deliveries(db.dsn, "sms", 1)
    with workers(db.dsn, tmp_path / "log", texting(twilio, read_seconds=5)):
        wait_until(lambda: statuses(db.dsn) == {"sent": 1})
    assert len(twilio.keys) == 1
    assert db.rows("select attempts from engagement.notification_deliveries") == [(2,)]


def test_a_provider_that_hangs_holds_up_nobody_else(
    db: Database, twilio: RemoteSimulator, tmp_path: Path
) -> None:
    twilio.answer_next(*[Answer(hang=60)] * 40)
    deliveries(db.dsn, "sms", 40)
    with (
        remote("smtp") as server,
        workers(db.dsn, tmp_path / "log", texting(twilio, read_seconds=50), smtp_url=server.url),
    ):
        wait_until(lambda: queue(db.dsn, "sms")["running"] == 4)
        deliveries(db.dsn, "mail", 100)
        wait_until(lambda: statuses(db.dsn, "mail") == {"sent": 100})
        assert statuses(db.dsn, "sms") == {"queued": 40}
        assert len(server.keys) == 100


def test_a_number_that_a_provider_calls_dead_gets_no_more_texts(
    db: Database, twilio: RemoteSimulator, tmp_path: Path
) -> None:
    db.connection.execute("select tests.person('customer')")
    twilio.answer_next(TwilioSimulator().dead_address())
    deliveries(db.dsn, "sms", 1)
    db.connection.execute(
        "update engagement.notification_deliveries set user_id = tests.id('customer')"
    )
    with workers(db.dsn, tmp_path / "log", texting(twilio)):
        wait_until(lambda: statuses(db.dsn) == {"bounced": 1})
        wait_until(lambda: queue(db.dsn, "sms")["dead"] == 1)
    assert db.rows(
        "select event, channel::text, is_enabled from identity.notification_preferences"
    ) == [("*", "sms", False)]
    ((error, reason),) = db.rows(
        "select headers ->> 'error', headers ->> 'reason' from private.dead_letters('sms', 10)"
    )
    assert error == "DeadAddress"
    assert reason


def test_a_replayed_dead_letter_is_sent_with_the_same_key(
    db: Database, twilio: RemoteSimulator, tmp_path: Path
) -> None:
    twilio.answer_next(TwilioSimulator().refusal())
    deliveries(db.dsn, "sms", 1)
    with workers(db.dsn, tmp_path / "log", texting(twilio)):
        wait_until(lambda: queue(db.dsn, "sms")["dead"] == 1)
        key = keys_of(db.dsn)
        db.connection.execute("select private.replay_dead_letters('sms')")
        wait_until(lambda: statuses(db.dsn) == {"sent": 1})
    assert set(twilio.keys) == key


def test_a_committed_delivery_is_sent_although_everything_dies_right_after(
    twilio: RemoteSimulator, tmp_path: Path
) -> None:
    with scratch_cluster() as cluster:
        dsn = declared_database(cluster, "declared")
        with workers(dsn, tmp_path / "log", texting(twilio)):
            deliveries(dsn, "sms", 1)
        cluster.stop()
        cluster.start()
        with workers(dsn, tmp_path / "log", texting(twilio)):
            wait_until(lambda: statuses(dsn) == {"sent": 1})
        assert len(twilio.keys) == 1
