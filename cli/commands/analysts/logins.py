"""The logins of analysts in the database: how they are made and how they end."""

from __future__ import annotations

import datetime

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from cli.stack.passwords import encrypted
from cli.stack.state import Endpoints

CONNECTIONS = 5  # at the same time
# A role's settings are not inherited by its members, so each login has its own.
SETTINGS = {
    "default_transaction_read_only": "on",
    "statement_timeout": "60s",
    "idle_in_transaction_session_timeout": "5min",
    "search_path": "analytics",
    "timezone": "UTC",
}


def create_login(
    endpoints: Endpoints, name: str, password: str, *, until: datetime.date | None
) -> None:
    """Create a login with its settings, all or nothing; `until` is its last day in UTC."""
    login = sql.Identifier(name)
    end = f"{until + datetime.timedelta(days=1)} 00:00Z" if until else "infinity"
    with psycopg.connect(endpoints.db_url) as connection:
        connection.execute(
            sql.SQL(
                "create role {} login password {} valid until {} connection limit {}"
                " in role analyst"
            ).format(
                login,
                sql.Literal(encrypted(connection, name, password)),
                sql.Literal(end),
                sql.Literal(CONNECTIONS),
            )
        )
        for setting, value in SETTINGS.items():
            statement = sql.SQL("alter role {} set {} = {}")
            connection.execute(statement.format(login, sql.Identifier(setting), sql.Literal(value)))


def drop_login(endpoints: Endpoints, name: str) -> None:
    """Let nobody in by this login any more, end its connections, and delete it."""
    login = sql.Identifier(name)
    with psycopg.connect(endpoints.db_url, autocommit=True) as connection:
        connection.execute(sql.SQL("alter role {} nologin").format(login))
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where usename = %s", (name,)
        )
        with connection.transaction():
            connection.execute(sql.SQL("drop owned by {}").format(login))
            connection.execute(sql.SQL("drop role {}").format(login))


def address_of(endpoints: Endpoints, name: str) -> str:
    """Return how this login connects, without a password, which arguments would show."""
    kept = {k: v for k, v in conninfo_to_dict(endpoints.db_url).items() if k != "password"}
    return make_conninfo("", **{**kept, "user": name})
