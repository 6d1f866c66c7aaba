"""Refusals in Realtime's words: a code and a sentence.

Source: supabase/realtime, lib/realtime_web/channels/realtime_channel.ex
"""

from __future__ import annotations

import psycopg

AWAY = "UnableToConnectToProject"
# What the database says of an API key that it does not admit, and our code for it.
OF_KEYS = {"invalid_api_key": "InvalidApiKey", "address_not_allowed": "AddressNotAllowed"}
STATUSES = {
    AWAY: 503,
    "AddressNotAllowed": 403,
    "ConnectionRateLimitReached": 429,
    "UnknownVersion": 400,
}


class RealtimeError(Exception):
    """A refusal. Replies have `code: message`, system messages have only the message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message

    @property
    def reason(self) -> str:
        """What the reply to a join says."""
        return f"{self.code}: {self.message}" if self.code else self.message

    @property
    def status(self) -> int:
        """What HTTP says."""
        return STATUSES.get(self.code, 401)

    @property
    def is_passing(self) -> bool:
        """Whether the same may succeed a moment later."""
        return self.code == AWAY


def invalid_token(message: str) -> RealtimeError:
    """Refuse a token that is signed, and not valid any more or not complete."""
    return RealtimeError("InvalidJWTToken", message)


def malformed_token() -> RealtimeError:
    """Refuse what is no token."""
    return RealtimeError("MalformedJWT", "The token provided is not a valid JWT")


def wrong_signature() -> RealtimeError:
    """Refuse a token that somebody else signed."""
    return RealtimeError("JwtSignatureError", "Failed to validate JWT signature")


def invalid_key(message: str) -> RealtimeError:
    """Refuse an API key that is unknown, has expired or was revoked."""
    return RealtimeError("InvalidApiKey", message)


def of_key(error: psycopg.Error) -> RealtimeError | None:
    """Return the refusal of an API key; none for any other error of the database."""
    code = OF_KEYS.get(error.diag.message_detail or "")
    return RealtimeError(code, error.diag.message_primary or "") if code else None


def not_a_reader(topic: str) -> RealtimeError:
    """Refuse somebody who may not read a private channel."""
    message = f"You do not have permissions to read from this Channel topic: {topic}"
    return RealtimeError("Unauthorized", message)


def no_reader_now(topic: str) -> RealtimeError:
    """Say that somebody may not read a private channel any more."""
    message = f"You no longer have permission to read from this Channel topic: {topic}"
    return RealtimeError("Unauthorized", message)


def unavailable() -> RealtimeError:
    """Say that the database does not answer."""
    message = "Realtime was unable to connect to the project database"
    return RealtimeError(AWAY, message)
