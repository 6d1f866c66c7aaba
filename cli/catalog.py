"""What is in a database, in words that two databases can be compared by."""

from __future__ import annotations

from importlib import resources

from cli.schema import connect

Catalog = dict[tuple[str, str], str]


def catalog(dsn: str) -> Catalog:
    """(kind, name) → definition of every object that a migration can make."""
    with connect(dsn) as connection:
        rows = connection.execute(statement("catalog")).fetchall()
    return {(kind, name): definition for kind, name, definition in rows}


def differences(one: Catalog, other: Catalog) -> list[str]:
    """The objects that are not the same in both, each as `kind name`, sorted."""
    keys = one.keys() | other.keys()
    return sorted(f"{kind} {name}" for kind, name in keys if _unlike(one, other, (kind, name)))


def view_columns(dsn: str) -> dict[str, tuple[str, str]]:
    """Comments and grants on columns of views: key → the statements that make and unmake it."""
    with connect(dsn) as connection:
        rows = connection.execute(statement("view_columns")).fetchall()
    return {key: (make, unmake) for key, make, unmake in rows}


def column_order(dsn: str) -> dict[str, list[str]]:
    """The columns of every table, in order; the table as "schema"."table"."""
    with connect(dsn) as connection:
        rows = connection.execute(statement("column_order")).fetchall()
    return dict(rows)


def statement(name: str) -> str:
    """The SQL of cli/sql/<name>.sql."""
    return (resources.files("cli") / "sql" / f"{name}.sql").read_text("utf-8")


def _unlike(one: Catalog, other: Catalog, key: tuple[str, str]) -> bool:
    return one.get(key) != other.get(key)
