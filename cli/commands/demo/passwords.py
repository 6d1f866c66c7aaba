"""How the demo's people sign in: one password, which differs from stack to stack."""

from __future__ import annotations

import psycopg

from cli.stack.secrets import role_password
from cli.stack.state import Endpoints

PEOPLE = ("owner@example.com", "staff@example.com", "customer@example.com", "admin@example.com")


def demo_password(endpoints: Endpoints) -> str:
    """Return the password of the demo's people.

    It follows from a secret of the stack: one of them is the platform's admin, and nobody else
    may know how that one signs in.
    """
    return f"Demo-{role_password(endpoints.jwt_secret, 'demo')[:12]}"


def set_passwords(connection: psycopg.Connection, password: str) -> list[str]:
    """Set it for those who have none, and return the addresses that sign in with it."""
    import bcrypt

    connection.execute(
        "update auth.users set encrypted_password = %s"
        " where lower(email) = any(%s) and coalesce(encrypted_password, '') = ''",
        (bcrypt.hashpw(password.encode(), bcrypt.gensalt(10)).decode(), list(PEOPLE)),
    )
    rows = connection.execute(
        "select lower(email), encrypted_password from auth.users"
        " where lower(email) = any(%s) order by array_position(%s::text[], lower(email))",
        (list(PEOPLE), list(PEOPLE)),
    ).fetchall()
    return [
        email
        for email, digest in rows
        if digest.startswith("$2") and bcrypt.checkpw(password.encode(), digest.encode())
    ]
