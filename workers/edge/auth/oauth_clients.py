"""The programs of others that may ask users to sign in here: registering and looking after them."""

from __future__ import annotations

import secrets
from typing import Any
from urllib.parse import urlsplit

from authlib.common.urls import is_valid_url
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from workers.edge.auth.errors import AuthError, invalid
from workers.edge.auth.inputs import Input, body, identifier, query
from workers.edge.auth.service import Service

METHODS = {
    "public": ("none",),
    "confidential": ("client_secret_basic", "client_secret_post"),
}
GRANTS = ("authorization_code", "refresh_token")
LOCAL = ("localhost", "127.0.0.1", "[::1]", "::1")
MOST_REDIRECTS, LONGEST_NAME, LONGEST_URI = 10, 1024, 2048


async def register(request: Request) -> Response:
    """Register a client for an operator; the answer has its secret, this once."""
    service = Service.of(request)
    service.admin(request)
    require_on(service)
    return await _register(service, await body(request), "manual")


async def register_itself(request: Request) -> Response:
    """Let a client register itself, where the settings allow it."""
    service = require_on(Service.of(request))
    if not service.settings.clients_may_register:
        raise AuthError(
            403,
            "oauth_dynamic_client_registration_disabled",
            "Dynamic client registration is not enabled",
        )
    await service.limit(request, "SIGN_IN")
    return await _register(service, await body(request), "dynamic")


async def _register(service: Service, given: Input, registration_type: str) -> Response:
    client_type, method = _kind(given)
    details = _details(given)
    if "redirect_uris" not in details:
        raise invalid("redirect_uris is required")
    details.setdefault("grant_types", " ".join(GRANTS))
    details |= {"client_type": client_type, "token_endpoint_auth_method": method}
    secret = secrets.token_urlsafe(32) if client_type == "confidential" else None
    client = await service.database.call(
        "register_client", registration_type=registration_type, details=details, secret=secret
    )
    return JSONResponse({**client, **_shown(secret)}, status_code=201)


async def list_clients(request: Request) -> Response:
    """Answer with the clients, the latest first, page by page."""
    service = _for_operator(request)
    asked = query(request)
    found = await service.database.call(
        "list_clients", page=asked.number("page", 1), per_page=asked.number("per_page", 50)
    )
    headers = {"X-Total-Count": str(found["total"])}
    return JSONResponse({"clients": found["clients"]}, headers=headers)


async def get_client(request: Request) -> Response:
    """Answer with one client."""
    service = _for_operator(request)
    return JSONResponse(await service.database.call("get_client", client_id=_client_id(request)))


async def update_client(request: Request) -> Response:
    """Change what the body names of a client."""
    service = _for_operator(request)
    given = await body(request)
    details = _details(given)
    method = given.text("token_endpoint_auth_method")
    if method is not None:
        details["token_endpoint_auth_method"] = _method(method)
    if not details:
        raise invalid("No fields provided for update")
    return JSONResponse(
        await service.database.call("update_client", client_id=_client_id(request), details=details)
    )


async def delete_client(request: Request) -> Response:
    """Delete a client and end its sessions."""
    service = _for_operator(request)
    await service.database.call("delete_client", client_id=_client_id(request))
    return Response(status_code=204)


async def regenerate_secret(request: Request) -> Response:
    """Replace the secret of a client; the answer has the new one, this once."""
    service = _for_operator(request)
    secret = secrets.token_urlsafe(32)
    client = await service.database.call(
        "replace_client_secret", client_id=_client_id(request), secret=secret
    )
    return JSONResponse({**client, **_shown(secret)})


def require_on(service: Service) -> Service:
    """Return the service, where others may use it to sign people in.

    Raises:
        AuthError: 404 feature_disabled.
    """
    if not service.settings.clients_are_enabled:
        raise AuthError(404, "feature_disabled", "OAuth server is disabled")
    return service


def _for_operator(request: Request) -> Service:
    service = Service.of(request)
    service.admin(request)
    return require_on(service)


def _client_id(request: Request) -> str:
    return identifier(request.path_params["client_id"], invalid("invalid client_id format"))


def _shown(secret: str | None) -> dict[str, str]:
    return {} if secret is None else {"client_secret": secret}


def _kind(given: Input) -> tuple[str, str]:
    """Return whether a client can keep a secret, and how it shows that it has it."""
    client_type, method = given.text("client_type"), given.text("token_endpoint_auth_method")
    if client_type is None:
        client_type = "public" if method == "none" else "confidential"
    if client_type not in METHODS:
        raise invalid("client_type must be 'public' or 'confidential'")
    if method is None:
        return client_type, METHODS[client_type][0]
    if _method(method) not in METHODS[client_type]:
        raise invalid(f"token_endpoint_auth_method {method} is not for a {client_type} client")
    return client_type, method


def _method(name: str) -> str:
    known = [method for methods in METHODS.values() for method in methods]
    if name not in known:
        raise invalid(f"token_endpoint_auth_method must be one of: {', '.join(known)}")
    return name


def _details(given: Input) -> dict[str, Any]:
    """Return what a body says of a client, in the form of the table."""
    details: dict[str, Any] = {}
    redirects, grants = given.texts("redirect_uris"), given.texts("grant_types")
    if redirects is not None:
        details["redirect_uris"] = " ".join(_redirects(redirects))
    if grants is not None:
        if not set(grants) <= set(GRANTS):
            raise invalid(f"grant_types must only contain {' and '.join(GRANTS)}")
        details["grant_types"] = " ".join(grants)
    name = given.text("client_name")
    if name is not None:
        if len(name) > LONGEST_NAME:
            raise invalid(f"client_name cannot exceed {LONGEST_NAME} characters")
        details["client_name"] = name
    for field in ("client_uri", "logo_uri"):
        address = given.text(field)
        if address is not None:
            _require_page(field, address)
            details[field] = address
    return details


def _require_page(field: str, address: str) -> None:
    """Refuse an address that a user could not open: scripts above all."""
    if len(address) > LONGEST_URI:
        raise invalid(f"{field} cannot exceed {LONGEST_URI} characters")
    if not is_valid_url(address) or urlsplit(address).scheme not in ("http", "https"):
        raise invalid(f"{field} must be a valid URL")


def _redirects(addresses: list[str]) -> list[str]:
    """Return addresses that users may be led back to."""
    if len(addresses) > MOST_REDIRECTS:
        raise invalid(f"redirect_uris cannot exceed {MOST_REDIRECTS} items")
    for address in addresses:
        if any(sign.isspace() for sign in address) or len(address) > LONGEST_URI:
            raise invalid(f"invalid redirect_uri '{address}'")
        if not is_valid_url(address, fragments_allowed=False):
            raise invalid(f"invalid redirect_uri '{address}': must be a URL without a fragment")
        _require_safe(address)
    return addresses


def _require_safe(address: str) -> None:
    """Refuse a redirect that others can read: https, or this machine, or a program's own scheme."""
    parts = urlsplit(address)
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOCAL):
        return
    # A program's own scheme is a domain name backwards (RFC 8252), so it has a dot.
    if "." in parts.scheme:
        return
    raise invalid(
        f"invalid redirect_uri '{address}': scheme must be HTTPS or HTTP (localhost only)"
    )
