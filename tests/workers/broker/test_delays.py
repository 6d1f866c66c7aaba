"""When a message is due says the database's clock, whatever the workers' clocks say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.harness.database import Database
from tests.harness.waiting import wait_until
from tests.workers.broker.programs import Programs

Send = Callable[..., Any]


def seconds_until(db: Database, key: str, nth: int, since: str = "asked") -> float:
    """How long after the first thing that happened to a key the nth happened."""
    ((seconds,),) = db.rows(
        "select extract(epoch from (select at from public.happened where key = %s"
        " order by id offset %s limit 1) - (select at from public.happened where key = %s"
        " order by id limit 1))::float",
        key,
        nth,
        key if since == "first" else since,
    )
    assert isinstance(seconds, float)
    return seconds


def ask(db: Database) -> None:
    db.rows("insert into public.happened (key, what, pid) values ('asked', '', 0) returning id")


@pytest.mark.parametrize("clock", [-3600, 3600])
def test_a_delay_is_neither_early_nor_late(
    db: Database, programs: Programs, send: Send, clock: int
) -> None:
    programs.start(clock=clock, poll=0.2)
    ask(db)
    send("note", "later", delay=2000)
    wait_until(lambda: programs.happened("later") == ["done"])
    # Far less than the hour by which the clocks are wrong.
    assert 2.0 <= seconds_until(db, "later", 0) < 1800


@pytest.mark.parametrize("clock", [-3600, 3600])
def test_a_retry_waits_as_long_as_it_should(
    db: Database, programs: Programs, send: Send, clock: int
) -> None:
    programs.start(clock=clock, poll=0.2)
    send("fail_once", "job")
    wait_until(lambda: programs.happened("job") == ["tried", "tried"])
    # Dramatiq's jitter makes at least half of the back-off.
    assert 1.0 <= seconds_until(db, "job", 1, since="first") < 1800


def test_two_workers_an_hour_apart_do_each_once(
    db: Database, programs: Programs, send: Send
) -> None:
    for clock in (-3600, 3600):
        programs.start(clock=clock, lease=2, poll=0.1)
    for number in range(100):
        send("note", f"job {number}", delay=number * 10)
    wait_until(lambda: db.rows("select 1 from pgmq.q_work") == [])
    assert len(programs.happened()) == 100


def test_a_message_that_sql_writes_is_read_as_it_is(
    db: Database, programs: Programs, send: Send
) -> None:
    programs.start()
    db.rows(
        """
        select pgmq.send('work', jsonb_build_object(
            'queue_name', 'work', 'actor_name', 'note', 'args', jsonb_build_array('from sql'),
            'kwargs', '{}'::jsonb, 'options', '{}'::jsonb, 'message_id', gen_random_uuid(),
            'message_timestamp', (extract(epoch from now()) * 1000)::bigint
        ))
        """
    )
    wait_until(lambda: programs.happened("from sql") == ["done"])


def test_messages_due_tomorrow_do_not_hold_up_those_due_now(
    db: Database, programs: Programs, send: Send
) -> None:
    for number in range(100):
        send("note", f"tomorrow {number}", delay=86_400_000)
    programs.start(threads=1)
    send("note", "now")
    left = "select count(*), max(read_ct) from pgmq.q_work"
    wait_until(lambda: db.rows(left) == [(100, 0)])
    assert programs.happened("now") == programs.happened() == ["done"]
