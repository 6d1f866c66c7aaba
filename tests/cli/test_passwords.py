"""A password of a database is in no program's arguments, which every user of the machine reads."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict
from typer.testing import CliRunner

from cli.commands.db import app
from cli.schema import advisors, pgdelta
from cli.stack.secrets import without_password

URL = "postgresql://admin:p%40ss@db.example:5433/shop"
SAYS_WHAT_IT_GOT = """#!/bin/sh
printf '%s\\n' "$@" > "{folder}/arguments"
printf '%s' "$PGPASSWORD" > "{folder}/password"
printf '{answer}'
"""


def stand_in(folder: Path, answer: object) -> Path:
    """A program that writes down what it was started with, and answers."""
    program = folder / "program"
    program.write_text(SAYS_WHAT_IT_GOT.format(folder=folder, answer=json.dumps(answer)))
    program.chmod(0o755)
    return program


def assert_only_the_environment_has_it(folder: Path) -> None:
    arguments = (folder / "arguments").read_text()
    assert "db.example:5433/shop" in arguments
    assert "p%40ss" not in arguments and "p@ss" not in arguments
    assert (folder / "password").read_text() == "p@ss"


@pytest.mark.parametrize(
    "address",
    [
        URL,
        "postgresql://admin@db.example:5433/shop?password=p%40ss&sslmode=disable",
        "host=db.example port=5433 dbname=shop user=admin password=p@ss",
    ],
)
def test_an_address_without_its_password_leads_to_the_same_database(address: str) -> None:
    stripped, environment = without_password(address)
    wanted = conninfo_to_dict(address)
    assert environment["PGPASSWORD"] == wanted.pop("password") == "p@ss"
    assert conninfo_to_dict(stripped) == wanted


def test_an_address_that_has_none_stays_as_it_is() -> None:
    assert without_password("host=db.example") == ("host=db.example", dict(os.environ))


def test_pg_delta_is_not_told_by_arguments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pgdelta, "PROGRAM", stand_in(tmp_path, "No differences"))
    assert pgdelta.differences(URL, URL) == []
    assert_only_the_environment_has_it(tmp_path)


def test_the_advisors_are_not_told_by_arguments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = stand_in(tmp_path, {"results": []})
    monkeypatch.setattr(advisors, "supabase_cli", lambda: program)
    assert advisors.advise(URL) == []
    assert_only_the_environment_has_it(tmp_path)


def test_psql_is_not_told_by_arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[tuple[list[str], dict[str, str]]] = []
    monkeypatch.setattr(os, "execve", lambda _path, argv, env: started.append((argv, env)))
    CliRunner().invoke(app, ["shell", "--db-url", URL], catch_exceptions=False)
    ((argv, environment),) = started
    assert conninfo_to_dict(argv[1])["dbname"] == "shop"
    assert "p%40ss" not in " ".join(argv)
    assert environment["PGPASSWORD"] == "p@ss"
