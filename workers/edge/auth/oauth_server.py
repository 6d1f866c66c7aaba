"""OAuth 2.1: signing in elsewhere with an account of here.

`authorize` leads to the site's page, which asks the user through `/oauth/authorizations/…`. The
client exchanges the code at `/oauth/token`.
"""

from __future__ import annotations

import secrets
from typing import Any

from authlib.common.urls import add_params_to_uri
from authlib.oauth2.rfc6749 import scope_to_list
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from workers.edge.auth.errors import invalid
from workers.edge.auth.inputs import body, identifier, query
from workers.edge.auth.oauth_clients import GRANTS, METHODS, require_on
from workers.edge.auth.service import Service

SCOPES = ("openid", "email", "phone", "profile")
ENDPOINTS = {
    "authorization_endpoint": "/oauth/authorize",
    "token_endpoint": "/oauth/token",
    "revocation_endpoint": "/oauth/revoke",
    "userinfo_endpoint": "/oauth/userinfo",
    "jwks_uri": "/.well-known/jwks.json",
}


async def metadata(request: Request) -> Response:
    """Describe the server (RFC 8414, OpenID Connect Discovery)."""
    service = require_on(Service.of(request))
    ours = service.settings
    described: dict[str, Any] = {
        "issuer": ours.issuer,
        **{name: f"{ours.external_url}{path}" for name, path in ENDPOINTS.items()},
        "scopes_supported": list(_scopes(service)),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": list(GRANTS),
        "token_endpoint_auth_methods_supported": [
            method for methods in METHODS.values() for method in methods
        ],
        "code_challenge_methods_supported": ["S256", "plain"],
    }
    if ours.clients_may_register:
        described["registration_endpoint"] = f"{ours.external_url}/oauth/clients/register"
    if service.keyring.is_public:
        described |= {
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [service.keyring.algorithm],
        }
    return JSONResponse(described, headers={"Cache-Control": "public, max-age=600"})


def _scopes(service: Service) -> tuple[str, ...]:
    """Return what clients may ask for; ID tokens only where anybody can check their signature."""
    return tuple(each for each in SCOPES if each != "openid" or service.keyring.is_public)


async def authorize(request: Request) -> Response:
    """Keep what a client asks for, and lead to the page that asks the user."""
    service, asked = require_on(Service.of(request)), query(request)
    await service.limit(request, "SIGN_IN")
    client_id = identifier(asked.text("client_id"), invalid("client_id must be a UUID"))
    redirect_uri = asked.text("redirect_uri")
    if redirect_uri is None:
        raise invalid("redirect_uri is required")
    if (asked.text("response_type") or "code") != "code":
        raise invalid("Only response_type=code is supported")
    challenge = asked.challenge()
    if not challenge:
        raise invalid("PKCE flow requires both code_challenge and code_challenge_method")
    scope = asked.text("scope") or service.settings.default_scope
    if not set(scope_to_list(scope)) <= set(_scopes(service)):
        raise invalid(f"scope must only contain: {' '.join(_scopes(service))}")
    kept = await service.database.call(
        "begin_authorization",
        client_id=client_id,
        redirect_uri=redirect_uri,
        request={
            "scope": scope,
            **challenge,
            **{name: asked.text(name) for name in ("state", "resource", "nonce")},
        },
    )
    page = f"{service.settings.site_url.rstrip('/')}/{service.settings.consent_path.lstrip('/')}"
    return RedirectResponse(add_params_to_uri(page, list(kept.items())), status_code=302)


async def get_authorization(request: Request) -> Response:
    """Answer with what a client asks of the caller, or where to go if that was agreed to before."""
    service = require_on(Service.of(request))
    code = secrets.token_urlsafe(32)
    found = await service.database.call(
        "get_authorization",
        caller=service.user(request),
        authorization_id=request.path_params["authorization_id"],
        code=code,
    )
    return JSONResponse(_decided(service, found, code) if "is_approved" in found else found)


async def consent(request: Request) -> Response:
    """Approve or deny what a client asks, and answer where to lead the user."""
    service, given = require_on(Service.of(request)), await body(request)
    action = given.text("action")
    if action not in ("approve", "deny"):
        raise invalid("action must be 'approve' or 'deny'")
    code = secrets.token_urlsafe(32)
    found = await service.database.call(
        "decide_authorization",
        caller=service.user(request),
        authorization_id=request.path_params["authorization_id"],
        approves=action == "approve",
        code=code,
    )
    return JSONResponse(_decided(service, found, code))


def _decided(service: Service, found: dict[str, Any], code: str) -> dict[str, str]:
    """Return the client's address with the code, or with the user's no."""
    told = [("iss", service.settings.issuer)]
    if found["state"] is not None:
        told.append(("state", found["state"]))
    if found["is_approved"]:
        told.append(("code", code))
    else:
        told += [("error", "access_denied"), ("error_description", "User denied the request")]
    return {"redirect_url": add_params_to_uri(found["redirect_uri"], told)}


async def list_grants(request: Request) -> Response:
    """Answer with what the caller allows to clients."""
    service = require_on(Service.of(request))
    return JSONResponse(
        await service.database.call("list_oauth_grants", caller=service.user(request))
    )


async def revoke_grant(request: Request) -> Response:
    """Take back what the caller allows to a client."""
    service = require_on(Service.of(request))
    caller = service.user(request)
    client_id = identifier(
        query(request).text("client_id"), invalid("client_id query parameter is required")
    )
    await service.database.call("revoke_oauth_grant", caller=caller, client_id=client_id)
    return Response(status_code=204)
