"""`frontdesk test`: every check of the repository, on throw-away databases and stacks."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import typer

from cli.options import ROOT
from cli.output import talk
from cli.refusal import Refusal

COMMAND = {
    "context_settings": {"allow_extra_args": True, "ignore_unknown_options": True},
}


@dataclass(frozen=True)
class Check:
    """A program of .venv to run on the checkout."""

    name: str
    arguments: tuple[str, ...]

    def run(self) -> bool:
        """Run it, print what is wrong when it has ended, and return whether it passes."""
        done = subprocess.run(
            [program(self.arguments[0]), *self.arguments[1:]],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        passes = done.returncode == 0
        talk(f"{self.name}: {'clean' if passes else done.stdout.strip()}")
        return passes


CHECKS = (
    Check("ruff", ("ruff", "check", "--quiet", ".")),
    Check("ruff format", ("ruff", "format", "--check", "--quiet", ".")),
    Check("mypy", ("mypy", "--no-error-summary")),
    Check("import-linter", ("lint-imports",)),
    Check("sqlfluff", ("sqlfluff", "lint", "--disable-progress-bar", "--processes", "2", "sql")),
)
# Tests wait much: three processes keep two cores busy.
PYTEST = ("pytest", "-n", "3", "--dist", "loadfile", "-q")


def test(context: typer.Context) -> None:
    """Run every test on its own throw-away stack; arguments go to pytest, which then runs alone."""
    if find_spec("pytest") is None:
        raise Refusal("The tests' packages are not installed.", "Remove .venv and repeat.")
    failed = [] if context.args else failed_checks()
    if not context.args:
        talk(f"Failed: {', '.join(failed)}." if failed else "Style, types and layers are clean.")
    arguments = ("pytest", *context.args) if context.args else PYTEST
    outcome = subprocess.run([program(arguments[0]), *arguments[1:]], cwd=ROOT).returncode
    raise typer.Exit(outcome or int(bool(failed)))


def failed_checks() -> list[str]:
    """Run all checks at the same time and return the names of those that fail."""
    talk(f"{', '.join(check.name for check in CHECKS)} …")
    with ThreadPoolExecutor(len(CHECKS)) as pool:
        passes = pool.map(Check.run, CHECKS)
    return [check.name for check, passed in zip(CHECKS, passes, strict=True) if not passed]


def program(name: str) -> Path:
    """A program that was installed beside this Python."""
    return Path(sys.executable).with_name(name)
