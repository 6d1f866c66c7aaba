"""`frontdesk rehearse`: what takes too long for every test run, with its result kept."""

from __future__ import annotations

import ast
import datetime as dt
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from cli.options import ROOT
from cli.output import talk
from cli.refusal import Refusal

FOLDER = ROOT / "tests" / "rehearsals"
RECORD = ROOT / "docs" / "rehearsals.md"


def names() -> dict[str, str]:
    """The rehearsals, each with the first sentence that its file says."""
    found = {}
    for path in sorted(FOLDER.glob("*.py")):
        said = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
        found[path.stem] = said.splitlines()[0]
    return found


def rehearse(
    name: Annotated[
        str | None, typer.Argument(help="The rehearsal; without one, all are listed.")
    ] = None,
) -> None:
    """Rehearse what takes minutes (soaks, failovers, floods), and keep the result."""
    if name is None:
        for one, said in names().items():
            print(f"{one:<12} {said}")
        return
    if name not in names():
        raise Refusal(f"There is no rehearsal {name}.", "List them with: ./frontdesk rehearse")
    if find_spec("pytest") is None:
        raise Refusal("The tests' packages are not installed.", "Remove .venv and repeat.")
    commit, began = _commit(), time.monotonic()
    pytest = Path(sys.executable).with_name("pytest")
    done = subprocess.run([pytest, "-q", FOLDER / f"{name}.py"], cwd=ROOT)
    minutes = (time.monotonic() - began) / 60
    _keep(name, commit, "passed" if done.returncode == 0 else "failed", minutes)
    talk(f"The result is kept in {RECORD.relative_to(ROOT)}.")
    raise typer.Exit(done.returncode)


def _commit() -> str:
    """The commit that is rehearsed; `+` says that files differ from it.

    Raises:
        Refusal: outside a Git checkout, because a result without a commit says nothing.
    """
    told = []
    for command in (("rev-parse", "--short", "HEAD"), ("status", "--porcelain")):
        done = subprocess.run(("git", *command), cwd=ROOT, capture_output=True, text=True)
        if done.returncode != 0:
            raise Refusal("This is no Git checkout.", "Rehearse in a clone of the repository.")
        told.append(done.stdout.strip())
    return told[0] + ("+" if told[1] else "")


def _keep(name: str, commit: str, result: str, minutes: float) -> None:
    """Add a row to the table, which ends the page."""
    today = dt.datetime.now(dt.UTC).date()
    row = f"| {name} | {today} | {commit} | {result} | {minutes:.1f} |\n"
    with RECORD.open("a", encoding="utf-8") as page:
        page.write(row)
