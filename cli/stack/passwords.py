"""Passwords of logins on their way into the database."""

from __future__ import annotations

import psycopg


def encrypted(connection: psycopg.Connection, role: str, password: str) -> str:
    """Return what PostgreSQL stores of a password.

    A statement that has the password itself could end up in logs and in pg_stat_statements.
    """
    return connection.pgconn.encrypt_password(
        password.encode(), role.encode(), b"scram-sha-256"
    ).decode()
