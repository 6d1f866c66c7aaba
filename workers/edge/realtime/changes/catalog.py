"""Which views can be followed, and which of their columns a role may read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import psycopg

from workers.edge.realtime.changes.bindings import Binding

Connection = psycopg.AsyncConnection[Any]
VIEWS = """
    select view_name, view_oid, table_oid, key_columns, key_types
    from _realtime.views()
"""
COLUMNS = """
    select pg_attribute.attname, pg_type.typname, format_type(pg_attribute.atttypid, null)
    from pg_attribute
    inner join pg_type on pg_attribute.atttypid = pg_type.oid
    where
        pg_attribute.attrelid = %(view)s
        and pg_attribute.attnum > 0
        and not pg_attribute.attisdropped
        and has_column_privilege(
            %(role)s, pg_attribute.attrelid, pg_attribute.attnum, 'select'
        )
    order by pg_attribute.attnum
"""


@dataclass(frozen=True)
class View:
    """A view, the table whose rows it shows, and the key by which they are found."""

    name: str
    oid: int
    table_oid: int
    key: tuple[str, ...]
    key_types: tuple[str, ...]


@dataclass(frozen=True)
class Column:
    """A column: the name of its type as clients know it, and as SQL writes it."""

    name: str
    short_type: str
    sql_type: str


@dataclass
class Catalog:
    """What was read of the catalog. Made anew with every connection of the reader."""

    views: dict[str, View]
    _columns: dict[tuple[str, str], dict[str, Column]] = field(default_factory=dict)

    @classmethod
    async def read(cls, connection: Connection) -> Catalog:
        """Read which views can be followed."""
        rows = await (await connection.execute(VIEWS)).fetchall()
        views = (
            View(n, oid, table, tuple(key), tuple(types)) for n, oid, table, key, types in rows
        )
        return cls({view.name: view for view in views})

    def shown(self, binding: Binding) -> Iterator[View]:
        """Yield the views that a binding follows."""
        if binding.schema not in ("public", "*"):
            return
        if binding.table == "*":
            yield from self.views.values()
        elif view := self.views.get(binding.table):
            yield view

    def of_tables(self, tables: Iterable[int]) -> dict[int, list[View]]:
        """Return the views of each table."""
        wanted: dict[int, list[View]] = {oid: [] for oid in tables}
        for view in self.views.values():
            if view.table_oid in wanted:
                wanted[view.table_oid].append(view)
        return wanted

    async def columns(self, connection: Connection, view: View, role: str) -> dict[str, Column]:
        """Return the columns of a view that a role may read, in order."""
        found = self._columns.get((view.name, role))
        if found is None:
            try:
                cursor = await connection.execute(COLUMNS, {"view": view.oid, "role": role})
                found = {row[0]: Column(*row) for row in await cursor.fetchall()}
            except psycopg.errors.UndefinedObject:
                found = {}  # no such role
            self._columns[view.name, role] = found
        return found
