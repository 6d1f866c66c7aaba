"""The calendar feed: bookings as iCalendar, at a secret address."""

from __future__ import annotations

import json
import re
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from workers.calendars.entries import Entry, feed, instant
from workers.edge import answers
from workers.edge.etags import etag_of, is_known
from workers.edge.state import State

PATH = "/functions/v1/calendar/{token}.ics"
TOKEN = re.compile(r"[0-9a-f]{64}")
FEED = "select scheduling.calendar_feed(%s)::text"
# Part of every ETag. Increase it when the same bookings are written differently.
FORM = b"1 "


async def show(request: Request) -> Response:
    """Answer the calendar, or 404 when the token is unknown, rotated or no longer allowed."""
    token = request.path_params["token"]
    text = await _bookings(request, token) if TOKEN.fullmatch(token) else None
    if text is None:
        return await answers.not_found(request, LookupError("calendar"))
    etag = etag_of(FORM + text.encode())
    # Caches must ask every time, so that a rotated token stops working everywhere.
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    if is_known(request, etag):
        return Response(status_code=304, headers=headers)
    body = await run_in_threadpool(_rendered, json.loads(text))
    headers["Content-Disposition"] = 'inline; filename="bookings.ics"'
    return Response(body, media_type="text/calendar; charset=utf-8", headers=headers)


async def _bookings(request: Request, token: str) -> str | None:
    async with State.of(request).pool.connection() as connection:
        row = await (await connection.execute(FEED, (token,))).fetchone()
    return row[0] if row else None


def _rendered(shown: dict[str, Any]) -> bytes:
    return feed(shown["name"], map(_entry, shown["entries"]))


def _entry(shown: dict[str, Any]) -> Entry:
    return Entry(
        key=shown["id"],
        sequence=shown["sequence"],
        status=shown["status"],
        starts_at=instant(shown["starts_at"]),
        ends_at=instant(shown["ends_at"]),
        changed_at=instant(shown["changed_at"]),
        summary=f"{shown['service_names']} · {shown['party']}",
        description="\n".join(filter(None, (shown["reference"], shown["staff_names"]))),
        location=shown["address"],
    )
