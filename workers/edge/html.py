"""Pages in a browser: their frame, and the headers that keep other sites out of them."""

from __future__ import annotations

import html

from starlette.responses import HTMLResponse

PAGE = """<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>{title}</title>
<body style="font-family: sans-serif; max-width: 30em; margin: 4em auto; padding: 0 1em">
{body}</body></html>"""
# No script, no other site, no frame. Addresses of pages may hold a token, so they are sent nowhere.
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def page(title: str, body: str) -> HTMLResponse:
    """Return a small page that nobody stores; `body` is HTML."""
    content = PAGE.format(title=html.escape(title), body=body)
    return HTMLResponse(content, headers={**HEADERS, "Cache-Control": "no-store"})


def question(title: str, *, text: str, button: str) -> HTMLResponse:
    """Return a page with a button that sends a POST to the same address.

    Mail scanners open every link, so a link only asks, and the button acts.
    """
    form = f'<form method="post"><button>{html.escape(button)}</button></form>'
    return page(title, f"<p>{html.escape(text)}</p>\n{form}")
