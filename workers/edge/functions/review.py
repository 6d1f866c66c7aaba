"""Reviewing a visit: the page behind the link of the mail after it. Nobody has to sign in."""

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

PATH = "/functions/v1/review"
TITLE = "Your review"
BOOKING = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
SHOW = "select reviews.show_invitation(%s, %s)"
WRITE = "select reviews.answer_invitation(%s, %s, %s, %s, %s)"
FORM = """<p>How was {services} at {business}?</p>
<form method="post">
<p>{stars}</p>
<p><label>What would you like to say?<br>
<textarea name="body" maxlength="5000" rows="6" style="width: 100%"></textarea></label></p>
<p><label>Your name, as others read it<br>
<input name="display_name" maxlength="80" autocomplete="name"></label></p>
<button>Send</button></form>"""
STAR = '<label><input type="radio" name="rating" value="{n}" required> {n}</label> '


async def ask(request: Request) -> Response:
    """Answer the form."""
    return await _answered(request, _form, SHOW)


async def write(request: Request) -> Response:
    """Write the review that the form sends."""
    form = await request.form()
    fields = (str(form.get(name, "")) for name in ("rating", "body", "display_name"))
    return await _answered(request, _thanks, WRITE, *fields)


async def _answered(
    request: Request, page: Callable[[Any], Response], statement: str, *fields: str
) -> Response:
    """Call the database with the link and the fields, and show the answer or the refusal."""
    booking = request.query_params.get("booking", "")
    token = request.query_params.get("token", "")
    if not BOOKING.fullmatch(booking):
        return _refused(400, "This link is not complete.", "Open the complete link of the mail.")
    try:
        async with State.of(request).pool.connection() as connection:
            row = await (
                await connection.execute(statement.encode(), (booking, token, *fields))
            ).fetchone()
    except psycopg.DatabaseError as error:
        if not (error.sqlstate or "").startswith("PT"):
            raise
        words = error.diag
        return _refused(
            int((error.sqlstate or "")[2:]), words.message_primary or "", words.message_hint or ""
        )
    return page(row[0] if row else None)


def _form(visit: dict[str, str]) -> Response:
    return html.page(
        TITLE,
        FORM.format(
            services=markup.escape(visit["services"]),
            business=markup.escape(visit["business_name"]),
            stars="".join(STAR.format(n=n) for n in range(1, 6)),
        ),
    )


def _thanks(_written: object) -> Response:
    return html.page(TITLE, "<p>Thank you for your review.</p>")


def _refused(status: int, sentence: str, next_step: str) -> Response:
    shown = html.page(TITLE, f"<p>{markup.escape(sentence)} {markup.escape(next_step)}</p>")
    shown.status_code = status
    return shown
