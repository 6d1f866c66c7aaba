"""Calls of the functions of schema `auth`; their refusals are raised as `AuthError`."""

from __future__ import annotations

import json
from typing import Any

import psycopg
import structlog
from psycopg import errors, sql
from psycopg.types.json import Jsonb
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from workers.edge.auth.errors import AuthError

PATIENCE = 5.0  # seconds that a request waits for a connection

logger = structlog.get_logger("auth")


class Database:
    """Every call is one statement and one transaction.

    Arguments are bound and never written into the statement, so no view of the server shows them.
    """

    def __init__(self, url: str, settings: dict[str, Any], *, size: int) -> None:
        self._settings = json.dumps(settings)
        self.pool = AsyncConnectionPool(
            url, min_size=1, max_size=size, open=False, configure=self._configure
        )

    async def _configure(self, connection: psycopg.AsyncConnection[Any]) -> None:
        """Give a new connection the settings that the functions read."""
        await connection.set_autocommit(True)
        await connection.execute(
            "select set_config('frontdesk.auth', %s, false)", (self._settings,)
        )

    async def call(self, function: str, **arguments: Any) -> Any:
        """Call a function and return its result.

        Raises:
            AuthError: when the function refuses or does not exist here, or the database is away.
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
            async with self.pool.connection(timeout=PATIENCE) as connection:
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
    """Return the refusal of a function that had to commit what it wrote."""
    refused, wait = result["refused"], result.get("retry_after")
    return AuthError(
        refused["status"],
        refused["code"],
        refused["message"],
        headers={"Retry-After": str(wait)} if wait else {},
    )


def _translated(error: psycopg.Error | PoolTimeout, function: str) -> AuthError:
    """Return an error of the database as a refusal.

    The log has the kind of a defect and never its words, in which PostgreSQL may quote a row.
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
    # An error without a context comes from the call itself, not from inside the function.
    missing = isinstance(error, (errors.UndefinedFunction, errors.InvalidSchemaName))
    if missing and not error.diag.context:
        message = "This database has its own Supabase Auth for sign-in."
        return AuthError(501, "feature_disabled", message)
    if isinstance(error, errors.QueryCanceled):
        return AuthError(
            504, "request_timeout", "It took too long and was cancelled. Nothing was changed."
        )
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
    message = "The service cannot answer now."
    return AuthError(503, "unavailable", message, headers={"Retry-After": "1"})
