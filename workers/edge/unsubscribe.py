"""The way out of a business's offers: a link in a mail, for people who are not signed in.

A link is followed by mail scanners too, so following it only asks. The button, and the mail
program's own one (RFC 8058), send a POST.
"""

from __future__ import annotations

import uuid

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from workers.edge import answers

PAGE = """<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>Unsubscribe</title>
<body style="font-family: sans-serif; max-width: 30em; margin: 4em auto">{body}</body></html>"""
ASK = """<p>No more offers from this business?</p>
<form method="post"><button>Unsubscribe</button></form>"""
DONE = "<p>You will get no more offers from this business.</p>"


async def page(request: Request) -> Response:
    """Ask."""
    return _refused() if _token(request) is None else HTMLResponse(PAGE.format(body=ASK))


async def done(request: Request) -> Response:
    """Withdraw the consent; an unknown token gets the same answer."""
    token = _token(request)
    if token is None:
        return _refused()
    async with request.app.state.pool.connection() as connection:
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
        "token must be the one of the mail's link.",
        details="invalid_input",
        hint="Follow the whole link of the mail.",
    )
