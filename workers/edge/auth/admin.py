"""The operator's routes, for tokens of the service role: users, factors, links, audit."""

from __future__ import annotations

import re
import secrets
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from workers.edge.auth import passwords
from workers.edge.auth.errors import AuthError, invalid
from workers.edge.auth.inputs import Input, body, identifier, query
from workers.edge.auth.service import Service

LONGEST_PAGE = 1000
LONGEST_BAN = 10**10  # seconds
LINKS = ("signup", "invite", "magiclink", "recovery", "email_change_current", "email_change_new")
# A duration in the format of Go: 24h, 1h30m.
BAN = re.compile(r"(?:\d{1,9}(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+")
BAN_PART = re.compile(r"(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)")
UNIT = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600}


async def list_users(request: Request) -> Response:
    """Answer a page of users. The headers have their number and the address of the next page."""
    service = Service.of(request)
    service.admin(request)
    asked = query(request)
    page, size = _page(asked)
    found = await service.database.call(
        "admin_list_users", page=page, per_page=size, filter=asked.text("filter")
    )
    last = max(1, -(-found["total"] // size))
    base = f"{service.settings.external_url}/admin/users?per_page={size}"
    links = [f'<{base}&page={page + 1}>; rel="next"'] if page < last else []
    links.append(f'<{base}&page={last}>; rel="last"')
    return JSONResponse(
        {"users": found["users"], "aud": service.settings.aud},
        headers={"X-Total-Count": str(found["total"]), "Link": ", ".join(links)},
    )


async def create_user(request: Request) -> Response:
    """Create an account."""
    service = Service.of(request)
    caller, given = service.admin(request), await body(request)
    email, phone = given.email(), given.phone()
    if email is None and phone is None:
        raise invalid("Cannot create a user without either an email or phone")
    return JSONResponse(
        await service.database.call(
            "admin_create_user",
            caller=caller,
            email=email,
            phone=phone,
            password_hash=await _password_hash(service, given),
            details=_details(given),
        )
    )


async def get_user(request: Request) -> Response:
    """Answer a user."""
    service = Service.of(request)
    service.admin(request)
    return JSONResponse(await service.database.call("admin_get_user", user_id=_user_id(request)))


async def update_user(request: Request) -> Response:
    """Change an account."""
    service = Service.of(request)
    caller, given = service.admin(request), await body(request)
    return JSONResponse(
        await service.database.call(
            "admin_update_user",
            caller=caller,
            user_id=_user_id(request),
            email=given.email(),
            phone=given.phone(),
            password_hash=await _password_hash(service, given),
            details=_details(given),
        )
    )


async def delete_user(request: Request) -> Response:
    """Delete an account."""
    service = Service.of(request)
    caller, given = service.admin(request), await body(request, is_required=False)
    return JSONResponse(
        await service.database.call(
            "admin_delete_user",
            caller=caller,
            user_id=_user_id(request),
            is_soft=given.flag("should_soft_delete"),
        )
    )


async def list_factors(request: Request) -> Response:
    """Answer a user's factors."""
    service = Service.of(request)
    service.admin(request)
    return JSONResponse(
        await service.database.call("admin_list_factors", user_id=_user_id(request))
    )


async def change_factor(request: Request) -> Response:
    """Rename a user's factor, or remove it."""
    service = Service.of(request)
    caller, given = service.admin(request), await body(request, is_required=False)
    factor_id = identifier(
        request.path_params["factor_id"],
        AuthError(404, "validation_failed", "factor_id must be an UUID"),
    )
    return JSONResponse(
        await service.database.call(
            "admin_change_factor",
            caller=caller,
            user_id=_user_id(request),
            factor_id=factor_id,
            removes=request.method == "DELETE",
            friendly_name=given.text("friendly_name"),
        )
    )


async def list_audit(request: Request) -> Response:
    """Answer the audit log, the latest entry first."""
    service = Service.of(request)
    service.admin(request)
    page, size = _page(query(request))
    return JSONResponse(await service.database.call("admin_list_audit", page=page, per_page=size))


async def invite(request: Request) -> Response:
    """Invite somebody by mail."""
    service = Service.of(request)
    caller, given = service.admin(request), await body(request)
    email = given.email()
    if email is None:
        raise invalid("An email address is required")
    return JSONResponse(
        await service.database.call(
            "admin_invite",
            caller=caller,
            email=email,
            user_metadata=given.object("data"),
            message=service.message(request, given),
        )
    )


async def generate_link(request: Request) -> Response:
    """Answer a link with its code and token, which the operator passes on."""
    service = Service.of(request)
    caller, given = service.admin(request), await body(request)
    kind, email, new_email = given.text("type") or "", given.email(), given.email("new_email")
    if kind not in LINKS:
        raise invalid(f"Invalid email action link type requested: {kind}")
    if email is None or (kind.startswith("email_change") and new_email is None):
        raise invalid("An email address is required")
    password = given.text("password")
    if kind == "signup":
        if password is None:
            raise invalid("Signup requires a valid password")
        await passwords.require_strong(password, service.settings, service.http)
    message = service.message(request, given)
    made = await service.database.call(
        "admin_generate_link",
        caller=caller,
        kind=kind,
        email=email,
        new_email=new_email,
        password_hash=await passwords.hashed(password or secrets.token_urlsafe(32)),
        user_metadata=given.object("data"),
        message=message,
    )
    target = service.redirect_to(request, given.text("redirect_to"))
    return JSONResponse(
        {
            **made,
            "email_otp": message["code"],
            "hashed_token": message["token"],
            "redirect_to": target,
        }
    )


async def _password_hash(service: Service, given: Input) -> str | None:
    """Return the bcrypt hash of the given password, or the given hash."""
    password, brought = given.text("password"), given.text("password_hash")
    if password and brought:
        raise invalid("Only a password or a password hash should be provided")
    if brought is not None:
        if not re.fullmatch(r"\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}", brought):
            raise invalid("password_hash must be a bcrypt hash")
        return brought
    if password is None:
        return None
    await passwords.require_strong(password, service.settings, service.http)
    return await passwords.hashed(password)


def _details(given: Input) -> dict[str, Any]:
    """Return the arguments of auth.apply_details. What is absent changes nothing."""
    ban = given.text("ban_duration")
    details = {
        "user_metadata": given.object("user_metadata"),
        "app_metadata": given.object("app_metadata"),
        "email_confirm": given.flag("email_confirm"),
        "phone_confirm": given.flag("phone_confirm"),
        "role": given.text("role"),
        "ban_seconds": None if ban is None else _seconds(ban),
    }
    return {name: value for name, value in details.items() if value is not None}


def _seconds(ban: str) -> int:
    if ban == "none":
        return 0
    if not BAN.fullmatch(ban):
        raise invalid(f"invalid format for ban duration: {ban}")
    total = sum(float(number) * UNIT[unit] for number, unit in BAN_PART.findall(ban))
    return int(min(total, LONGEST_BAN))


def _user_id(request: Request) -> str:
    return identifier(
        request.path_params["user_id"],
        AuthError(404, "validation_failed", "user_id must be an UUID"),
    )


def _page(asked: Input) -> tuple[int, int]:
    return asked.number("page", 1), min(asked.number("per_page", 50), LONGEST_PAGE)
