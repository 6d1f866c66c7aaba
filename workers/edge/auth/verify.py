"""GET and POST /verify: accept one-time tokens of links and codes."""

from __future__ import annotations

import secrets
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from workers.edge.auth.errors import AuthError, invalid
from workers.edge.auth.inputs import body, query
from workers.edge.auth.service import Service

BY_MAIL = ("signup", "invite", "recovery", "magiclink", "email_change", "email")
BY_PHONE = ("sms", "phone_change")
# The names of refusals in a redirect. Source: RFC 6749, section 4.1.2.1
OAUTH_ERRORS = {
    400: "invalid_request",
    401: "unauthorized_client",
    403: "access_denied",
    500: "server_error",
    503: "temporarily_unavailable",
    504: "temporarily_unavailable",
}


async def verify(request: Request) -> Response:
    """Accept an address with its code, or a link's token, from a client."""
    service, given = Service.of(request), await body(request)
    kind, code, token = given.text("type"), given.text("token"), given.text("token_hash")
    email, phone = given.email(), given.phone()
    if kind is None:
        raise invalid("Verify requires a verification type")
    if token is None and code is None:
        raise invalid("Verify requires a token or a token hash")
    if token is not None and (email or phone):
        raise invalid("Only the token_hash and type should be provided")
    if token is None and (email is None) == (phone is None):
        raise invalid("Only an email address or phone number should be provided on verify")
    if kind not in (BY_PHONE if phone else BY_MAIL):
        raise invalid(
            "Invalid sms verification type" if phone else "Invalid email verification type"
        )
    result = await _verified(
        request, service, verification=kind, address=email or phone, code=code, token=token
    )
    if "message" in result:
        return JSONResponse({"msg": result["message"], "code": "200"})
    return service.answer(request, result)


async def verify_link(request: Request) -> Response:
    """Accept a link's token and redirect, with a session or a code in the address."""
    service, given = Service.of(request), query(request)
    target = service.redirect_to(request)
    token, kind = given.text("token"), given.text("type")
    try:
        if token is None:
            raise invalid("Verify requires a token or a token hash")
        if kind not in BY_MAIL:
            raise invalid("Verify requires a verification type")
        auth_code = secrets.token_urlsafe(32) if token.startswith("pkce_") else None
        result = await _verified(
            request, service, verification=kind, token=token, auth_code=auth_code
        )
    except AuthError as error:
        return refused(target, error, in_query=bool(token and token.startswith("pkce_")))
    if "message" in result:
        return _lead_on(target, fragment={"message": result["message"]})
    if auth_code is not None:
        return with_code(target, auth_code)
    return signed_in(target, service.session(result), type=kind)


async def _verified(
    request: Request,
    service: Service,
    *,
    verification: str,
    address: str | None = None,
    code: str | None = None,
    token: str | None = None,
    auth_code: str | None = None,
) -> dict[str, Any]:
    """Use a token up, within the limit."""
    await service.limit(request, "VERIFY")
    result: dict[str, Any] = await service.database.call(
        "verify",
        caller=service.caller(request),
        verification=verification,
        address=address,
        code=code,
        token=token,
        auth_code=auth_code,
    )
    return result


def signed_in(target: str, session: dict[str, Any], **more: str) -> Response:
    """Redirect with a session in the fragment, which servers do not see."""
    keys = (
        *("access_token", "expires_at", "expires_in", "refresh_token", "token_type"),
        *("provider_token", "provider_refresh_token"),
    )
    return _lead_on(target, fragment={**{k: session[k] for k in keys if k in session}, **more})


def with_code(target: str, code: str) -> Response:
    """Redirect with a code, for a client that uses PKCE."""
    return _lead_on(target, query={"code": code})


def refused(target: str, error: AuthError, *, in_query: bool) -> Response:
    """Redirect with a refusal."""
    said = {
        "error": OAUTH_ERRORS.get(error.status, "invalid_request"),
        "error_code": error.code,
        "error_description": error.message,
    }
    return _lead_on(target, query=said if in_query else None, fragment=said)


def _lead_on(
    target: str,
    *,
    query: dict[str, Any] | None = None,
    fragment: dict[str, Any] | None = None,
) -> Response:
    scheme, host, path, old, _ = urlsplit(target)
    wanted = "&".join(filter(None, (old, urlencode(query or {}))))
    url = urlunsplit((scheme, host, path, wanted, urlencode(fragment or {})))
    return RedirectResponse(url, status_code=302, headers={"Cache-Control": "no-store"})
