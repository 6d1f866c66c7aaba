"""Reviewing a visit: the page behind the link of the mail after it. Nobody has to sign in."""

from __future__ import annotations

import html as markup

from starlette.requests import Request
from starlette.responses import Response

from workers.edge import html
from workers.edge.functions import linked

PATH = "/functions/v1/review"
TITLE = "Your review"
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
    return await linked.answered(request, "booking", title=TITLE, statement=SHOW, page=_form)


async def write(request: Request) -> Response:
    """Write the review that the form sends."""
    form = await request.form()
    fields = tuple(str(form.get(name, "")) for name in ("rating", "body", "display_name"))
    return await linked.answered(
        request, "booking", title=TITLE, statement=WRITE, page=_thanks, fields=fields
    )


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
