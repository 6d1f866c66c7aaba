"""Makes a database ready for the stack: platform, schema, seed, and the logins of our processes."""

from __future__ import annotations

import psycopg
from psycopg import sql

from cli import schema
from cli.refusal import Refusal
from cli.stack.secrets import role_password

OLDEST = 15  # PostgreSQL's major version; security_invoker views came with it
OURS = ("edge", "worker", "analyst")


def prepare(dsn: str, *, admin_password: str, is_embedded: bool) -> None:
    """Bring the database to this checkout's schema.

    On a database of one's own the platform is installed only where it is missing or was
    ours before; otherwise it belongs to somebody else.

    Raises:
        Refusal: when the database is too old, or newer than this checkout.
    """
    had_platform = _has_platform(dsn)
    if is_embedded or not had_platform or _is_ours(dsn):
        schema.install_platform(dsn)
    schema.migrate(dsn)
    schema.seed(dsn)
    logins = OURS if had_platform and not is_embedded else ("authenticator", *OURS)
    with psycopg.connect(dsn, autocommit=True) as connection:
        for role in logins:
            _set_password(connection, role, role_password(admin_password, role))


def require_reachable(dsn: str) -> None:
    """Refuse a database of one's own that cannot be used, before anything is started."""
    try:
        with psycopg.connect(dsn, connect_timeout=5) as connection:
            version = connection.info.server_version // 10_000
    except psycopg.Error as error:
        reason = str(error).strip().splitlines()[0]
        raise Refusal(
            f"The database of FRONTDESK_DB_URL cannot be reached: {reason}.",
            "Correct FRONTDESK_DB_URL, or unset it to use the embedded database.",
        ) from None
    if version < OLDEST:
        raise Refusal(
            f"The database of FRONTDESK_DB_URL is PostgreSQL {version}.",
            f"Use PostgreSQL {OLDEST} or newer, or unset it to use the embedded database.",
        )


def require_login(dsn: str, role: str) -> None:
    """Refuse a role of somebody else's platform whose password we do not know."""
    try:
        psycopg.connect(dsn, connect_timeout=5).close()
    except psycopg.OperationalError:
        raise Refusal(
            f"The role {role} was on this database before, with a password of its own.",
            "Set FRONTDESK_AUTHENTICATOR_PASSWORD to it.",
        ) from None


def _has_platform(dsn: str) -> bool:
    with psycopg.connect(dsn) as connection:
        row = connection.execute(
            "select num_nulls(to_regclass('auth.users'), to_regrole('authenticator')) = 0"
        ).fetchone()
    return bool(row and row[0])


def _is_ours(dsn: str) -> bool:
    """Whether the platform was installed by us, so that its newer parts are ours to add."""
    with psycopg.connect(dsn) as connection:
        row = connection.execute("select to_regproc('auth.check_request') is not null").fetchone()
    return bool(row and row[0])


def _set_password(connection: psycopg.Connection, role: str, password: str) -> None:
    statement = sql.SQL("alter role {} with login password {}")
    connection.execute(statement.format(sql.Identifier(role), sql.Literal(password)))
