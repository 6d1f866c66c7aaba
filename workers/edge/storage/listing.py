"""Lists of objects: pages by number as in the first version, or by a cursor."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from workers.edge.storage import inputs
from workers.edge.storage.caller import caller_of
from workers.edge.storage.database import Row
from workers.edge.storage.errors import invalid
from workers.edge.storage.service import Service

MOST = 1000  # rows of a page; more are asked for with the next one
FARTHEST = 100_000  # rows that a page by number may skip
SORTED_BY = ("name", "updated_at", "created_at", "last_accessed_at")
TIMES = ("updated_at", "created_at", "last_accessed_at")


async def list_objects(request: Request) -> Response:
    """List what lies directly in a folder. Folders have no id."""
    given = await inputs.json_object(request)
    prefix = inputs.text(given, "prefix")
    column, order = _order(given, SORTED_BY)
    page = {
        "bucket": request.path_params["bucket"],
        "prefix": f"{prefix}/" if prefix and not prefix.endswith("/") else prefix,
        "limit": inputs.whole(given, "limit", 100, least=1, most=MOST),
        "offset": inputs.whole(given, "offset", 0, least=0, most=FARTHEST),
        "search": inputs.text(given, "search", ""),
        "column": column,
        "order": order,
    }
    caller = await caller_of(request)
    database = Service.of(request).database
    async with database.acting(caller, "object.list", request) as session:
        rows = await session.rows("list_objects", **page)
    return JSONResponse([_shown(row) for row in rows])


async def list_objects_v2(request: Request) -> Response:
    """List objects below a prefix, and with a delimiter the folders among them."""
    given = await inputs.json_object(request)
    column, order = _order(given, SORTED_BY[:3])
    limit = inputs.whole(given, "limit", MOST, least=1, most=MOST)
    after = _opened(inputs.text(given, "cursor", ""))
    page = {
        "bucket": request.path_params["bucket"],
        "prefix": inputs.text(given, "prefix", ""),
        "limit": limit + 1,
        "column": column,
        "order": order,
        "after": after.get("key", ""),
        "after_at": after.get("at", ""),
    }
    by_folder = inputs.flag(given, "with_delimiter", default=False)
    caller = await caller_of(request)
    database = Service.of(request).database
    async with database.acting(caller, "object.list_v2", request) as session:
        rows = await session.rows("list_by_folder" if by_folder else "list_flat", **page)
    return JSONResponse(_page(rows, limit, column))


def _order(given: dict[str, Any], columns: tuple[str, ...]) -> tuple[str, str]:
    """Return the column and the direction of a list."""
    wanted = inputs.mapping(given, "sortBy")
    column = inputs.text(wanted, "column", "name") or "name"
    order = inputs.text(wanted, "order", "asc") or "asc"
    if column not in columns:
        raise invalid("body/sortBy/column must be equal to one of the allowed values")
    if order not in ("asc", "desc"):
        raise invalid("body/sortBy/order must be equal to one of the allowed values")
    return column, order


def _page(rows: list[Row], limit: int, column: str) -> dict[str, Any]:
    """Return a page, and the cursor of the next one when there is one."""
    has_next, rows = len(rows) > limit, rows[:limit]
    answer: dict[str, Any] = {
        "hasNext": has_next,
        "folders": [{"key": r["key"], "name": r["key"]} for r in rows if r["id"] is None],
        "objects": [{**_shown(r), "key": r["key"]} for r in rows if r["id"] is not None],
    }
    if has_next:
        last = rows[-1]
        at = last[column].isoformat() if column != "name" and last["id"] is not None else ""
        answer["nextCursor"] = _sealed({"key": last["key"], "at": at})
    return answer


def _sealed(cursor: dict[str, str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(cursor).encode()).decode()


def _opened(cursor: str) -> dict[str, str]:
    """Return where the page before ended. A cursor shows nothing that a list would not show.

    Raises:
        StorageError: 400 for something else than a cursor of ours.
    """
    if not cursor:
        return {}
    try:
        found = json.loads(base64.b64decode(cursor, altchars=b"-_", validate=True))
        return {name: inputs.text(found, name) for name in ("key", "at")}
    except (ValueError, binascii.Error, AttributeError):
        raise invalid("body/cursor is not a cursor", code="InvalidParameter") from None


def _shown(row: Row) -> dict[str, Any]:
    return {
        "name": row["name"],
        "id": None if row["id"] is None else str(row["id"]),
        **{name: row[name].isoformat() if row[name] else None for name in TIMES},
        "metadata": row["metadata"],
    }
