"""WebAuthn: the questions that a key signs, and the check of its answers."""

from __future__ import annotations

import json
import secrets
import struct
import uuid
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import webauthn
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AttestationFormat,
    AuthenticatorSelectionCriteria,
    CredentialDeviceType,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from workers.edge.auth.errors import invalid
from workers.edge.auth.settings import Settings

Json = dict[str, Any]
# What the library raises at answers that are not what a browser sends.
UNREADABLE = (WebAuthnException, ValueError, TypeError, KeyError, AttributeError, struct.error)


class WrongAnswer(Exception):
    """An answer that is malformed, or that the key did not sign for this question."""


@dataclass(frozen=True)
class Question:
    """What a key is to sign, and the site it is for."""

    challenge: str
    rp_id: str
    origins: tuple[str, ...]

    @classmethod
    def new(cls, rp_id: str, origins: tuple[str, ...]) -> Question:
        """Return a question that nobody can foresee."""
        return cls(bytes_to_base64url(secrets.token_bytes(32)), rp_id, origins)

    @classmethod
    def of(cls, kept: Json) -> Question:
        """Return the question that the database kept."""
        return cls(kept["challenge"], kept["rp_id"], tuple(kept["origins"]))

    def kept(self) -> Json:
        """Return the question for the database."""
        return {"challenge": self.challenge, "rp_id": self.rp_id, "origins": list(self.origins)}


def site(
    settings: Settings, rp_id: str | None = None, origins: list[str] | None = None
) -> Question:
    """Return a question for this site, or for the part of it that a client names.

    Raises:
        AuthError: 400 validation_failed when the client names another site.
    """
    wanted = tuple(origins or settings.rp_origins)
    if not set(wanted) <= set(settings.rp_origins):
        raise invalid("webauthn.rpOrigins has an origin that is not one of this site's")
    name = rp_id or settings.rp_id
    for origin in wanted:
        host = urlsplit(origin).hostname or ""
        if host != name and not host.endswith(f".{name}"):
            raise invalid("webauthn.rpId is not the domain of this site")
    return Question.new(name, wanted)


def to_create(
    question: Question,
    settings: Settings,
    *,
    user_id: str,
    account: str,
    name: str,
    known: list[str],
    is_discoverable: bool,
) -> Json:
    """Return the options with which a browser makes a new key for a user."""
    options = webauthn.generate_registration_options(
        rp_id=question.rp_id,
        rp_name=settings.rp_name,
        user_id=uuid.UUID(user_id).bytes,
        user_name=account,
        user_display_name=name,
        challenge=base64url_to_bytes(question.challenge),
        timeout=settings.challenge_exp * 1000,
        exclude_credentials=_descriptors(known),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED
            if is_discoverable
            else ResidentKeyRequirement.PREFERRED,
            user_verification=UserVerificationRequirement.PREFERRED,
        ),
    )
    return _plain(webauthn.options_to_json(options))


def to_sign(question: Question, settings: Settings, *, known: list[str]) -> Json:
    """Return the options with which a browser has a key sign: a known one, or any of the site."""
    options = webauthn.generate_authentication_options(
        rp_id=question.rp_id,
        challenge=base64url_to_bytes(question.challenge),
        timeout=settings.challenge_exp * 1000,
        allow_credentials=_descriptors(known),
        user_verification=UserVerificationRequirement.PREFERRED,
    )
    return _plain(webauthn.options_to_json(options))


def created(question: Question, answer: Json) -> Json:
    """Return the new key of an answer: id, public key, counter and what is known of its device.

    Raises:
        WrongAnswer: when it does not answer this question.
    """
    try:
        found = webauthn.verify_registration_response(
            credential=answer,
            expected_challenge=base64url_to_bytes(question.challenge),
            expected_rp_id=question.rp_id,
            expected_origin=list(question.origins),
        )
    except UNREADABLE as error:
        raise WrongAnswer(type(error).__name__) from None
    return {
        "id": bytes_to_base64url(found.credential_id),
        "public_key": bytes_to_base64url(found.credential_public_key),
        "sign_count": found.sign_count,
        "aaguid": found.aaguid,
        "attestation": AttestationFormat(found.fmt).value,
        "transports": _transports(answer),
        "backup_eligible": found.credential_device_type is CredentialDeviceType.MULTI_DEVICE,
        "backed_up": found.credential_backed_up,
    }


def signed(question: Question, answer: Json, *, public_key: str, sign_count: int) -> Json:
    """Return the counter after an answer that a known key signed.

    Raises:
        WrongAnswer: when it does not answer this question, or the counter did not grow.
    """
    try:
        found = webauthn.verify_authentication_response(
            credential=answer,
            expected_challenge=base64url_to_bytes(question.challenge),
            expected_rp_id=question.rp_id,
            expected_origin=list(question.origins),
            credential_public_key=base64url_to_bytes(public_key),
            credential_current_sign_count=sign_count,
        )
    except UNREADABLE as error:
        raise WrongAnswer(type(error).__name__) from None
    return {"sign_count": found.new_sign_count, "backed_up": found.credential_backed_up}


def credential_id(answer: Json) -> str:
    """Return the id of the key that an answer names.

    Raises:
        WrongAnswer: when it names none.
    """
    try:
        return bytes_to_base64url(base64url_to_bytes(answer["id"]))
    except UNREADABLE as error:
        raise WrongAnswer(type(error).__name__) from None


def owner(answer: Json) -> str | None:
    """Return the user that the key of an answer was made for, if it says so."""
    try:
        handle = answer["response"].get("userHandle")
        return str(uuid.UUID(bytes=base64url_to_bytes(handle))) if handle else None
    except UNREADABLE:
        return "nobody"


def _transports(answer: Json) -> list[str]:
    named = answer.get("response", {}).get("transports")
    known = {"usb", "nfc", "ble", "smart-card", "internal", "hybrid", "cable"}
    return [each for each in named if each in known] if isinstance(named, list) else []


def _descriptors(ids: list[str]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=base64url_to_bytes(each)) for each in ids]


def _plain(options: str) -> Json:
    value: Json = json.loads(options)
    return value
