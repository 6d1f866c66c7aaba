"""Writes a change as clients read it."""

from __future__ import annotations

import json
from collections.abc import Sequence

from workers.edge.realtime.changes.catalog import Column, View
from workers.edge.realtime.changes.history import Entry

MAX_BYTES = 1024 * 1024
MAX_VALUE = 64  # bytes of each value, where the whole is too large


def written(
    entry: Entry, view: View, columns: Sequence[Column], *, record: str | None, key: str
) -> bytes:
    """Return the `data` of a change. `record` and `key` are JSON; a deleted row has no record."""
    errors = "null"
    if record is not None and len(record) > MAX_BYTES:
        record, errors = _thinned(record), '["Error 413: Payload Too Large"]'
    moment = entry.committed_at.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
    described = [{"name": column.name, "type": column.short_type} for column in columns]
    parts = {
        "schema": '"public"',
        "table": json.dumps(view.name),
        "type": json.dumps(entry.operation),
        "commit_timestamp": json.dumps(moment),
        "columns": json.dumps(described),
        "errors": errors,
    }
    if record is not None:
        parts["record"] = record
    if entry.operation != "INSERT":
        parts["old_record"] = key
    return ("{" + ",".join(f'"{name}":{value}' for name, value in parts.items()) + "}").encode()


def _thinned(record: str) -> str:
    values = json.loads(record)
    return json.dumps({k: v for k, v in values.items() if len(json.dumps(v)) <= MAX_VALUE})
