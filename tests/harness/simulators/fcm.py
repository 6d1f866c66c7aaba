"""Firebase Cloud Messaging's HTTP v1 API, with Google's token service beside it.

Source: https://firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode
"""

from __future__ import annotations

import json
import uuid
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.harness.simulators.base import Answer, Received
from tests.harness.simulators.http import HttpSimulator, Request

PROJECT = "frontdesk-test"
EMAIL = f"push@{PROJECT}.iam.gserviceaccount.com"
SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
AUDIENCE = "https://oauth2.googleapis.com/token"
LARGEST = 4096  # bytes of a message


@cache
def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class FcmSimulator(HttpSimulator):
    """One project with one service account; `access_token` is the one that it accepts."""

    def __init__(self) -> None:
        super().__init__()
        self.access_token = f"ya29.{uuid.uuid4().hex}"
        self.tokens_given = 0

    def service_account(self, *, key: rsa.RSAPrivateKey | None = None) -> dict[str, Any]:
        """The JSON file that Google gives, with its token service here; `key` forges one."""
        pem = (key or _key()).private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        return {
            "type": "service_account",
            "project_id": PROJECT,
            "private_key_id": "1",
            "private_key": pem.decode(),
            "client_email": EMAIL,
            "token_uri": f"{self.url}/token",
        }

    def before(self, request: Request) -> Answer | None:
        """Google's token service: a signed assertion for an access token."""
        if request.path != "/token":
            return None
        try:
            claims = jwt.decode(
                request.body["assertion"],
                _key().public_key(),
                ["RS256"],
                audience=AUDIENCE,
            )
        except jwt.InvalidTokenError:
            text = "Invalid JWT Signature."
            return Answer(400, {"error": "invalid_grant", "error_description": text})
        assert (claims["iss"], claims["scope"]) == (EMAIL, SCOPE)
        self.tokens_given += 1
        token = {"access_token": self.access_token, "expires_in": 3599, "token_type": "Bearer"}
        return Answer(200, token)

    def respond(self, request: Request) -> tuple[Answer, Received | None]:
        if request.headers.get("Authorization") != f"Bearer {self.access_token}":
            return _error(401, "UNAUTHENTICATED", "Request had invalid credentials."), None
        if request.path != f"/v1/projects/{PROJECT}/messages:send":
            return _error(404, "NOT_FOUND", "Requested entity was not found."), None
        message = request.body["message"]
        if len(json.dumps(message, ensure_ascii=False).encode()) > LARGEST:
            return _error(400, "INVALID_ARGUMENT", "Message is too big", "INVALID_ARGUMENT"), None
        text = message["notification"]["body"]
        name = f"projects/{PROJECT}/messages/{uuid.uuid4().hex}"
        return Answer(200, {"name": name}), Received(request.key, message["token"], text, message)

    def refusal(self) -> Answer:
        return _error(400, "INVALID_ARGUMENT", "Invalid data key.", "INVALID_ARGUMENT")

    def dead_address(self) -> Answer:
        return _error(404, "NOT_FOUND", "Requested entity was not found.", "UNREGISTERED")

    def busy(self, *, seconds: int) -> Answer:
        plain = _error(429, "RESOURCE_EXHAUSTED", "Quota exceeded.", "QUOTA_EXCEEDED")
        return Answer(429, plain.body, {"Retry-After": str(seconds)})


def _error(status: int, name: str, message: str, code: str | None = None) -> Answer:
    error: dict[str, Any] = {"code": status, "message": message, "status": name}
    if code:
        kind = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
        error["details"] = [{"@type": kind, "errorCode": code}]
    return Answer(status, {"error": error})
