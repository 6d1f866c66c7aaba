"""What cannot work is one sentence and a next step, exit 1, and nothing half-started."""

from __future__ import annotations

import os
import socket
import subprocess
from pathlib import Path

import psutil
import psycopg
import pytest

from cli.options import DEFAULT_CONFIG
from cli.stack.ports import free_port
from cli.stack.state import State
from tests.harness.stack import RunningStack, run_cli


def refused(done: subprocess.CompletedProcess[str], *, says: str, next_step: str) -> None:
    """It ended with 1, said so on stderr only, and showed no trace."""
    assert done.returncode == 1, done.stderr
    assert says in done.stderr
    assert next_step in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def nothing_runs(state: Path) -> bool:
    """No process works for that state."""
    return not State(state).is_locked() and not any(
        str(state) in " ".join(process.info["cmdline"] or ())
        for process in psutil.process_iter(["cmdline"])
    )


@pytest.mark.parametrize("mode", [("--detach",), ()])
def test_a_port_in_use_is_refused(folder: Path, mode: tuple[str, ...]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        done = run_cli("up", *mode, "--state", folder / "state", "--port", port)
    refused(done, says=f"Port {port} is taken", next_step="--port ")
    assert nothing_runs(folder / "state")


def test_a_state_that_is_a_file(folder: Path) -> None:
    (folder / "state").write_text("")
    done = run_cli("up", "--state", folder / "state")
    refused(done, says="cannot be written", next_step="--state DIR")


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="mounts a small file system")
def test_a_state_folder_without_room_is_refused(folder: Path) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=20m", "tmpfs", folder], check=True)
    try:
        done = run_cli("up", "--detach", "--state", folder / "state", "--port", free_port())
        refused(done, says="MiB of room", next_step="--state DIR")
        assert nothing_runs(folder / "state")
    finally:
        subprocess.run(["umount", folder], check=True)


@pytest.mark.parametrize("name", ["NGINX_BIN", "POSTGREST_BIN"])
def test_a_missing_program_is_refused_by_name(folder: Path, name: str) -> None:
    done = run_cli(
        *("up", "--detach", "--state", folder / "state", "--port", free_port()),
        env={name: "/nowhere/program"},
    )
    refused(done, says="there is none at /nowhere/program", next_step=name)
    assert nothing_runs(folder / "state")


def test_a_program_that_fails_at_its_start_takes_nothing_else_with_it(folder: Path) -> None:
    broken = folder / "nginx"
    broken.write_text("#!/bin/sh\necho 'nginx: out of order' >&2\nexit 3\n")
    broken.chmod(0o755)
    done = run_cli(
        *("up", "--detach", "--state", folder / "state", "--port", free_port()),
        env={"NGINX_BIN": str(broken)},
    )
    refused(done, says="The part gateway ended at its start", next_step="gateway.log")
    assert nothing_runs(folder / "state")


def test_a_database_of_a_newer_schema(folder: Path) -> None:
    running = RunningStack.start(folder / "state", "--no-workers")
    with psycopg.connect(running.endpoints.db_url, autocommit=True) as connection:
        connection.execute(
            "insert into supabase_migrations.schema_migrations (version) values ('29990101000000')"
        )
    running.cli("down")
    done = running.cli("up", "--detach", "--port", running.port)
    refused(done, says="29990101000000", next_step="Update this checkout")
    assert nothing_runs(folder / "state")


def test_a_database_of_ones_own_that_does_not_answer(folder: Path) -> None:
    url = f"postgresql://nobody:secret@127.0.0.1:{free_port()}/postgres"
    done = run_cli(
        *("up", "--detach", "--state", folder / "state", "--port", free_port()),
        env={"FRONTDESK_DB_URL": url},
    )
    refused(done, says="cannot be reached", next_step="FRONTDESK_DB_URL")
    assert "secret" not in done.stderr


def test_a_configuration_with_a_wrong_key(folder: Path) -> None:
    config = folder / "wrong.toml"
    config.write_text(DEFAULT_CONFIG.read_text().replace("max_rows", "max_row"))
    done = run_cli("up", "--state", folder / "state", "--config", config)
    refused(done, says="unknown key: api.max_row", next_step="Did you mean api.max_rows?")
    assert not (folder / "state").exists()


def test_commands_without_a_running_stack_are_refused(folder: Path) -> None:
    for command in (("status",), ("users", "list")):
        done = run_cli(*command, "--state", folder / "state")
        refused(done, says="stack", next_step=f"./frontdesk --state '{folder / 'state'}' up")


def test_wrong_usage_is_2() -> None:
    assert run_cli("up", "--port", "eighty").returncode == 2
    assert run_cli("down", "--no-such-option").returncode == 2
