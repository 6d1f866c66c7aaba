"""GET and POST /confirm: where the links in our mails lead.

GET /verify uses a token up, as with Supabase Auth. Mail scanners open every link before the person
does, so the links of our own mails open a page instead, and its button sends the token.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from workers.edge import html
from workers.edge.auth.verify import verify_link

# What the page asks and what its button says, by the type of the token.
WORDS = {
    "signup": ("Confirm your e-mail address and sign in?", "Confirm"),
    "invite": ("Accept the invitation and sign in?", "Accept"),
    "recovery": ("Sign in to choose a new password?", "Continue"),
    "email_change": ("Confirm the change of your e-mail address?", "Confirm"),
}
SIGN_IN = ("Sign in?", "Sign in")


async def ask(request: Request) -> Response:
    """Answer the page with the button. The token stays as it is."""
    text, button = WORDS.get(request.query_params.get("type", ""), SIGN_IN)
    return html.question(button, text=text, button=button)


async def confirm(request: Request) -> Response:
    """Accept the token of the address, and redirect as GET /verify does."""
    return await verify_link(request)
