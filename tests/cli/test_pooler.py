"""PostgREST behind PgBouncer: sessions are shared, and no caller gets what another one may see."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from cli.settings.config import Config
from cli.stack import keys, postgrest, programs
from cli.stack.account import server_account
from cli.stack.ports import HOST, free_port
from tests.harness.database import Database
from tests.harness.programs import running

PGBOUNCER = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
PASSWORD, SECRET = "of the pooler", "a secret of thirty-two characters"
ISSUER, SESSIONS = "https://frontdesk.example/auth/v1", 2
CONFIG = """
[databases]
* = host={host} port={port}
[pgbouncer]
listen_addr = {listen_host}
listen_port = {listen_port}
unix_socket_dir =
pool_mode = transaction
default_pool_size = {sessions}
auth_type = plain
auth_file = {users}
ignore_startup_parameters = extra_float_digits
"""

pytestmark = pytest.mark.skipif(PGBOUNCER is None, reason="pgbouncer is not installed")


@contextmanager
def pooler(database: Database, folder: Path) -> Iterator[int]:
    """PgBouncer in transaction mode, with fewer sessions than PostgREST has connections."""
    account = server_account()
    place = account.folder(folder / "pooler")
    port, server = free_port(), conninfo_to_dict(database.dsn)
    (place / "users").write_text(f'"authenticator" "{PASSWORD}"\n')
    (place / "conf").write_text(
        CONFIG.format(
            **{"host": server["host"], "port": server["port"], "users": place / "users"},
            **{"listen_host": HOST, "listen_port": port, "sessions": SESSIONS},
        )
    )
    database.connection.execute(f"alter role authenticator password '{PASSWORD}'")
    user = ["-u", account.name] if account.name else []
    try:
        with running(
            [str(PGBOUNCER), *user, str(place / "conf")],
            ready=lambda program: "process up" in program.output,
        ):
            yield port
    finally:
        database.connection.execute("alter role authenticator password null")
        account.discard(place)


@pytest.fixture
def api(db: Database, tmp_path: Path) -> Iterator[httpx.Client]:
    """PostgREST as a stack runs it that has a pooler."""
    port, admin = free_port(), free_port()
    base = f"http://{HOST}:{port}"
    name = conninfo_to_dict(db.dsn)["dbname"]

    def answers(_program: object) -> bool:
        try:
            return httpx.get(f"http://{HOST}:{admin}/ready").status_code == 200
        except httpx.TransportError:
            return False

    # A copy of a database has none of the settings of roles in it.
    db.connection.execute(
        sql.SQL(
            "alter role authenticator in database {} set search_path = auth, pg_catalog"
        ).format(sql.Identifier(str(name)))
    )
    with pooler(db, tmp_path) as pooler_port:
        config = Config.model_validate({"frontdesk": {"rest": {"pooler": f"{HOST}:{pooler_port}"}}})
        env = postgrest.environment(
            config,
            db_url=f"host={HOST} dbname={name} user=authenticator password='{PASSWORD}'",
            jwks=SECRET,
            api_url=base,
            issuer=ISSUER,
            port=port,
            admin_port=admin,
            pool=8,
        )
        with (
            running([programs.postgrest()], ready=answers, env=env),
            httpx.Client(base_url=base) as client,
        ):
            yield client


def person(database: Database, number: int) -> dict[str, str]:
    """Make an account; returns the headers of its requests."""
    user = str(uuid.UUID(int=number))
    database.connection.execute(
        "insert into auth.users (id, email) values (%s, %s)", [user, f"{number}@example.org"]
    )
    claims = {"sub": user, "role": "authenticated", "iss": ISSUER}
    return {"Authorization": f"Bearer {keys.sign(claims, SECRET)}", "x-user": user}


def test_each_caller_sees_what_is_theirs_on_sessions_that_all_share(
    db: Database, api: httpx.Client
) -> None:
    people = [person(db, number) for number in range(1, 7)]

    def ask(number: int) -> tuple[object, object]:
        headers = people[number % 6] if number % 7 else {}
        answer = api.get("/profiles?select=id", headers=headers)
        expected = [{"id": headers["x-user"]}] if headers else 401
        return expected, answer.json() if answer.status_code == 200 else answer.status_code

    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(ask, range(120)))
    assert [pair for pair in got if pair[0] != pair[1]] == []
    ((sessions,),) = db.rows(
        "select count(*) from pg_stat_activity"
        " where usename = 'authenticator' and datname = current_database()"
    )
    assert sessions == SESSIONS
    estimated = api.get("/currencies", headers={"Prefer": "count=planned"})
    assert (estimated.status_code, estimated.json()["details"]) == (400, "invalid_input")
