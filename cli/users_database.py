"""Accounts in the database of the running stack, as its administrator reads and changes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

from cli.refusal import Refusal
from cli.stack.state import Endpoints

SQL = Path(__file__).with_name("sql")


def find(endpoints: Endpoints, email: str) -> dict[str, Any]:
    """The user with this address.

    Raises:
        Refusal: there is none.
    """
    rows = query(endpoints, "list_users.sql", email=email)
    if not rows:
        raise Refusal(f"There is no user {email}.", f"Create one: ./frontdesk users create {email}")
    return rows[0]


def query(endpoints: Endpoints, statement: str, **arguments: object) -> list[dict[str, Any]]:
    """Run one of the named statements as the administrator of the running stack."""
    with psycopg.connect(endpoints.db_url, row_factory=dict_row) as connection:
        return connection.execute((SQL / statement).read_bytes(), arguments).fetchall()
