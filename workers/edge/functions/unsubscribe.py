"""Unsubscribing from a business's offers: a link in a mail, for people who are not signed in.

The link opens a page that asks. Its button, and the mail program's own one (RFC 8058), send a POST.
"""

from __future__ import annotations

import uuid

from starlette.requests import Request
from starlette.responses import Response

from workers.edge import answers, html
from workers.edge.state import State

PATH = "/functions/v1/unsubscribe"
TITLE = "Unsubscribe"


async def ask(request: Request) -> Response:
    """Answer the page with the button."""
    if _token(request) is None:
        return _refused()
    return html.question(
        TITLE, text="Stop receiving offers from this business?", button="Unsubscribe"
    )


async def unsubscribe(request: Request) -> Response:
    """Withdraw the consent. An unknown token gets the same answer."""
    token = _token(request)
    if token is None:
        return _refused()
    async with State.of(request).pool.connection() as connection:
        await connection.execute("select engagement.unsubscribe(%s)", (token,))
    return html.page(TITLE, "<p>You will receive no more offers from this business.</p>")


def _token(request: Request) -> uuid.UUID | None:
    try:
        return uuid.UUID(request.query_params.get("token", ""))
    except ValueError:
        return None


def _refused() -> Response:
    return answers.refusal(
        400,
        "token must be the one from the link in the mail.",
        details="invalid_input",
        hint="Open the complete link from the mail.",
    )
