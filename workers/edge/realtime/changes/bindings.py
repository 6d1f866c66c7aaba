"""What a client wants to follow, read from `config.postgres_changes` of its join."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workers.edge.realtime.changes.filters import Filter, FilterError, inspect, parse
from workers.edge.realtime.interfaces import RefusedError

EVENTS = ("INSERT", "UPDATE", "DELETE")


@dataclass(frozen=True)
class Binding:
    """One entry. `table` is a view's name or `*`; without `select` every column is sent."""

    event: str
    schema: str
    table: str
    filters: tuple[Filter, ...]
    select: tuple[str, ...] | None
    cursor: str | None = None

    @property
    def id(self) -> int:
        """The same number for the same parameters."""
        parts = [self.event, self.schema, self.table, [f.in_words() for f in self.filters]]
        return zlib.crc32(json.dumps([*parts, self.select]).encode()) & 0x7FFFFFFF

    def fits(self, operation: str) -> bool:
        """Whether it follows this kind of change."""
        return self.event in ("*", operation)

    def in_words(self) -> str:
        """Return it as Supabase prints the parameters in its errors."""
        filters = ", ".join(each.in_words() for each in self.filters)
        chosen = "nil" if self.select is None else f"[{', '.join(map(inspect, self.select))}]"
        return (
            f"[event: {self.event}, schema: {self.schema}, table: {self.table}, "
            f"filters: [{filters}], select: {chosen}]"
        )


def read(sent: Mapping[str, Any]) -> Binding:
    """Return the binding that a client sent.

    Raises:
        RefusedError: in Supabase's words.
    """
    schema, table = sent.get("schema"), sent.get("table")
    if not isinstance(schema, str) and not isinstance(table, str):
        given = ", ".join(f"{inspect(str(k))} => {json.dumps(v)}" for k, v in sent.items())
        raise RefusedError(
            "No subscription params provided. Please provide at least a `schema` or `table` "
            f"to subscribe to: %{{{given}}}"
        )
    schema = schema if isinstance(schema, str) else "public"
    table = table if isinstance(table, str) else "*"
    select = _select(sent.get("select"))
    if select is not None and "*" in (schema, table):
        raise RefusedError(
            "Column selection is not supported for wildcard subscriptions. "
            "Provide an explicit schema and table name."
        )
    event = str(sent.get("event", "*")).upper()
    cursor = sent.get("cursor")
    return Binding(
        event=event if event in EVENTS else "*",
        schema=schema,
        table=table,
        filters=_filters(sent.get("filter")),
        select=select,
        cursor=cursor if isinstance(cursor, str) else None,
    )


def _filters(text: object) -> tuple[Filter, ...]:
    try:
        return parse(text) if isinstance(text, str) else ()
    except FilterError as error:
        raise RefusedError(f"Error parsing `filter` params: {error}") from error


def _select(columns: object) -> tuple[str, ...] | None:
    if isinstance(columns, str):
        raise RefusedError(
            "Error parsing `select` params: expected a list of column name strings, "
            'e.g. select: ["col1", "col2"]'
        )
    if not isinstance(columns, list):
        return None
    return tuple(sorted({name for name in columns if isinstance(name, str)})) or None
