"""Brings the stack's database to this checkout's schema, before anything runs on it."""

from __future__ import annotations

import psycopg
from psycopg import sql

from cli import schema
from cli.stack import database, storing
from cli.stack.passwords import encrypted
from cli.stack.plan import Plan
from cli.stack.secrets import role_password

OURS = ("edge", "realtime", "storage", "worker")


def prepare_database(plan: Plan) -> None:
    """Install the platform, the migrations and the seeds, and set our roles' passwords.

    On a database of the user's own the platform is installed only where it is missing or where
    we installed it before; otherwise it belongs to somebody else.

    Raises:
        Refusal: when the database is newer than this checkout, or `authenticator` cannot log in.
    """
    dsn, is_embedded = plan.db_url, plan.cluster is not None
    had_platform = _has_platform(dsn)
    if is_embedded or not had_platform or _is_ours(dsn):
        schema.install_platform(dsn)
    schema.migrate(dsn)
    schema.seed(dsn)
    logins = OURS if had_platform and not is_embedded else ("authenticator", *OURS)
    with psycopg.connect(dsn, autocommit=True) as connection:
        for role in logins:
            _set_password(connection, role, role_password(plan.admin_password, role))
    if plan.config.storage.enabled and (is_embedded or not had_platform or _is_ours(dsn)):
        storing.make_buckets(dsn, plan.config)
    if not is_embedded:
        database.require_login(plan.login("authenticator"), "authenticator")


def _has_platform(dsn: str) -> bool:
    with psycopg.connect(dsn) as connection:
        row = connection.execute(
            "select num_nulls(to_regclass('auth.users'), to_regrole('authenticator')) = 0"
        ).fetchone()
    return bool(row and row[0])


def _is_ours(dsn: str) -> bool:
    """Whether we installed the platform, so that its newer parts are ours to add."""
    with psycopg.connect(dsn) as connection:
        row = connection.execute("select to_regproc('auth.check_request') is not null").fetchone()
    return bool(row and row[0])


def _set_password(connection: psycopg.Connection, role: str, password: str) -> None:
    statement = sql.SQL("alter role {} with login password {}")
    secret = sql.Literal(encrypted(connection, role, password))
    connection.execute(statement.format(sql.Identifier(role), secret))
