"""Requests for a one-time token: recovery, magic link, code by mail or SMS, and resending."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from workers.edge.auth.errors import AuthError, invalid
from workers.edge.auth.inputs import Input, body
from workers.edge.auth.service import Service, unhurried
from workers.edge.auth.signup import require_channel, require_sms
from workers.edge.auth.user import change_messages

RESENDABLE = {"signup": "email", "email_change": "email", "sms": "phone", "phone_change": "phone"}


async def recover(request: Request) -> Response:
    """Send a link for a new password. Unknown addresses get nothing, and the same answer."""
    service, given = Service.of(request), await body(request)
    email = _required_email(given)
    message = service.message(request, given)
    return await _asked(request, service, given, "recover", email=email, message=message)


async def magic_link(request: Request) -> Response:
    """Send a link that signs in."""
    service, given = Service.of(request), await body(request)
    return await _send(request, service, given, _required_email(given), None)


async def one_time_code(request: Request) -> Response:
    """Send a code that signs in; a mail also has a link."""
    service, given = Service.of(request), await body(request)
    email, phone = given.email(), given.phone()
    if email and phone:
        raise invalid("Only an email address or phone number should be provided")
    if email and given.text("channel"):
        raise invalid("Channel should only be specified with Phone OTP")
    if not email and not phone:
        raise invalid("One of email or phone must be set")
    return await _send(request, service, given, email, phone)


async def _send(
    request: Request, service: Service, given: Input, email: str | None, phone: str | None
) -> Response:
    if email and not service.settings.email_is_enabled:
        raise AuthError(422, "email_provider_disabled", "Email logins are disabled")
    if phone and not service.settings.phone_is_enabled:
        raise AuthError(400, "phone_provider_disabled", "Unsupported phone provider")
    require_channel(given)
    if phone:
        require_sms(service)
    message = service.message(request, given, channel=given.text("channel"))
    creates = given.flag("create_user", default=True) and not service.settings.signup_is_disabled
    return await _asked(
        request,
        service,
        given,
        "send_code",
        email=email,
        phone=phone,
        user_metadata=given.object("data"),
        creates=creates,
        message=message,
    )


async def resend(request: Request) -> Response:
    """Send a pending confirmation again."""
    service, given = Service.of(request), await body(request)
    kind = given.text("type") or ""
    if kind not in RESENDABLE:
        raise invalid("Missing one of these types: signup, email_change, sms, phone_change")
    email, phone = given.email(), given.phone()
    if email and phone:
        raise invalid("Only an email address or phone number should be provided.")
    if (email if RESENDABLE[kind] == "email" else phone) is None:
        what = "an email address" if RESENDABLE[kind] == "email" else "a phone number"
        raise invalid(f"Type provided requires {what}")
    messages = change_messages(service.message(request, given))
    return await _asked(
        request, service, given, "resend", kind=kind, email=email, phone=phone, messages=messages
    )


async def _asked(
    request: Request, service: Service, given: Input, function: str, **arguments: Any
) -> Response:
    """Call a function that sends a message, within the limits and after an even time."""
    await service.limit(request, "OTP")
    await service.require_human(given)
    async with unhurried():
        return JSONResponse(
            await service.database.call(function, caller=service.caller(request), **arguments)
        )


def _required_email(given: Input) -> str:
    email = given.email()
    if email is None:
        raise invalid("Password recovery requires an email")
    return email
