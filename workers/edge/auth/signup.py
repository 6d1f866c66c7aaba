"""Signing up: with an address and a password, or anonymously."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from workers.edge.auth import passwords
from workers.edge.auth.errors import AuthError, invalid
from workers.edge.auth.inputs import Input, body
from workers.edge.auth.service import Service, unhurried


async def sign_up(request: Request) -> Response:
    """Create an account, and a session if nothing must be confirmed."""
    service, given = Service.of(request), await body(request)
    if service.settings.signup_is_disabled:
        raise AuthError(422, "signup_disabled", "Signups not allowed for this instance")
    email, phone = given.email(), given.phone()
    if email is None and phone is None:
        return await _without_address(request, service, given)
    password = given.text("password")
    if password is None:
        raise invalid("Signup requires a valid password")
    require_one_way(service, email, phone)
    require_channel(given)
    if phone and not service.settings.phone_autoconfirm:
        require_sms(service)
    message = service.message(request, given, channel=given.text("channel"))
    if phone and "code_challenge" in message:
        raise invalid("PKCE not supported for phone signups")
    metadata = given.object("data")
    await service.limit(request, "SIGN_IN")
    await service.require_human(given)
    await passwords.require_strong(password, service.settings, service.http)
    async with unhurried():
        result = await service.database.call(
            "sign_up",
            caller=service.caller(request),
            email=email,
            phone=phone,
            password_hash=await passwords.hashed(password),
            user_metadata=metadata,
            message=message,
        )
    return service.answer(request, result)


def require_one_way(service: Service, email: str | None, phone: str | None) -> None:
    """Refuse two addresses at once, and a kind of address that is switched off."""
    if email and phone:
        raise invalid("Only an email address or phone number should be provided on signup.")
    if email and not service.settings.email_is_enabled:
        raise AuthError(400, "email_provider_disabled", "Email signups are disabled")
    if phone and not service.settings.phone_is_enabled:
        raise AuthError(400, "phone_provider_disabled", "Phone signups are disabled")


def require_sms(service: Service) -> None:
    """Refuse if no provider sends texts."""
    if not service.settings.sms_provider:
        raise AuthError(422, "sms_send_failed", "Unable to get SMS provider")


def require_channel(given: Input) -> None:
    """Refuse a channel other than SMS and WhatsApp."""
    if given.text("channel") not in (None, "sms", "whatsapp"):
        raise invalid("Invalid channel, supported values are 'sms' or 'whatsapp'")


async def _without_address(request: Request, service: Service, given: Input) -> Response:
    if given.text("password"):
        raise invalid("To signup, please provide your email")
    if not service.settings.anonymous_is_enabled:
        raise AuthError(422, "anonymous_provider_disabled", "Anonymous sign-ins are disabled")
    metadata = given.object("data")
    await service.limit(request, "ANONYMOUS_USERS")
    await service.require_human(given)
    return service.answer(
        request,
        await service.database.call(
            "sign_in_anonymously", caller=service.caller(request), user_metadata=metadata
        ),
    )
