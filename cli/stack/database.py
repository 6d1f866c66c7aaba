"""Refuses a database of the user's own that the stack cannot run on."""

from __future__ import annotations

import psycopg

from cli.refusal import Refusal

OLDEST = 15  # PostgreSQL's major version; security_invoker views came with it


def require_reachable(dsn: str) -> None:
    """Refuse a database that cannot be reached or is too old, before anything is started."""
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
    """Refuse a role of somebody else's platform whose password is unknown."""
    try:
        psycopg.connect(dsn, connect_timeout=5).close()
    except psycopg.OperationalError:
        raise Refusal(
            f"The role {role} was on this database before, with a password of its own.",
            "Set FRONTDESK_AUTHENTICATOR_PASSWORD to it.",
        ) from None
