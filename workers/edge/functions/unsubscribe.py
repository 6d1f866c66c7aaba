"""Unsubscribing from a business's offers: a link in a mail, for people who are not signed in.

Mail scanners follow links too, so the link only opens a page that asks. Its button, and the mail
program's own one (RFC 8058), send a POST.
"""

from __future__ import annotations

import uuid

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from workers.edge import answers
from workers.edge.state import State

PATH = "/functions/v1/unsubscribe"
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>Unsubscribe</title>
<body style="font-family: sans-serif; max-width: 30em; margin: 4em auto">{body}</body></html>"""
QUESTION = """<p>Stop receiving offers from this business?</p>
<form method="post"><button>Unsubscribe</button></form>"""
DONE = "<p>You will receive no more offers from this business.</p>"


async def ask(request: Request) -> Response:
    """Answer the page with the button."""
    return _refused() if _token(request) is None else HTMLResponse(PAGE.format(body=QUESTION))


async def unsubscribe(request: Request) -> Response:
    """Withdraw the consent. An unknown token gets the same answer."""
    token = _token(request)
    if token is None:
        return _refused()
    async with State.of(request).pool.connection() as connection:
        await connection.execute("select engagement.unsubscribe(%s)", (token,))
    return HTMLResponse(PAGE.format(body=DONE))


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
