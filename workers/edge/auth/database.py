"""The functions of schema `auth`, as calls; what they refuse, as `AuthError`."""

from __future__ import annotations

import json
from typing import Any

import psycopg
import structlog
from psycopg import errors, sql
from psycopg.types.json import Jsonb
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from workers.edge.auth.errors import AuthError

logger = structlog.get_logger("auth")


class Database:
    """Every call is one statement and one transaction.

    Arguments are bound, never written into the statement, so that no view of the server shows them.
    """

    def __init__(self, url: str, settings: dict[str, Any], *, size: int) -> None:
        self._settings = json.dumps(settings)
        self.pool = AsyncConnectionPool(
            url, min_size=1, max_size=size, open=False, configure=self._configure
        )

    async def _configure(self, connection: psycopg.AsyncConnection[Any]) -> None:
        """Tell a new connection the settings that the functions ask for."""
        await connection.set_autocommit(True)
        await connection.execute(
            "select set_config('frontdesk.auth', %s, false)", (self._settings,)
        )

    async def call(self, function: str, **arguments: Any) -> Any:
        """What a function gives.

        Raises:
            AuthError: when it refuses, does not exist here, or the database is away.
        """
        statement = sql.SQL("select auth.{}({})").format(
            sql.Identifier(function),
            sql.SQL(", ").join(
                sql.SQL("{} => {}").format(sql.Identifier(name), sql.Placeholder(name))
                for name in arguments
            ),
        )
        bound = {name: _bindable(value) for name, value in arguments.items()}
        try:
            async with self.pool.connection(timeout=10) as connection:
                row = await (await connection.execute(statement, bound)).fetchone()
        except (PoolTimeout, psycopg.Error) as error:
            raise _translated(error, function) from None
        result = row[0] if row else None
        if isinstance(result, dict) and "refused" in result:
            raise _remembered(result)
        return result


def _bindable(value: Any) -> Any:
    return Jsonb(value) if isinstance(value, dict) else value


def _remembered(result: dict[str, Any]) -> AuthError:
    """A refusal that left something behind in the database."""
    refused, wait = result["refused"], result.get("retry_after")
    return AuthError(
        refused["status"],
        refused["code"],
        refused["message"],
        headers={"Retry-After": str(wait)} if wait else {},
    )


def _translated(error: psycopg.Error | PoolTimeout, function: str) -> AuthError:
    """What went wrong as a refusal.

    Of a defect the log has the kind and never the words, in which PostgreSQL may quote a row.
    """
    if isinstance(error, PoolTimeout):
        return _unavailable()
    state = error.sqlstate or ""
    if state.startswith("PT"):
        wait = error.diag.message_hint or ""
        return AuthError(
            int(state[2:]),
            error.diag.message_detail or "unexpected_failure",
            error.diag.message_primary or "",
            headers={"Retry-After": wait} if wait.isdigit() else {},
        )
    # Without a context it is the call itself, not something inside the function.
    missing = isinstance(error, (errors.UndefinedFunction, errors.InvalidSchemaName))
    if missing and not error.diag.context:
        message = "Sign-in on this database is the work of its own Supabase Auth."
        return AuthError(501, "feature_disabled", message)
    if isinstance(error, psycopg.OperationalError):
        return _unavailable()
    constraint = error.diag.constraint_name
    logger.error("database_refused", function=function, sqlstate=state, constraint=constraint)
    return AuthError(
        500,
        "unexpected_failure",
        "Unexpected failure, please check server logs for more information",
    )


def _unavailable() -> AuthError:
    message = "The service is starting or restarting."
    return AuthError(503, "request_timeout", message, headers={"Retry-After": "1"})
