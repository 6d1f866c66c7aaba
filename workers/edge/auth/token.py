"""POST /token: a session for a password, a refresh token, a code or an ID token."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from workers.edge.auth import cookies, external, passwords
from workers.edge.auth.errors import AuthError, invalid
from workers.edge.auth.inputs import Input, body
from workers.edge.auth.service import Service

Grant = Callable[[Request, Service, Input], Awaitable[Response]]


async def token(request: Request) -> Response:
    """Answer a session for the grant that the query's grant_type names."""
    grant = GRANTS.get(request.query_params.get("grant_type", ""))
    if grant is None:
        raise AuthError(400, "invalid_credentials", "unsupported_grant_type")
    return await grant(request, Service.of(request), await body(request))


async def _password(request: Request, service: Service, given: Input) -> Response:
    email, phone = given.email(), given.phone()
    password = given.text("password") or ""
    if (email is None) == (phone is None):
        raise invalid(
            "Only an email address or phone number should be provided on login."
            if email
            else "missing email or phone"
        )
    if email and not service.settings.email_is_enabled:
        raise AuthError(422, "email_provider_disabled", "Email logins are disabled")
    if phone and not service.settings.phone_is_enabled:
        raise AuthError(422, "phone_provider_disabled", "Phone logins are disabled")
    await service.limit(request, "SIGN_IN")
    await service.require_human(given)
    call, caller = service.database.call, service.caller(request)
    found = await call("password_of", caller=caller, email=email, phone=phone)
    if not await passwords.matches(password, found["hash"]):
        await call("wrong_password", caller=caller, email=email, phone=phone)
        raise AuthError(400, "invalid_credentials", "Invalid login credentials")
    return service.answer(
        request,
        await call(
            "sign_in_with_password",
            caller=caller,
            user_id=found["user_id"],
            password_hash=found["hash"],
            channel="email" if email else "phone",
        ),
    )


async def _refresh_token(request: Request, service: Service, given: Input) -> Response:
    held = given.text("refresh_token")
    if held == cookies.STAND_IN:
        held = cookies.held(service.settings, request)
    if held is None:
        raise invalid("refresh_token required")
    await service.limit(request, "TOKEN_REFRESH")
    return service.answer(
        request,
        await service.database.call(
            "refresh",
            caller=service.caller(request),
            token=service.keyring.refresh_token_name(held),
        ),
    )


async def _pkce(request: Request, service: Service, given: Input) -> Response:
    code, verifier = given.text("auth_code"), given.text("code_verifier")
    if code is None or verifier is None:
        raise invalid("invalid request: both auth code and code verifier should be non-empty")
    await service.limit(request, "TOKEN_REFRESH")
    return service.answer(
        request,
        await service.database.call(
            "exchange_code", caller=service.caller(request), code=code, verifier=verifier
        ),
    )


async def _web3(_request: Request, _service: Service, _given: Input) -> Response:
    raise AuthError(422, "web3_provider_disabled", "Web3 provider is disabled")


GRANTS: dict[str, Grant] = {
    "password": _password,
    "refresh_token": _refresh_token,
    "pkce": _pkce,
    "id_token": external.id_token,
    "web3": _web3,
}
