"""Pages behind the links of mails, for people who do not sign in: the token is the proof."""

from __future__ import annotations

import html as markup
import re
from collections.abc import Callable
from typing import Any

import psycopg
from starlette.requests import Request
from starlette.responses import Response

from workers.edge import html
from workers.edge.state import State

SUBJECT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


async def answered(
    request: Request,
    subject: str,
    *,
    title: str,
    statement: str,
    page: Callable[[Any], Response],
    fields: tuple[str, ...] = (),
) -> Response:
    """Call the database with the link and the fields, and show the answer or the refusal.

    `subject` is the parameter of the link that has the id; `statement` takes the id, the token and
    the fields.
    """
    subject_id = request.query_params.get(subject, "")
    token = request.query_params.get("token", "")
    if not SUBJECT.fullmatch(subject_id):
        return _refused(
            title, 400, "This link is not complete.", "Open the complete link of the mail."
        )
    try:
        async with State.of(request).pool.connection() as connection:
            row = await (
                await connection.execute(statement.encode(), (subject_id, token, *fields))
            ).fetchone()
    except psycopg.DatabaseError as error:
        if not (error.sqlstate or "").startswith("PT"):
            raise
        words = error.diag
        status = int((error.sqlstate or "")[2:])
        return _refused(title, status, words.message_primary or "", words.message_hint or "")
    return page(row[0] if row else None)


def _refused(title: str, status: int, sentence: str, next_step: str) -> Response:
    shown = html.page(title, f"<p>{markup.escape(sentence)} {markup.escape(next_step)}</p>")
    shown.status_code = status
    return shown
