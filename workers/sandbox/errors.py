"""What the sandbox refuses, as the JSON of its answer."""

from __future__ import annotations

from typing import Any


class Problem(Exception):
    """A refusal: HTTP status, stable code, a sentence, and the payment that it is about."""

    def __init__(self, status: int, code: str, message: str, *, payment: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.body: dict[str, Any] = {
            "error": {"code": code, "message": message, "payment": payment}
        }


def wrong_state(message: str) -> Problem:
    """Return the refusal of a step that the object's state does not allow."""
    return Problem(409, "wrong_state", message)


def invalid(message: str) -> Problem:
    """Return the refusal of an argument."""
    return Problem(400, "invalid_request", message)
