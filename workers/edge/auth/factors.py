"""Second factors: an authenticator app, a phone, a security key, and recovery codes."""

from __future__ import annotations

import io
import secrets

import pyotp
import segno
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from workers.edge.auth import relying_party
from workers.edge.auth.errors import AuthError, invalid
from workers.edge.auth.inputs import Input, body, identifier
from workers.edge.auth.relying_party import Json, Question, WrongAnswer
from workers.edge.auth.service import Service

# Digits and letters, without those that look alike.
ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
CODES, CODE_LENGTH = 10, 10
NAMES = {"totp": "TOTP", "phone": "Phone", "webauthn": "WebAuthn"}
SKEW = 1  # steps of 30 s by which a clock may be off
UNKNOWN = AuthError(404, "mfa_factor_not_found", "Factor not found")


async def enroll(request: Request) -> Response:
    """Start to add a factor: an app's secret and QR code, a phone's number, or a key."""
    service, given = Service.of(request), await body(request)
    caller = service.user(request)
    kind = given.text("factor_type")
    if kind not in NAMES:
        raise invalid("factor_type needs to be totp, phone, or webauthn")
    _require(service.settings.factors, kind, "enroll")
    secret = pyotp.random_base32() if kind == "totp" else None
    phone = given.phone() if kind == "phone" else None
    if kind == "phone" and phone is None:
        raise invalid("Must provide a valid phone number")
    factor = await service.database.call(
        "enroll_factor",
        caller=caller,
        kind=kind,
        friendly_name=given.text("friendly_name"),
        secret=secret,
        phone=phone,
    )
    answer = {"id": factor["id"], "type": kind, "friendly_name": factor["friendly_name"]}
    if secret is not None:
        uri = pyotp.TOTP(secret).provisioning_uri(
            name=factor["account"], issuer_name=given.text("issuer") or service.site_host
        )
        answer["totp"] = {"qr_code": _picture(uri), "secret": secret, "uri": uri}
    if phone is not None:
        answer["phone"] = phone
    return JSONResponse(answer)


def _require(offered: frozenset[str], kind: str, step: str) -> None:
    """Refuse a kind of factor that is off."""
    if kind not in offered:
        raise AuthError(
            422, f"mfa_{kind}_{step}_not_enabled", f"MFA {step} is disabled for {NAMES[kind]}"
        )


def _picture(uri: str) -> str:
    """Return the URI as a QR code in SVG."""
    drawing = io.BytesIO()
    segno.make(uri, micro=False).save(drawing, kind="svg", scale=3, xmldecl=False)
    return drawing.getvalue().decode()


async def challenge(request: Request) -> Response:
    """Create a challenge for a factor: a phone gets a code, a key something to sign."""
    service, given = Service.of(request), await body(request, is_required=False)
    named = Input(given.object("webauthn") or {})
    question = relying_party.site(
        service.settings,
        named.text("rpId") or named.text("rp_id"),
        named.texts("rpOrigins") or named.texts("rp_origins"),
    )
    digits = range(service.settings.otp_length)
    asked = await service.database.call(
        "challenge_factor",
        caller=service.user(request),
        factor_id=_factor_id(request),
        session_data=question.kept(),
        code="".join(secrets.choice("0123456789") for _ in digits),
    )
    answer = {name: asked[name] for name in ("id", "type", "expires_at")}
    if asked["type"] == "webauthn":
        _require(service.settings.factors, "webauthn", "verify")
        answer["webauthn"] = _options(service, question, asked)
    return JSONResponse(answer)


def _options(service: Service, question: Question, asked: Json) -> Json:
    """Return what a browser makes a key from at first, and signs with it later."""
    if asked["status"] == "verified":
        known = [asked["credential"]["id"]]
        options = relying_party.to_sign(question, service.settings, known=known)
        return {"type": "request", "credential_options": {"publicKey": options}}
    options = relying_party.to_create(
        question,
        service.settings,
        user_id=asked["user_id"],
        account=asked["account"],
        name=asked["account"],
        known=[],
        is_discoverable=False,
    )
    return {"type": "create", "credential_options": {"publicKey": options}}


async def verify(request: Request) -> Response:
    """Check a code or a signature and answer a session at level aal2."""
    service, given = Service.of(request), await body(request)
    named = {
        "caller": service.user(request),
        "factor_id": _factor_id(request),
        "challenge_id": identifier(
            given.text("challenge_id"), invalid("challenge_id must be a UUID")
        ),
    }
    code, signature = given.text("code"), given.object("webauthn")
    if code is None and signature is None:
        raise invalid("Code needs to be non-empty")
    kept = await service.database.call("open_challenge", **named, code=code or "")
    _require(service.settings.factors, kept["type"], "verify")
    credential = _checked(kept, code or "", signature or {})
    return service.answer(
        request, await service.database.call("pass_factor", **named, credential=credential)
    )


def _checked(kept: Json, code: str, signature: Json) -> Json | None:
    """Return what a right answer leaves of a key; nothing for the other kinds.

    Raises:
        AuthError: 422 mfa_verification_failed.
    """
    if kept["type"] == "totp":
        digits = code.isascii() and code.isdigit()
        if not digits or not pyotp.TOTP(kept["secret"]).verify(code, valid_window=SKEW):
            raise AuthError(422, "mfa_verification_failed", "Invalid TOTP code entered")
        return None
    if kept["type"] == "phone":
        if not kept["code_is_right"]:
            raise AuthError(422, "mfa_verification_failed", "Invalid MFA Phone code entered")
        return None
    answer, known = signature.get("credential_response"), kept["credential"]
    question = Question.of(kept["session_data"])
    try:
        if not isinstance(answer, dict):
            raise WrongAnswer
        if known is None:
            return relying_party.created(question, answer)
        if relying_party.credential_id(answer) != known["id"]:
            raise WrongAnswer
        return relying_party.signed(
            question, answer, public_key=known["public_key"], sign_count=known["sign_count"]
        )
    except WrongAnswer:
        raise AuthError(
            422, "mfa_verification_failed", "Invalid WebAuthn credential response"
        ) from None


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
