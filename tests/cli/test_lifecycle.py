"""up, status, down and reset, as somebody at a terminal meets them."""

from __future__ import annotations

import json
import os
import stat
import subprocess
from pathlib import Path
from typing import Any

import httpx
import psutil
import psycopg
import pytest

from cli.stack.ports import free_port
from cli.stack.state import State
from tests.harness.stack import LAUNCHER, RunningStack, run_cli

STATUS_KEYS = [
    "api_url",
    "rest_url",
    "auth_url",
    "functions_url",
    "storage_url",
    "db_url",
    "anon_key",
    "service_role_key",
    "jwt_secret",
    "state_dir",
    "services",
]


def test_a_stack_comes_up_answers_and_keeps_its_data(folder: Path) -> None:
    running = RunningStack.start(folder / "state")
    first = json.loads(running.cli("status", "--json").stdout)
    assert list(first) == STATUS_KEYS
    assert set(first["services"]) == {
        *("postgres", "postgrest", "postgrest-reads", "edge", "gateway"),
        *("mailbox", "worker", "scheduler"),
    }
    assert {service["state"] for service in first["services"].values()} == {"running"}
    assert httpx.get(f"{first['api_url']}/health/ready").status_code == 200
    lines = running.cli("status", "-o", "env").stdout
    told = subprocess.run(
        ["sh", "-euc", f'{lines}\nprintf "%s" "$API_URL $ANON_KEY $STATE_DIR"'],
        capture_output=True,
        text=True,
    ).stdout
    assert told == f"{first['api_url']} {first['anon_key']} {running.state.path}"
    with psycopg.connect(first["db_url"], autocommit=True) as connection:
        connection.execute("create table private.kept as select 42 as answer")

    again = running.cli("up", "--detach")
    assert again.returncode == 0
    assert f"already runs at {first['api_url']}" in again.stderr
    assert running.pid("postgres") == first["services"]["postgres"]["pid"]

    elsewhere = running.cli("up", "--detach", "--port", free_port())
    assert elsewhere.returncode == 1
    assert "not on port" in elsewhere.stderr and "frontdesk down" in elsewhere.stderr

    assert running.cli("down").returncode == 0
    stopped = json.loads(running.cli("status", "--json").stdout)
    assert {service["state"] for service in stopped["services"].values()} == {"stopped"}
    assert running.cli("down").returncode == 0, "a second down finds nothing and says so"

    assert running.cli("up", "--detach").returncode == 0, "the state knows its port"
    second = running.endpoints
    assert (second.anon_key, second.db_url) == (first["anon_key"], first["db_url"])
    assert second.api_url == first["api_url"]
    with psycopg.connect(second.db_url) as connection:
        assert connection.execute("select answer from private.kept").fetchone() == (42,)


def test_two_that_start_one_stack_at_once_both_succeed(folder: Path) -> None:
    command = [LAUNCHER, "up", "--detach", "--no-workers", "--state", folder / "state"]
    command += ["--port", str(free_port())]
    both = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    outputs = [process.communicate() for process in both]
    assert [process.returncode for process in both] == [0, 0], outputs
    api_url = State(folder / "state").require_running().api_url
    assert all(api_url in stdout for stdout, _stderr in outputs)
    assert sum(f"already runs at {api_url}" in stderr for _stdout, stderr in outputs) == 1


def test_secrets_are_files_of_their_owner_and_the_api_is_on_loopback_only(folder: Path) -> None:
    running = RunningStack.start(folder / "state")
    for name in ("secrets.json", "running.json"):
        mode = stat.S_IMODE((running.state.path / name).stat().st_mode)
        assert mode == 0o600, f"{name} has mode {mode:o}"
    conf = next(running.state.path.rglob("nginx.conf"))
    assert stat.S_IMODE(conf.stat().st_mode) == 0o600
    listening = {
        c.laddr.ip for service in running.endpoints.services.values() for c in _listens(service)
    }
    assert listening == {"127.0.0.1"}


def test_two_stacks_run_side_by_side_and_each_down_stops_its_own(folder: Path) -> None:
    one = RunningStack.start(folder / "one", "--no-workers")
    other = RunningStack.start(folder / "other", "--no-workers")
    assert "worker" not in one.endpoints.services
    assert one.endpoints.jwt_secret != other.endpoints.jwt_secret
    one.cli("down")
    assert other.client().get("/health/ready").status_code == 200


def test_reset_asks_and_then_starts_afresh(folder: Path) -> None:
    running = RunningStack.start(folder / "state", "--no-workers")
    secret = running.endpoints.jwt_secret
    refused = running.cli("reset", "--port", running.port)
    assert (refused.returncode, running.endpoints.jwt_secret) == (1, secret)
    assert running.cli("reset", "--yes", "--port", running.port).returncode == 0
    assert running.endpoints.jwt_secret != secret


def test_reset_does_not_delete_a_folder_that_is_no_state(folder: Path) -> None:
    (folder / "thesis.txt").write_text("years of work")
    refused = run_cli("reset", "--yes", "--state", folder)
    assert refused.returncode == 1
    assert (folder / "thesis.txt").exists()


def test_the_launcher_works_from_another_folder_through_a_link(folder: Path) -> None:
    (folder / "link").symlink_to(LAUNCHER)
    (folder / "cli.py").write_text("raise SystemExit('the wrong cli')")
    done = run_cli("--help", launcher=folder / "link", cwd=folder)
    assert done.returncode == 0
    assert "Commands" in done.stdout


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="all other tests here run as an ordinary user")
def test_an_ordinary_user_has_the_same_stack(folder: Path) -> None:
    os.chown(folder, 65534, 65534)
    user = {"user": 65534, "group": 65534, "extra_groups": [], "cwd": "/"}
    port = free_port()
    done = run_cli(
        "up", "--detach", "--state", folder / "state", "--port", port, env={"HOME": "/"}, **user
    )
    assert done.returncode == 0, done.stderr
    assert httpx.get(f"http://127.0.0.1:{port}/health/ready").status_code == 200
    down = run_cli("down", "--state", folder / "state", env={"HOME": "/"}, **user)
    assert down.returncode == 0, down.stderr


def _listens(service: dict[str, Any]) -> list[Any]:
    process = psutil.Process(service["pid"])
    family = [process, *process.children(recursive=True)]
    return [c for p in family for c in p.net_connections("tcp") if c.status == "LISTEN"]
