"""The page /: what this address is and where to go on. It shows no key."""

from __future__ import annotations

from pathlib import Path

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse

from workers.edge import html
from workers.edge.state import State

PAGE = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent), autoescape=True
).get_template("front.html")


async def page(request: Request) -> HTMLResponse:
    """Answer the page, with the API's address in it."""
    content = PAGE.render(api_url=State.of(request).settings.api_url)
    return HTMLResponse(content, headers=html.HEADERS)
