"""OAuth 2.1, for clients: tokens for a code, refreshing and revoking them, who the user is."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from authlib.oauth2.rfc6749 import scope_to_list
from authlib.oauth2.rfc6749.util import extract_basic_authorization
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from workers.edge.auth.errors import AuthError, invalid
from workers.edge.auth.inputs import LONGEST_BODY, Input, body, identifier
from workers.edge.auth.oauth_clients import GRANTS, require_on
from workers.edge.auth.service import Service

NOT_CACHED = {"Cache-Control": "no-store", "Pragma": "no-cache"}


async def token(request: Request) -> Response:
    """Answer with tokens for a code, or for a refresh token."""
    service = require_on(Service.of(request))
    try:
        await service.limit(request, "TOKEN_REFRESH")
        given = await _form(request)
        client = _client(request, given)
        grant_type = given.text("grant_type")
        if grant_type is None:
            raise AuthError(400, "invalid_request", "grant_type is required")
        if grant_type not in GRANTS:
            raise AuthError(
                400, "unsupported_grant_type", f"grant_type must be {' or '.join(GRANTS)}"
            )
        exchange = _exchange_code if grant_type == "authorization_code" else _refresh
        grant = await exchange(service, request, client, given)
    except AuthError as error:
        raise _in_oauth_words(error) from None
    return JSONResponse(_tokens(service, grant), headers=NOT_CACHED)


async def _exchange_code(
    service: Service, request: Request, client: dict[str, Any], given: Input
) -> dict[str, Any]:
    named = {name: given.text(name) for name in ("code", "redirect_uri", "code_verifier")}
    for name, value in named.items():
        if value is None:
            raise AuthError(400, "invalid_request", f"{name} is required")
    grant: dict[str, Any] = await service.database.call(
        "exchange_authorization",
        caller=service.caller(request),
        client=client,
        code=named["code"],
        redirect_uri=named["redirect_uri"],
        verifier=named["code_verifier"],
    )
    return grant


async def _refresh(
    service: Service, request: Request, client: dict[str, Any], given: Input
) -> dict[str, Any]:
    held = given.text("refresh_token")
    if held is None:
        raise AuthError(400, "invalid_request", "refresh_token is required")
    grant: dict[str, Any] = await service.database.call(
        "refresh_for_client",
        caller=service.caller(request),
        client=client,
        token=service.keyring.refresh_token_name(held),
    )
    return grant


def _tokens(service: Service, grant: dict[str, Any]) -> dict[str, Any]:
    session = service.session(grant)
    names = ("access_token", "token_type", "expires_in", "refresh_token")
    answer = {**{name: session[name] for name in names}, "scope": grant["scope"]}
    if "openid" in scope_to_list(grant["scope"]):
        answer["id_token"] = service.keyring.sign(_id_claims(service, grant))
    return answer


def _id_claims(service: Service, grant: dict[str, Any]) -> dict[str, Any]:
    """Return the claims of an ID token: who signed in, for which client."""
    claims = grant["claims"]
    told = {
        "iss": claims["iss"],
        "sub": claims["sub"],
        "aud": claims["client_id"],
        "exp": claims["exp"],
        "iat": claims["iat"],
        "auth_time": claims["iat"],
        **_about(grant["user"], grant["scope"]),
    }
    return {**told, "nonce": grant["nonce"]} if grant.get("nonce") else told


async def user_info(request: Request) -> Response:
    """Answer with what a client may know of the user it acts for."""
    service = require_on(Service.of(request))
    claims = service.bearer(request)
    if "client_id" not in claims:
        raise AuthError(403, "no_authorization", "This token is not an OAuth client's")
    caller = service.user(request, for_clients=True)
    user = await service.database.call("get_user", caller=caller)
    told = {"sub": user["id"], **_about(user, claims.get("scope") or "")}
    return JSONResponse(told, headers=NOT_CACHED)


def _about(user: dict[str, Any], scope: str) -> dict[str, Any]:
    """Return the claims of OpenID Connect that a scope opens."""
    known, scopes = user["user_metadata"], scope_to_list(scope)
    told: dict[str, Any] = {}
    if "email" in scopes and user["email"]:
        told |= {"email": user["email"], "email_verified": "email_confirmed_at" in user}
    if "phone" in scopes and user["phone"]:
        told |= {
            "phone_number": f"+{user['phone']}",
            "phone_number_verified": "phone_confirmed_at" in user,
        }
    if "profile" in scopes:
        named = {
            "name": known.get("full_name") or known.get("name"),
            "picture": known.get("avatar_url") or known.get("picture"),
            "preferred_username": known.get("user_name") or known.get("preferred_username"),
        }
        told |= {name: value for name, value in named.items() if value}
    return told


async def revoke(request: Request) -> Response:
    """End the session of a token (RFC 7009), unless it is somebody else's."""
    service = require_on(Service.of(request))
    try:
        given = await _form(request)
        client = _client(request, given)
        held = given.text("token")
        if held is None:
            raise AuthError(400, "invalid_request", "token is required")
        await service.database.call(
            "end_client_session", client=client, session_id=_session_of(service, held)
        )
    except AuthError as error:
        raise _in_oauth_words(error) from None
    return Response(headers=NOT_CACHED)


