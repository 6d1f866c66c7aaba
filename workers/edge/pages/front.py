"""The page /: what this address is and where to go on. It shows no key."""

from __future__ import annotations

from pathlib import Path

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse

from workers.edge.state import State

PAGE = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent), autoescape=True
).get_template("front.html")
# The page has one style and nothing else, and no other site may show it in a frame.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
}


async def page(request: Request) -> HTMLResponse:
    """Answer the page, with the API's address in it."""
    return HTMLResponse(PAGE.render(api_url=State.of(request).settings.api_url), headers=HEADERS)
