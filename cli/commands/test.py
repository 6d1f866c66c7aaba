"""`frontdesk test`: every check of the repository, on throw-away databases and stacks."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

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
MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of a random name is made in it
ENOUGH_BYTES = 4 << 30
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
    with quick_files() as environment:
        outcome = subprocess.run(
            [program(arguments[0]), *arguments[1:]], cwd=ROOT, env=environment
        ).returncode
    raise typer.Exit(outcome or int(bool(failed)))


@contextmanager
def quick_files() -> Iterator[Mapping[str, str]]:
    """Keep temporary files in memory if it has room and programs may run there.

    A database is two thousand files: copying one takes 0.1 s in memory, and up to a second on a
    disk that others use.
    """
    if not os.access(MEMORY, os.W_OK):
        yield os.environ
        return
    found = os.statvfs(MEMORY)
    if found.f_bavail * found.f_frsize < ENOUGH_BYTES or found.f_flag & os.ST_NOEXEC:
        yield os.environ
        return
    with TemporaryDirectory(
        prefix="frontdesk-test-", dir=MEMORY, ignore_cleanup_errors=True
    ) as folder:
        Path(folder).chmod(0o711)  # as root the servers run as another user
        yield {**os.environ, "TMPDIR": folder}


def failed_checks() -> list[str]:
    """Run all checks at the same time and return the names of those that fail."""
    talk(f"{', '.join(check.name for check in CHECKS)} …")
    with ThreadPoolExecutor(len(CHECKS)) as pool:
        passes = pool.map(Check.run, CHECKS)
    return [check.name for check, passed in zip(CHECKS, passes, strict=True) if not passed]


def program(name: str) -> Path:
    """A program that was installed beside this Python."""
    return Path(sys.executable).with_name(name)