def _session_of(service: Service, held: str) -> str | None:
    """Return the session of an access token or a refresh token."""
    try:
        claims = service.keyring.claims(held) if held.count(".") == 2 else None
        if claims is None:
            return service.keyring.refresh_token_name(held).partition(":")[0]
        return identifier(claims.get("session_id"), invalid("session_id must be a UUID"))
    except AuthError:
        return None


def _client(request: Request, given: Input) -> dict[str, Any]:
    """Return who a client says it is, and how it shows that.

    Raises:
        AuthError: 401 invalid_client, 400 invalid_request.
    """
    failed = AuthError(
        401,
        "invalid_client",
        "Client authentication required",
        headers={"WWW-Authenticate": 'Basic realm="oauth"'},
    )
    try:
        name, password = extract_basic_authorization(request.headers)
    except ValueError:
        raise failed from None
    posted, secret = given.text("client_id"), given.text("client_secret")
    if name is None:
        method = "none" if secret is None else "client_secret_post"
        return {"id": identifier(posted, failed), "secret": secret, "method": method}
    if secret is not None:
        raise AuthError(400, "invalid_request", "Only one way to authenticate may be used")
    return {"id": identifier(name, failed), "secret": password, "method": "client_secret_basic"}


async def _form(request: Request) -> Input:
    """Return the fields of a form, or of a JSON object.

    Raises:
        AuthError: 400 invalid_request.
    """
    if "application/json" in request.headers.get("content-type", ""):
        return await body(request)
    raw = await request.body()
    if len(raw) > LONGEST_BODY:
        raise AuthError(413, "request_entity_too_large", "The body is too long.")
    try:
        pairs = parse_qsl(raw.decode(), strict_parsing=bool(raw), errors="strict")
    except ValueError:
        raise AuthError(400, "invalid_request", "The body is not a form") from None
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise AuthError(400, "invalid_request", "A parameter is given twice")
    if any("\0" in value for value in fields.values()):
        raise AuthError(400, "invalid_request", "A parameter contains U+0000")
    return Input(fields)


def _in_oauth_words(error: AuthError) -> AuthError:
    """Return a refusal with the members of OAuth's beside Supabase's (RFC 6749, section 5.2)."""
    known = {
        "invalid_request",
        "invalid_client",
        "invalid_grant",
        "unauthorized_client",
        "unsupported_grant_type",
    }
    word = error.code if error.code in known else "invalid_request"
    if error.code in ("refresh_token_not_found", "refresh_token_already_used", "session_expired"):
        word = "invalid_grant"
    if error.status >= 500:
        word = "temporarily_unavailable"
    extra = {**error.extra, "error": word, "error_description": error.message}
    return AuthError(error.status, error.code, error.message, extra, error.headers)
