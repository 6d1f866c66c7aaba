"""Examples run, commands are those that exist, and arguments are those of the functions."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from cli.main import app
from cli.options import ROOT
from cli.registry import COMMANDS
from tests.harness.database import Database
from tests.harness.stack import RunningStack

API = ROOT / "docs" / "api.md"
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
RUNNABLE = re.compile(r"^```sh runnable\n(.*?)^```", re.DOTALL | re.MULTILINE)
WRITTEN = re.compile(r"\./frontdesk((?: [a-z]+(?:-[a-z]+)*)+)((?: --[a-z-]+)*)")
ARGUMENTS = """
    select proname, coalesce(string_agg(name, ' ' order by position) filter (where mode = 'i'), '')
    from pg_proc
    left join lateral unnest(
        proargnames,
        coalesce(
            proargmodes, array_fill('i'::"char", array[coalesce(cardinality(proargnames), 0)])
        )
    ) with ordinality as argument (name, mode, position) on true
    where pronamespace = 'public'::regnamespace
    group by pg_proc.oid, proname
"""
NAME = re.compile(r"`(\w+)`")
BLOCKS = [
    pytest.param(block, id=page.name)
    for page in PAGES
    for block in RUNNABLE.findall(page.read_text())
]


@pytest.mark.parametrize("block", BLOCKS)
def test_a_runnable_block_runs(stack: RunningStack, block: str) -> None:
    assert stack.cli("demo").returncode == 0
    done = subprocess.run(
        ["sh", "-eu", "-c", block],
        cwd=ROOT,
        env={**os.environ, "FRONTDESK_STATE": str(stack.state.path)},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr


def offered() -> Iterator[tuple[str, ...]]:
    """Every command that can be called, with its group before it."""
    for name, entry in COMMANDS.items():
        inner = getattr(entry.load(name), "commands", {})
        yield from [(name, one) for one in inner] or [(name,)]


def options_of(name: str, inner: str | None = None) -> set[str]:
    """The options that a command takes, beside those that every command takes."""
    entry = COMMANDS[name].load(name)
    command = entry.commands[inner] if inner else entry
    taken = [*command.params, *typer.main.get_command(app).params]
    return {option for one in taken for option in (*one.opts, *one.secondary_opts)}


def written() -> set[tuple[tuple[str, ...], str]]:
    """Every command of the pages with its options, as it is written there."""
    groups = {command[0] for command in offered() if len(command) > 1}
    found = set()
    for page in PAGES:
        for words, options in WRITTEN.findall(page.read_text("utf-8")):
            name = words.split()
            found.add((tuple(name[: 2 if name[0] in groups else 1]), options))
    return found


def test_every_command_is_in_the_pages() -> None:
    assert set(offered()) - {command for command, _options in written()} == set()


def test_every_command_in_the_pages_exists_with_its_options() -> None:
    for command, options in sorted(written()):
        if command == ("test",):  # its options are pytest's
            continue
        assert set(options.split()) <= options_of(*command), command


def rows(page: Path) -> list[tuple[list[str], list[str]]]:
    """(functions, arguments) of each row of the page's table of functions."""
    table = page.read_text("utf-8").split("## Functions")[1].split("\n## ")[0]
    cells = [line.split("|") for line in table.splitlines() if line.startswith("| `")]
    return [(NAME.findall(row[1]), re.findall(r"\w+", row[2])) for row in cells]


def test_the_arguments_in_the_api_page_are_those_of_the_functions(db: Database) -> None:
    takes = {str(name): str(arguments) for name, arguments in db.rows(ARGUMENTS)}
    documented = {name: " ".join(arguments) for names, arguments in rows(API) for name in names}
    assert len(documented) > 20
    assert {name: takes.get(name) for name in documented} == documented
