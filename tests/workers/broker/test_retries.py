"""A retry is the same message, later; what failed for good says why among the dead letters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.harness.database import Database
from tests.harness.waiting import wait_until
from tests.workers.broker.programs import Programs

Send = Callable[..., Any]


def test_after_the_last_try_it_is_a_dead_letter(
    db: Database, programs: Programs, send: Send
) -> None:
    programs.start(poll=0.1)
    sent = send("fail", "job", "No such mailbox.")
    wait_until(lambda: db.rows("select 1 from pgmq.q_work_dead") != [])
    ((message, headers),) = db.rows("select message, headers from pgmq.q_work_dead")
    assert isinstance(message, dict)
    assert isinstance(headers, dict)
    assert programs.happened("job") == ["tried"] * 3
    assert headers.pop("dead_at").startswith("20")
    assert headers == {
        "reason": "No such mailbox.",
        "error": "ValueError",
        "attempts": 3,
        "queue": "work",
    }
    assert (message["message_id"], message["args"]) == (
        sent.message_id,
        ["job", "No such mailbox."],
    )
    assert db.rows("select 1 from pgmq.q_work") == []


def test_a_retry_is_one_row_all_the_time(db: Database, programs: Programs, send: Send) -> None:
    programs.start(poll=0.1)
    send("fail_once", "job")
    seen: set[tuple[object, ...]] = set()

    def is_over() -> bool:
        rows = db.rows("select msg_id from pgmq.q_work")
        seen.add(tuple(rows))
        return rows == []

    wait_until(is_over)
    assert seen == {((1,),), ()}
    assert programs.happened("job") == ["tried", "tried"]


def test_a_worker_killed_between_tries_neither_loses_nor_doubles(
    db: Database, programs: Programs, send: Send
) -> None:
    first = programs.start(lease=3, poll=0.1)
    for number in range(20):
        send("fail_once", f"job {number}")
    wait_until(lambda: len(programs.happened()) >= 10)
    first.kill()
    programs.start(lease=3, poll=0.1)
    wait_until(lambda: db.rows("select 1 from pgmq.q_work") == [])
    assert db.rows("select 1 from pgmq.q_work_dead") == []
    for number in range(20):
        # A try that the kill cut off is the only one that may come on top.
        assert len(programs.happened(f"job {number}")) in (2, 3)


def test_urgent_messages_overtake_idle_ones(db: Database, programs: Programs, send: Send) -> None:
    """Among what a worker has prefetched, by the actors' priority; the lower, the sooner."""
    for number in range(3):
        send("idle", f"idle {number}")
    for number in range(3):
        send("urgent", f"urgent {number}")
    send("hold", "block")
    db.rows("update pgmq.q_work set vt = vt - interval '1 s' where msg_id = 7 returning 1")
    programs.start(threads=1, prefetch=20)
    wait_until(lambda: db.rows("select 1 from pgmq.q_work where read_ct = 0") == [])
    wait_until(lambda: programs.happened("block") == ["began"])
    programs.let_go("block")
    wait_until(lambda: db.rows("select 1 from pgmq.q_work") == [])
    order = [str(key).split()[0] for (key,) in db.rows("select key from happened order by id")]
    assert order == ["block", "block"] + ["urgent"] * 3 + ["idle"] * 3
