"""Second factors: an authenticator app, and recovery codes."""

from __future__ import annotations

import io
import secrets

import pyotp
import segno
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from workers.edge.auth.errors import AuthError, invalid
from workers.edge.auth.inputs import body, identifier
from workers.edge.auth.service import Service

# Digits and letters, without those that look alike.
ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
CODES, CODE_LENGTH = 10, 10
SKEW = 1  # steps of 30 s by which a clock may be off
UNKNOWN = AuthError(404, "mfa_factor_not_found", "Factor not found")


async def enroll(request: Request) -> Response:
    """Start to add a factor, and answer its secret and a QR code for the app."""
    service, given = Service.of(request), await body(request)
    caller = service.user(request)
    kind = given.text("factor_type")
    if kind in ("phone", "webauthn"):
        name = {"phone": "Phone", "webauthn": "WebAuthn"}[kind]
        raise AuthError(422, f"mfa_{kind}_enroll_not_enabled", f"MFA enroll is disabled for {name}")
    if kind != "totp":
        raise invalid("factor_type needs to be totp, phone, or webauthn")
    if not service.settings.totp_is_enabled:
        raise AuthError(422, "mfa_totp_enroll_not_enabled", "MFA enroll is disabled for TOTP")
    secret = pyotp.random_base32()
    factor = await service.database.call(
        "enroll_factor", caller=caller, friendly_name=given.text("friendly_name"), secret=secret
    )
    uri = pyotp.TOTP(secret).provisioning_uri(
        name=factor["account"], issuer_name=given.text("issuer") or service.site_host
    )
    return JSONResponse(
        {
            "id": factor["id"],
            "type": "totp",
            "friendly_name": factor["friendly_name"],
            "totp": {"qr_code": _picture(uri), "secret": secret, "uri": uri},
        }
    )


def _picture(uri: str) -> str:
    """Return the URI as a QR code in SVG."""
    drawing = io.BytesIO()
    segno.make(uri, micro=False).save(drawing, kind="svg", scale=3, xmldecl=False)
    return drawing.getvalue().decode()


async def challenge(request: Request) -> Response:
    """Create a challenge for a factor."""
    service = Service.of(request)
    await body(request, is_required=False)
    return JSONResponse(
        await service.database.call(
            "challenge_factor", caller=service.user(request), factor_id=_factor_id(request)
        )
    )


async def verify(request: Request) -> Response:
    """Check a code and answer a session at level aal2."""
    service, given = Service.of(request), await body(request)
    named = {
        "caller": service.user(request),
        "factor_id": _factor_id(request),
        "challenge_id": identifier(
            given.text("challenge_id"), invalid("challenge_id must be a UUID")
        ),
    }
    code = given.text("code")
    if code is None:
        raise invalid("Code needs to be non-empty")
    found = await service.database.call("secret_of", **named)
    digits = code.isascii() and code.isdigit()
    if not digits or not pyotp.TOTP(found["secret"]).verify(code, valid_window=SKEW):
        raise AuthError(422, "mfa_verification_failed", "Invalid TOTP code entered")
    return service.answer(request, await service.database.call("pass_factor", **named))


async def unenroll(request: Request) -> Response:
    """Remove a factor."""
    service = Service.of(request)
    return JSONResponse(
        await service.database.call(
            "unenroll_factor", caller=service.user(request), factor_id=_factor_id(request)
        )
    )


async def make_recovery_codes(request: Request) -> Response:
    """Answer new recovery codes, once. The old ones become invalid."""
    service = Service.of(request)
    codes = ["".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH)) for _ in range(CODES)]
    await service.database.call("keep_recovery_codes", caller=service.user(request), codes=codes)
    return JSONResponse({"codes": [f"{code[:5]}-{code[5:]}" for code in codes]})


async def use_recovery_code(request: Request) -> Response:
    """Accept a recovery code instead of a factor's, and answer a session at level aal2."""
    service, given = Service.of(request), await body(request)
    caller = service.user(request)
    code = given.text("code")
    if code is None:
        raise invalid("Code needs to be non-empty")
    plain = code.replace("-", "").strip().lower()
    return service.answer(
        request, await service.database.call("use_recovery_code", caller=caller, code=plain)
    )


def _factor_id(request: Request) -> str:
    return identifier(request.path_params["factor_id"], UNKNOWN)
