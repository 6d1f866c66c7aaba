"""Sign-in with an identity provider: by redirects or its ID token, and linking of identities."""

from __future__ import annotations

import secrets
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from workers.edge.auth import providers, verify
from workers.edge.auth.endpoints import endpoints
from workers.edge.auth.errors import AuthError, invalid
from workers.edge.auth.inputs import Input, identifier, query
from workers.edge.auth.jwks import require_nonce
from workers.edge.auth.providers import Profile
from workers.edge.auth.service import Service
from workers.edge.auth.settings import Provider

STATE_EXP = 300  # seconds, the longest stay at the provider
# Parameters of /authorize that we read. All others are passed to the provider.
OURS = frozenset(
    (
        *("provider", "scopes", "redirect_to", "code_challenge", "code_challenge_method"),
        *("skip_http_redirect", "invite_token", "state", "client_id", "redirect_uri"),
    )
)
ISSUERS = {
    "https://accounts.google.com": "google",
    "https://appleid.apple.com": "apple",
    "https://www.facebook.com": "facebook",
}


async def authorize(request: Request) -> Response:
    """Redirect a browser to a provider."""
    service = Service.of(request)
    await service.limit(request, "SIGN_IN")
    return RedirectResponse(await _provider_url(request, service, None), status_code=302)


async def link(request: Request) -> Response:
    """Redirect the signed-in user to a provider, to link its identity to their account."""
    service = Service.of(request)
    caller = service.user(request)
    require_linking(service)
    await service.database.call("get_user", caller=caller)
    url = await _provider_url(request, service, caller)
    if request.query_params.get("skip_http_redirect") == "true":
        return JSONResponse({"url": url})
    return RedirectResponse(url, status_code=302)


async def unlink(request: Request) -> Response:
    """Unlink an identity from the caller's account."""
    service = Service.of(request)
    caller = service.user(request)
    require_linking(service)
    identity_id = identifier(
        request.path_params["identity_id"],
        AuthError(404, "validation_failed", "identity_id must be an UUID"),
    )
    return JSONResponse(
        await service.database.call("unlink_identity", caller=caller, identity_id=identity_id)
    )


def require_linking(service: Service) -> None:
    """Refuse if users may not link identities themselves."""
    if not service.settings.linking_is_enabled:
        raise AuthError(404, "manual_linking_disabled", "Manual linking is disabled")


async def _provider_url(request: Request, service: Service, caller: dict[str, Any] | None) -> str:
    given = query(request)
    provider = provider_named(service, given.text("provider"))
    challenge = given.challenge()
    flow_id = None
    if challenge:
        flow_id = await service.database.call(
            "begin_oauth",
            provider=provider.name,
            challenge=challenge["code_challenge"],
            challenge_method=challenge["code_challenge_method"],
        )
    state = service.keyring.seal(
        {
            "provider": provider.name,
            "redirect_to": service.redirect_to(request),
            "flow_id": str(flow_id) if flow_id else None,
            "caller": caller,
            "nonce": secrets.token_urlsafe(16),
        },
        seconds=STATE_EXP,
    )
    asked = {name: value for name, value in given.fields.items() if name not in OURS}
    return providers.authorization_url(provider, scopes=given.text("scopes"), state=state, **asked)


def provider_named(service: Service, name: str | None) -> Provider:
    """Return an enabled provider by its name, or raise AuthError."""
    provider = service.settings.providers.get(name or "")
    if provider is None or not provider.client_ids:
        raise invalid("Unsupported provider: provider is not enabled")
    return provider


async def callback(request: Request) -> Response:
    """Accept a browser's return from a provider and redirect it, signed in or refused."""
    service = Service.of(request)
    said = dict(request.query_params)
    if request.method == "POST":
        said |= dict(parse_qsl((await request.body()).decode(errors="replace")))
    state: dict[str, Any] = {"redirect_to": service.settings.site_url}
    try:
        if not said.get("state"):
            raise AuthError(400, "bad_oauth_callback", "OAuth state parameter missing")
        state = service.keyring.unseal(said["state"])
        return await _come_back(request, service, Input(said), state)
    except AuthError as error:
        return verify.refused(state["redirect_to"], error, in_query=bool(state.get("flow_id")))


async def _come_back(
    request: Request, service: Service, said: Input, state: dict[str, Any]
) -> Response:
    if refusal := said.text("error"):
        description = said.text("error_description") or refusal
        raise AuthError(400, "bad_oauth_callback", description)
    code = said.text("code")
    if code is None:
        raise AuthError(400, "bad_oauth_callback", "OAuth callback with missing authorization code")
    provider = provider_named(service, state["provider"])
    profile, tokens = await providers.exchange(provider, code, service.jwks)
    auth_code = secrets.token_urlsafe(32) if state["flow_id"] else None
    result = await enter(
        request,
        service,
        provider,
        profile,
        caller=state["caller"],
        flow_id=state["flow_id"],
        auth_code=auth_code,
        provider_tokens=tokens,
    )
    if auth_code is not None:
        return verify.with_code(state["redirect_to"], auth_code)
    return verify.signed_in(state["redirect_to"], service.session(result))


async def enter(
    request: Request,
    service: Service,
    provider: Provider,
    profile: Profile,
    *,
    caller: dict[str, Any] | None,
    flow_id: str | None = None,
    auth_code: str | None = None,
    provider_tokens: dict[str, str] | None = None,
) -> dict[str, Any]:
    """Sign in with a provider's identity or, with a caller, link it to their account."""
    shared = {
        "provider": provider.name,
        "provider_id": profile.subject,
        "identity_data": profile.as_identity(endpoints(provider).issuer),
        "email": profile.email,
        "email_verified": profile.email_verified,
        "flow_id": flow_id,
        "auth_code": auth_code,
        "provider_tokens": provider_tokens,
    }
    if caller is not None:
        linked: dict[str, Any] = await service.database.call(
            "link_identity", caller=caller, **shared
        )
        return linked
    signed_in: dict[str, Any] = await service.database.call(
        "sign_in_with_identity",
        caller=service.caller(request),
        creates=not service.settings.signup_is_disabled,
        message=service.message(request, Input({})),
        **shared,
    )
    return signed_in


async def id_token(request: Request, service: Service, given: Input) -> Response:
    """POST /token?grant_type=id_token: sign in with an ID token from the provider's own SDK."""
    token, issuer = given.text("id_token"), given.text("issuer")
    name = given.text("provider") or ISSUERS.get(issuer or "")
    if token is None:
        raise invalid("id_token required")
    if name is None:
        raise invalid("provider or client_id and issuer required")
    await service.limit(request, "SIGN_IN")
    await service.require_human(given)
    provider = service.settings.providers.get(name)
    if provider is None:
        known = next((url for url, whose in ISSUERS.items() if whose == name), issuer or name)
        raise AuthError(400, "provider_disabled", f'Provider (issuer "{known}") is not enabled')
    caller = service.user(request) if given.flag("link_identity") else None
    if caller is not None:
        require_linking(service)
    claims = await service.jwks.id_token(provider, token)
    require_nonce(claims, given.text("nonce"), skips=provider.skips_nonce_check)
    profile = providers.profile(provider, claims)
    return service.answer(request, await enter(request, service, provider, profile, caller=caller))
