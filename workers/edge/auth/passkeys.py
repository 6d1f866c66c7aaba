"""Passkeys: adding them, signing in by them, and looking after them."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from workers.edge.auth import relying_party
from workers.edge.auth.errors import AuthError, invalid
from workers.edge.auth.inputs import Input, body, identifier
from workers.edge.auth.relying_party import Question, WrongAnswer
from workers.edge.auth.service import Service

UNKNOWN = AuthError(404, "webauthn_credential_not_found", "Passkey not found")
LONGEST_NAME = 120


async def registration_options(request: Request) -> Response:
    """Answer with what a browser makes a new passkey from."""
    service = _on(request)
    await body(request, is_required=False)
    question = relying_party.site(service.settings)
    kept = await service.database.call(
        "begin_passkey", caller=service.user(request), session_data=question.kept()
    )
    options = relying_party.to_create(
        question,
        service.settings,
        user_id=kept["user_id"],
        account=kept["account"],
        name=kept["name"],
        known=kept["credentials"],
        is_discoverable=True,
    )
    return JSONResponse(_question(kept, options))


async def register(request: Request) -> Response:
    """Add the passkey that a browser made."""
    service, given = _on(request), await body(request)
    caller = service.user(request)
    answer = _answer(given)
    question = await service.database.call(
        "take_registration", caller=caller, challenge_id=_challenge_id(given)
    )
    try:
        credential = relying_party.created(Question.of(question), answer)
    except WrongAnswer:
        raise failed() from None
    return JSONResponse(
        await service.database.call("add_passkey", caller=caller, credential=credential)
    )


async def sign_in_options(request: Request) -> Response:
    """Answer with what a passkey signs to open a session."""
    service, given = _on(request), await body(request, is_required=False)
    await service.limit(request, "SIGN_IN")
    await service.require_human(given)
    question = relying_party.site(service.settings)
    kept = await service.database.call("begin_passkey_sign_in", session_data=question.kept())
    return JSONResponse(
        _question(kept, relying_party.to_sign(question, service.settings, known=[]))
    )


async def sign_in(request: Request) -> Response:
    """Answer with a session for the owner of the passkey that signed."""
    service, given = _on(request), await body(request)
    await service.limit(request, "SIGN_IN")
    answer = _answer(given)
    try:
        kept = await service.database.call(
            "take_passkey_sign_in",
            challenge_id=_challenge_id(given),
            credential_id=relying_party.credential_id(answer),
        )
        if relying_party.owner(answer) not in (None, kept["user_id"]):
            raise WrongAnswer
        now = relying_party.signed(
            Question.of(kept["session_data"]),
            answer,
            public_key=kept["public_key"],
            sign_count=kept["sign_count"],
        )
    except WrongAnswer:
        raise failed() from None
    return service.answer(
        request,
        await service.database.call(
            "sign_in_with_passkey",
            caller=service.caller(request),
            passkey_id=kept["passkey_id"],
            **now,
        ),
    )


async def list_passkeys(request: Request) -> Response:
    """Answer with the caller's passkeys, the oldest first."""
    service = _on(request)
    return JSONResponse(await service.database.call("list_passkeys", caller=service.user(request)))


async def rename(request: Request) -> Response:
    """Name a passkey."""
    service, given = _on(request), await body(request)
    caller, name = service.user(request), given.text("friendly_name")
    if name is None:
        raise invalid("friendly_name is required")
    if len(name) > LONGEST_NAME:
        raise invalid(f"friendly_name must be {LONGEST_NAME} characters or less")
    return JSONResponse(
        await service.database.call(
            "rename_passkey", caller=caller, passkey_id=_passkey_id(request), friendly_name=name
        )
    )


async def delete(request: Request) -> Response:
    """Delete one of the caller's passkeys."""
    service = _on(request)
    await service.database.call(
        "delete_passkey", caller=service.user(request), passkey_id=_passkey_id(request)
    )
    return Response(status_code=204)


async def admin_list(request: Request) -> Response:
    """Answer with the passkeys of a user, for operators."""
    service = Service.of(request)
    service.admin(request)
    _on(request)
    return JSONResponse(
        await service.database.call("admin_list_passkeys", user_id=_user_id(request))
    )


async def admin_delete(request: Request) -> Response:
    """Delete a passkey of a user, for operators."""
    service = Service.of(request)
    caller = service.admin(request)
    _on(request)
    await service.database.call(
        "admin_delete_passkey",
        caller=caller,
        user_id=_user_id(request),
        passkey_id=_passkey_id(request),
    )
    return Response(status_code=204)


def failed() -> AuthError:
    """Refuse an answer that no key gave to this question."""
    return AuthError(400, "webauthn_verification_failed", "Credential verification failed")


def _on(request: Request) -> Service:
    """Return the service, where passkeys are offered."""
    service = Service.of(request)
    if not service.settings.passkeys_are_enabled:
        raise AuthError(404, "passkey_disabled", "Passkeys are disabled")
    return service


def _question(kept: relying_party.Json, options: relying_party.Json) -> relying_party.Json:
    return {
        "challenge_id": kept["challenge_id"],
        "options": options,
        "expires_at": kept["expires_at"],
    }


def _answer(given: Input) -> relying_party.Json:
    answer = given.object("credential")
    if answer is None:
        raise invalid("credential is required")
    return answer


def _challenge_id(given: Input) -> str:
    return identifier(given.text("challenge_id"), invalid("challenge_id must be a UUID"))


def _passkey_id(request: Request) -> str:
    return identifier(request.path_params["passkey_id"], UNKNOWN)


def _user_id(request: Request) -> str:
    return identifier(
        request.path_params["user_id"], AuthError(404, "user_not_found", "User not found")
    )
