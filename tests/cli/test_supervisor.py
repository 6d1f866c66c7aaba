"""What dies starts again, and what is killed blocks nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from cli.stack.ports import free_port
from cli.stack.process import Identity
from cli.stack.state import State
from tests.harness import programs
from tests.harness.stack import LAUNCHER, RunningStack
from tests.harness.waiting import wait_until


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    with RunningStack.start(tmp_path_factory.mktemp("supervised")) as stack:
        yield stack


@pytest.mark.parametrize(
    "part",
    [
        *("worker", "scheduler", "mailbox", "edge", "gateway"),
        *("postgrest", "postgrest-reads", "postgres"),
    ],
)
def test_a_killed_part_starts_again(running: RunningStack, part: str) -> None:
    before = running.pid(part)
    assert before
    os.kill(before, signal.SIGKILL)
    wait_until(lambda: running.pid(part) not in (None, before))
    wait_until(lambda: running.endpoints.services[part]["state"] == "running")
    wait_until(lambda: running.client().get("/health/ready").status_code == 200)
    assert running.client().get("/rest/v1/currencies?limit=1").status_code == 200
    assert running.endpoints.services[part]["restarts"] == 1
    log = (running.state.logs / "supervisor.log").read_text()
    assert f"{part} was killed by signal 9; it starts again in 0.25 s" in log


def test_while_postgrest_is_down_clients_get_a_refusal_in_its_shape(running: RunningStack) -> None:
    client = running.client()
    wait_until(lambda: client.get("/rest/v1/currencies?limit=1").status_code == 200)
    pid = running.pid("postgrest-reads")
    assert pid
    with running.left_alone():
        os.kill(pid, signal.SIGKILL)
        answer = client.get("/rest/v1/currencies?limit=1")
    assert answer.status_code == 503
    assert answer.json()["details"] == "unavailable"
    assert set(answer.json()) == {"code", "message", "details", "hint"}
    assert answer.headers["retry-after"] == "1"


def test_secrets_in_an_address_are_not_logged(running: RunningStack) -> None:
    client = running.client()
    wait_until(lambda: client.get("/auth/v1/health").status_code == 200)
    pid = running.pid("edge")
    assert pid
    with running.left_alone():
        os.kill(pid, signal.SIGKILL)
        for path in (
            "/auth/v1/verify?type=magiclink&token=hush",
            "/auth/v1/confirm?type=magiclink&token=hush",
            "/functions/v1/calendar/hush.ics",
            "/functions/v1/unsubscribe?token=hush",
            "/docs?said",
        ):
            assert client.get(path).status_code == 503
    log = (running.state.logs / "gateway.log").read_text()
    assert "/docs?said" in log
    assert "hush" not in log


def test_a_killed_supervisor_leaves_nothing_that_blocks_the_next_up(folder: Path) -> None:
    running = RunningStack.start(folder / "state")
    record = running.state.record()
    assert record
    os.kill(record.supervisor.pid, signal.SIGKILL)
    again = running.cli("up", "--detach", "--port", running.port)
    assert again.returncode == 0, again.stderr
    assert not any(part.is_alive() for part in record.parts.values())
    assert running.client().get("/health/ready").status_code == 200


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the next `up` ends them")
def test_the_parts_of_a_killed_supervisor_end_by_themselves(folder: Path) -> None:
    running = RunningStack.start(folder / "state")
    record = running.state.record()
    assert record
    os.kill(record.supervisor.pid, signal.SIGKILL)
    wait_until(lambda: not any(part.is_alive() for part in record.parts.values()))


def test_a_killed_database_starts_again_although_a_query_of_it_went_on(folder: Path) -> None:
    running = RunningStack.start(folder / "state", "--no-workers")
    busy = psycopg.connect(running.endpoints.db_url)
    # It looks at nothing but its numbers, so it does not notice that the server is gone.
    busy.pgconn.send_query(b"set jit = off; select count(*) from generate_series(1, 1e11)")
    wait_until(lambda: busy.pgconn.flush() == 0)
    before = running.pid("postgres")
    assert before
    os.kill(before, signal.SIGKILL)
    wait_until(lambda: running.pid("postgres") not in (None, before))
    wait_until(lambda: running.client().get("/health/ready").status_code == 200)
    assert running.endpoints.services["postgres"]["restarts"] == 1


def test_down_ends_what_a_killed_supervisor_left_frozen(folder: Path) -> None:
    running = RunningStack.start(folder / "state", "--no-workers")
    record = running.state.record()
    assert record
    # A stopped process does not act on the signal that the kernel sends at the supervisor's end.
    frozen = record.parts["edge"]
    os.kill(frozen.pid, signal.SIGSTOP)
    os.kill(record.supervisor.pid, signal.SIGKILL)
    wait_until(lambda: not record.supervisor.is_alive())
    assert running.cli("down").returncode == 0
    assert not any(part.is_alive() for part in record.parts.values())


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="mounts a small file system")
def test_a_full_disk_ends_nothing_and_what_happened_meanwhile_is_told_later(folder: Path) -> None:
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=260m,mode=755", "tmpfs", folder], check=True
    )
    try:
        with RunningStack.start(folder / "state", "--no-workers") as running:
            before = running.pid("edge")
            assert before
            subprocess.run(
                ["dd", "if=/dev/zero", f"of={folder}/fill", "bs=1M"], stderr=subprocess.DEVNULL
            )
            with running.left_alone():
                os.kill(before, signal.SIGKILL)
                assert running.client().get("/health/live").status_code == 503
            wait_until(lambda: running.client().get("/health/live").status_code == 200)
            assert running.client().get("/rest/v1/currencies?limit=1").status_code == 200
            (folder / "fill").unlink()
            wait_until(lambda: running.pid("edge") not in (None, before))
            assert running.endpoints.services["edge"]["restarts"] == 1
    finally:
        subprocess.run(["umount", folder], check=True)


def test_control_c_stops_a_foreground_stack(folder: Path) -> None:
    command = (LAUNCHER, "up", "--state", folder / "state", "--port", str(free_port()))
    is_up = "Ctrl-C stops everything"
    with programs.running(command, ready=lambda program: is_up in program.output) as foreground:
        record = State(folder / "state").record()
        assert record
        assert record.supervisor.pid == foreground.process.pid
        assert foreground.terminate(signal.SIGINT) == 0
        assert record.endpoints.anon_key in foreground.output
    assert not any(part.is_alive() for part in record.parts.values())


def test_a_process_is_told_from_a_later_one_with_its_number() -> None:
    me = psutil.Process()
    assert Identity(me.pid, me.create_time()).is_alive()
    assert not Identity(me.pid, me.create_time() - 60).is_alive()
