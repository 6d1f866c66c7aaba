"""SIGTERM: the running job ends, and what was only prefetched is everybody's again at once."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import Any

from tests.harness.database import Database
from tests.harness.waiting import wait_until
from tests.workers.broker.programs import Programs

Send = Callable[..., Any]

VISIBLE = "select count(*)::integer from pgmq.q_work where vt <= clock_timestamp()"


def test_sigterm_ends_the_job_and_gives_back_the_rest(
    db: Database, programs: Programs, send: Send
) -> None:
    program = programs.start(threads=1, prefetch=6)
    send("hold", "running")
    wait_until(lambda: programs.happened("running") == ["began"])
    for number in range(5):
        send("note", f"waiting {number}")
    wait_until(lambda: db.rows(VISIBLE) == [(0,)])

    program.process.send_signal(signal.SIGTERM)
    wait_until(lambda: db.rows(VISIBLE) == [(5,)])
    assert programs.happened("running") == ["began"], "they need not wait for the job"

    programs.let_go("running")
    assert program.process.wait(timeout=120) == 0
    assert programs.happened() == ["began", "done"]
    assert db.rows("select count(*)::integer from pgmq.q_work") == [(5,)]
    programs.start()
    wait_until(lambda: db.rows("select 1 from pgmq.q_work") == [])
    assert len(programs.happened()) == 7


def test_another_worker_has_them_while_the_first_still_works(
    db: Database, programs: Programs, send: Send
) -> None:
    first = programs.start(threads=1, prefetch=6)
    send("hold", "running")
    wait_until(lambda: programs.happened("running") == ["began"])
    send("note", "waiting")
    wait_until(lambda: db.rows(VISIBLE) == [(0,)])
    programs.start()
    first.process.send_signal(signal.SIGTERM)
    wait_until(lambda: programs.happened("waiting") == ["done"])
    assert programs.happened("running") == ["began"]
