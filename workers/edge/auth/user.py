"""GET and PUT /user: the signed-in user's own account."""

from __future__ import annotations

import secrets
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from workers.edge.auth import passwords
from workers.edge.auth.errors import AuthError
from workers.edge.auth.inputs import Input, body
from workers.edge.auth.service import Service
from workers.edge.auth.signup import require_channel


async def get_user(request: Request) -> Response:
    """Answer the account."""
    service = Service.of(request)
    caller = service.user(request, for_clients=True)
    return JSONResponse(await service.database.call("get_user", caller=caller))


async def update_user(request: Request) -> Response:
    """Change the account and answer it. A new address takes effect when it is confirmed."""
    service, given = Service.of(request), await body(request)
    caller = service.user(request)
    email, phone, password = given.email(), given.phone(), given.text("password")
    metadata = given.object("data")
    require_channel(given)
    if given.object("app_metadata") is not None:
        raise AuthError(403, "not_admin", "Updating app_metadata requires admin privileges")
    known = await service.database.call("before_update", caller=caller)
    _require_proof(known, email, phone, password)
    password_hash = None
    if password:
        await _require_new_password(service, caller, known, given)
        password_hash = await passwords.hashed(password)
    message = service.message(request, given, channel=given.text("channel"))
    return JSONResponse(
        await service.database.call(
            "update_user",
            caller=caller,
            email=email,
            phone=phone,
            password_hash=password_hash,
            user_metadata=metadata,
            messages=change_messages(message),
        )
    )


def change_messages(message: dict[str, Any]) -> dict[str, Any]:
    """Return the messages of a change: to the new address, the current one, and by phone.

    Each proves another address, so each has its own token and code.
    """
    other = dict(message, token="current_" + secrets.token_hex(24), code=_another(message["code"]))
    other.pop("code_challenge", None)
    return {"new": message, "current": other, "phone": message}


def _another(code: str) -> str:
    """Return another code of the same length."""
    while (other := "".join(secrets.choice("0123456789") for _ in code)) == code:
        pass
    return other


def _require_proof(
    known: dict[str, Any], email: str | None, phone: str | None, password: str | None
) -> None:
    """Refuse a change without the required second factor, and a password without an address."""
    changes_email = email is not None and email != known["email"]
    changes_phone = phone is not None and phone != known["phone"]
    if known["needs_aal2"] and (password or changes_email or changes_phone):
        raise AuthError(
            401,
            "insufficient_aal",
            "AAL2 session is required to update email or password when MFA is enabled.",
        )
    if known["is_anonymous"] and password and not (email or phone):
        raise AuthError(
            422,
            "validation_failed",
            "Updating password of an anonymous user without an email or phone is not allowed",
        )


async def _require_new_password(
    service: Service, caller: dict[str, Any], known: dict[str, Any], given: Input
) -> None:
    """Refuse a password that is weak, unchanged, or set without the required proof."""
    settings, password = service.settings, given.text("password") or ""
    await passwords.require_strong(password, settings, service.http)
    if known["hash"] and settings.current_password_required and not known["came_by_code"]:
        current = given.text("current_password")
        if current is None:
            raise AuthError(
                400,
                "current_password_required",
                "Current password required when setting new password.",
            )
        if not await passwords.matches(current, known["hash"]):
            raise AuthError(
                400, "current_password_invalid", "Current password required is incorrect."
            )
    if settings.reauthentication_required and not known["is_fresh"]:
        nonce = given.text("nonce")
        if nonce is None:
            raise AuthError(
                400, "reauthentication_needed", "Password update requires reauthentication"
            )
        await service.database.call("use_nonce", caller=caller, nonce=nonce)
    if known["hash"] and await passwords.matches(password, known["hash"]):
        raise AuthError(
            422, "same_password", "New password should be different from the old password."
        )


async def reauthenticate(request: Request) -> Response:
    """Send a code that allows changing the password."""
    service = Service.of(request)
    caller = service.user(request)
    message = service.message(request, Input({}))
    return JSONResponse(
        await service.database.call("reauthenticate", caller=caller, message=message)
    )
