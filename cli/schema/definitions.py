"""The definition of every object of a database, so that two databases can be compared."""

from __future__ import annotations

from pathlib import Path

from cli.schema.connection import connect

Definitions = dict[tuple[str, str], str]
QUERY = Path(__file__).with_suffix(".sql")


def definitions(dsn: str) -> Definitions:
    """(kind, name) → definition of every object that a migration can make."""
    with connect(dsn) as connection:
        rows = connection.execute(QUERY.read_bytes()).fetchall()
    return {(kind, name): definition for kind, name, definition in rows}


def differences(one: Definitions, other: Definitions) -> list[str]:
    """The objects that are not the same in both, each as `kind name`, sorted."""
    keys = one.keys() | other.keys()
    return sorted(f"{kind} {name}" for kind, name in keys if _unlike(one, other, (kind, name)))


def _unlike(one: Definitions, other: Definitions, key: tuple[str, str]) -> bool:
    return one.get(key) != other.get(key)
