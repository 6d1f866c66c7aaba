"""What holds for every command: a short start, `--state` anywhere, hints that can be copied."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from cli.options import ROOT
from cli.registry import COMMANDS
from tests.harness.stack import run_cli

# What takes long to import, and is of no use before a command asks a database or a service.
HEAVY = {"psycopg", "httpx", "jwt", "cryptography", "holidays", "cli.settings", "cli.schema"}


def imported(*arguments: str) -> set[str]:
    """The modules that a call of the CLI imports."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "cli", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
    )
    return {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}


@pytest.mark.parametrize("command", ["--help", "--version", "status", "down"])
def test_a_command_imports_nothing_heavy_that_it_does_not_use(command: str, tmp_path: Path) -> None:
    state = () if command.startswith("-") else ("--state", str(tmp_path / "none"))
    modules = imported(command, *state)
    assert "typer" in modules
    assert modules & HEAVY == set()


def test_the_list_of_commands_says_what_each_says_itself() -> None:
    for name, entry in COMMANDS.items():
        own = entry.load(name).help.replace("\n", " ").split("  ")[0]
        assert own == entry.help, name


def test_the_state_is_named_before_or_after_the_command_and_kept_in_hints(tmp_path: Path) -> None:
    state = tmp_path / "no stack"
    for arguments in (("--state", state, "status"), ("status", "--state", state)):
        done = run_cli(*arguments)
        assert done.returncode == 1
        assert f"Start one: ./frontdesk --state '{state}' up" in done.stderr
    by_variable = run_cli("users", "list", env={"FRONTDESK_STATE": str(state)})
    assert f"No stack runs in {state}." in by_variable.stderr
    assert "Start one: ./frontdesk up" in by_variable.stderr


def test_the_version_is_the_projects() -> None:
    done = run_cli("--version")
    assert done.stdout.startswith("frontdesk ")
    assert f'version = "{done.stdout.split()[1]}"' in (ROOT / "pyproject.toml").read_text()


def test_a_shell_completes_commands_and_options() -> None:
    def completed(*words: str) -> set[str]:
        line = " ".join(("frontdesk", *words))
        env = {"_FRONTDESK_COMPLETE": "complete_bash", "COMP_WORDS": line}
        done = run_cli(env={**env, "COMP_CWORD": str(len(words))})
        return set(done.stdout.split())

    assert completed("que") == {"queues"}
    assert completed("users", "cre") == {"create"}
    assert "--detach" in completed("up", "--d")
    assert "--install-completion" in run_cli("--help").stdout


def test_a_mistyped_command_is_answered_with_the_nearest() -> None:
    done = run_cli("statsu")
    assert done.returncode == 2
    assert "'status'" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("up", "--port", "eighty"), "it must be a whole number."),
        (("up", "--port", "80"), "it must be at least 1024."),
        (("up", "--port", "80000"), "it must be at most 65535."),
        (("queues", "rates", "--seconds", "x"), "it must be a number."),
        (("queues", "replay", "mail", "x"), "it must be a whole number."),
        (("demo", "--week", "x"), "it must be a date such as 2031-05-06."),
        (("demo", "--size", "big"), "'big' is not one of 'small', 'medium', 'large'."),
    ],
)
def test_a_wrong_argument_is_refused_in_our_words(arguments: tuple[str, ...], words: str) -> None:
    done = run_cli(*arguments, env={"COLUMNS": "200"})
    assert done.returncode == 2
    assert f"): {words}" in done.stderr or f"': {words}" in done.stderr
    assert "Input should" not in done.stderr and "Value error" not in done.stderr
