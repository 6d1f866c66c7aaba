"""Analysts come in with a login of their own, read figures, and can do nothing else."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Iterator

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from cli.options import ROOT
from tests.harness.stack import RunningStack

PAGE = ROOT / "docs" / "analytics.md"
QUERIES = re.findall(r"```sql\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
LOGIN = "grace_hopper"


@pytest.fixture
def conninfo(stack: RunningStack) -> Iterator[str]:
    """How an analyst connects; the login is gone afterwards."""
    made = stack.cli("analysts", "create", LOGIN, "--json")
    assert made.returncode == 0, made.stderr
    login = json.loads(made.stdout)
    yield f"{login['conninfo']} password={login['password']}"
    stack.cli("analysts", "drop", LOGIN, "--yes")


def test_the_page_has_three_queries_and_an_analyst_runs_them(
    stack: RunningStack, conninfo: str
) -> None:
    assert len(QUERIES) == 3
    assert stack.cli("demo").returncode == 0
    with psycopg.connect(conninfo) as connection:
        for query in QUERIES:
            assert connection.execute(query).fetchall(), query


def test_the_printed_line_is_one_that_psql_takes(stack: RunningStack) -> None:
    made = stack.cli("analysts", "create", "ada_l", "--until", "2999-01-31")
    assert re.fullmatch(r"PGPASSWORD=\S+ psql '.*user=ada_l.*'\n", made.stdout), made.stdout
    rows = json.loads(stack.cli("analysts", "list", "--json").stdout)
    assert {"name": "ada_l", "until": "2999-01-31", "is_expired": False, "connections": 0} in rows
    assert stack.cli("analysts", "drop", "ada_l", "--yes").returncode == 0


def test_an_analyst_sees_no_person_and_writes_nothing(conninfo: str) -> None:
    with psycopg.connect(conninfo, autocommit=True) as connection:
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            connection.execute("create temporary table mine (id integer)")
        connection.execute("set default_transaction_read_only = off")
        for statement in (
            "select email from auth.users",
            "select customer_email from scheduling.bookings",
            "select * from identity.profiles",
            "insert into scheduling.bookings default values",
            "create table public.mine (id integer)",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)


def test_a_login_has_limits_of_its_own(conninfo: str) -> None:
    with psycopg.connect(conninfo) as connection:
        shown = {
            name: connection.execute("select current_setting(%s)", (name,)).fetchone()
            for name in ("statement_timeout", "idle_in_transaction_session_timeout", "timezone")
        }
    assert shown == {
        "statement_timeout": ("1min",),
        "idle_in_transaction_session_timeout": ("5min",),
        "timezone": ("UTC",),
    }


def test_the_role_itself_logs_nobody_in_and_its_password_is_nowhere(
    stack: RunningStack, conninfo: str
) -> None:
    password = conninfo_to_dict(conninfo)["password"]
    with psycopg.connect(stack.endpoints.db_url) as connection:
        row = connection.execute("select rolcanlogin from pg_roles where rolname = 'analyst'")
        assert row.fetchone() == (False,)
        connection.execute("create extension if not exists pg_stat_statements")
        seen = connection.execute(
            "select count(*) from pg_stat_statements where strpos(query, %s) > 0", (password,)
        )
        assert seen.fetchone() == (0,)
        connection.rollback()


def test_drop_ends_the_connections_of_a_login(stack: RunningStack, conninfo: str) -> None:
    with psycopg.connect(conninfo) as connection:
        connection.execute("select 1")
        asked = stack.cli("analysts", "drop", LOGIN)
        assert asked.returncode == 1 and "--yes" in asked.stderr
        dropped = stack.cli("analysts", "drop", LOGIN, "--yes")
        assert dropped.returncode == 0, dropped.stderr
        with pytest.raises(psycopg.OperationalError):
            connection.execute("select 1")
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(conninfo)
    assert LOGIN not in stack.cli("analysts", "list").stdout


def test_what_cannot_be_is_refused(stack: RunningStack, conninfo: str) -> None:
    yesterday = datetime.datetime.now(datetime.UTC).date() - datetime.timedelta(days=1)
    for arguments, sentence in (
        (("create", LOGIN), f"There already is a role {LOGIN}."),
        (("create", "postgres"), "There already is a role postgres."),
        (("create", "Robert'); drop"), "cannot name a login"),
        (("create", "late", "--until", str(yesterday)), "is over"),
        (("drop", "postgres", "--yes"), "There is no analyst postgres."),
        (("drop", "nobody", "--yes"), "There is no analyst nobody."),
    ):
        done = stack.cli("analysts", *arguments)
        assert (done.returncode, done.stdout) == (1, ""), arguments
        assert sentence in done.stderr
