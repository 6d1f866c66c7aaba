"""docs/deploying.md, played on a database that has only what Supabase has."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest

from cli.options import ROOT
from cli.stack import programs
from cli.stack.ports import free_port
from tests.harness.hosted import PUSH, Hosted, hosted
from tests.harness.programs import environment, running
from tests.harness.waiting import wait_until
from tests.sql.test_permissions import HERE as REVIEWED
from tests.sql.test_permissions import matrix

PAGE = (ROOT / "docs" / "deploying.md").read_text("utf-8")
BLOCKS = re.findall(r"```(sh|sql)\n(.*?)```", PAGE, re.DOTALL)
PASSWORDS = next(block for kind, block in BLOCKS if kind == "sql")
# Module → the variables that the page exports before it.
PROCESSES = {
    match[1]: dict(re.findall(r"export (\w+)='([^']*)'", block))
    for kind, block in BLOCKS
    if (match := re.search(r"python -m ([\w.]+)$", block.strip()))
}
QUEUES = "select sum(total), sum(ready + running + dead) from private.queue_states()"


@pytest.fixture(scope="module")
def project() -> Iterator[Hosted]:
    """A project to which the schema was pushed, by the page."""
    with hosted() as made:
        refused = made.push()
        assert refused.returncode != 0
        assert "Queues are not enabled" in refused.stderr
        made.enable_queues()
        pushed = made.push()
        assert pushed.returncode == 0, pushed.stderr
        made.execute(PASSWORDS)
        yield made


def variables(project: Hosted, module: str, **ports: int) -> dict[str, str]:
    """The variables of the page, with this project's values for the words in capitals."""
    words = {
        "DB_HOST:5432": f"127.0.0.1:{project.cluster.port}",
        "8000": str(ports.get("edge", 1)),
        "https://REF.supabase.co/rest/v1": f"http://127.0.0.1:{ports.get('rest', 1)}",
        "smtp://USER:PASSWORD@MAIL_HOST:587": "smtp+plain://127.0.0.1:9",
        "/var/lib/frontdesk/secrets.pem": str(project.cluster.log.with_name("secrets.pem")),
    }
    found = {}
    for name, value in PROCESSES[module].items():
        for word, meaning in words.items():
            value = value.replace(word, meaning)
        found[name] = value
    return found


def program(module: str) -> list[str]:
    return [sys.executable, "-m", module]


def test_the_page_has_the_commands_that_are_played() -> None:
    assert f"supabase {' '.join(PUSH).replace('push', 'push --remote')}\n" in PAGE
    assert set(PROCESSES) == {"workers", "workers.scheduler", "workers.edge"}


def test_the_grants_are_those_that_were_reviewed(project: Hosted) -> None:
    there = matrix(project.url())
    for path in REVIEWED.glob("*/permissions.expected"):
        assert there[path].splitlines() == path.read_text("utf-8").splitlines(), path


def test_a_second_push_finds_nothing_to_do(project: Hosted) -> None:
    pushed = project.push()
    assert pushed.returncode == 0
    assert "up to date" in pushed.stderr


@pytest.mark.parametrize(
    ("module", "name"),
    [
        (module, name)
        for module, exported in PROCESSES.items()
        for name in exported
        if name != "FRONTDESK_MAIL_ADDRESS"  # which has a default
    ],
)
def test_a_missing_variable_is_named(project: Hosted, module: str, name: str) -> None:
    found = variables(project, module)
    del found[name]
    done = subprocess.run(
        program(module),
        env=environment(found),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 1
    assert f"{name} is not set: " in done.stderr
    assert "Traceback" not in done.stderr


def test_the_workers_process_what_the_scheduler_sends(project: Hosted) -> None:
    def counts() -> tuple[int, int]:
        with psycopg.connect(project.url()) as connection:
            total, open_ones = connection.execute(QUEUES).fetchone() or (0, 0)
        return int(total), int(open_ones)

    scheduler, worker = (
        running(
            program(module),
            ready=lambda begun: "started" in begun.output,
            env=variables(project, module),
        )
        for module in ("workers.scheduler", "workers")
    )
    with scheduler as sending, worker as working:
        wait_until(lambda: counts()[0] > 0)
        wait_until(lambda: counts()[1] == 0)
        assert sending.terminate(signal.SIGTERM) == 0
        assert working.terminate(signal.SIGTERM) == 0


def test_the_edge_answers(project: Hosted) -> None:
    port = free_port()
    base = f"http://127.0.0.1:{port}"

    def lives(_program: object) -> bool:
        try:
            return httpx.get(f"{base}/health/live").status_code == 200
        except httpx.TransportError:
            return False

    found = variables(project, "workers.edge", edge=port, rest=free_port())
    with running(program("workers.edge"), ready=lives, env=found):
        ready = httpx.get(f"{base}/health/ready")
        assert ready.json()["database"] == "ok" and ready.json()["rest"] == "down"
        feed = httpx.get(f"{base}/functions/v1/calendar/{'0' * 64}.ics")
        assert (feed.status_code, feed.json()["details"]) == (404, "not_found")
        page = httpx.get(f"{base}/functions/v1/unsubscribe?token=x")
        assert page.status_code == 400


def test_postgrest_was_told_to_check_requests(project: Hosted, tmp_path: Path) -> None:
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    settings = {
        "PGRST_DB_URI": project.url("authenticator"),
        "PGRST_DB_SCHEMAS": "public,analytics",
        "PGRST_DB_ANON_ROLE": "anon",
        "PGRST_SERVER_PORT": str(port),
    }

    def answers(_program: object) -> bool:
        try:
            return httpx.get(f"{base}/currencies?limit=1").status_code == 200
        except httpx.TransportError:
            return False

    with running([programs.postgrest()], ready=answers, env=settings):
        counted = httpx.get(f"{base}/currencies", headers={"Prefer": "count=planned"})
        assert (counted.status_code, counted.json()["details"]) == (400, "invalid_input")
        exact = httpx.get(f"{base}/currencies", headers={"Prefer": "count=exact"})
        assert exact.status_code == 200
