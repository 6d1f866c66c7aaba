"""Reads the input of clients field by field. Absent and null are the same."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from workers.edge.auth.errors import AuthError, bad_json, invalid

LONGEST_BODY = 1_000_000  # bytes
EMAIL = re.compile(
    r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
    r"(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*"
)
PHONE = re.compile(r"[1-9]\d{1,14}")


@dataclass(frozen=True)
class Input:
    """A JSON object, or the query of a URL."""

    fields: Mapping[str, Any]

    def text(self, name: str) -> str | None:
        """Return a text, or None when it is absent or empty."""
        value = self.fields.get(name)
        if value is None or value == "":
            return None
        if not isinstance(value, str):
            raise bad_json(f"{name} must be a string")
        return value

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Return true or false."""
        value = self.fields.get(name)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise bad_json(f"{name} must be a boolean")
        return value

    def object(self, name: str) -> dict[str, Any] | None:
        """Return an object, or None when it is absent."""
        value = self.fields.get(name)
        if value is not None and not isinstance(value, dict):
            raise bad_json(f"{name} must be an object")
        return value

    def texts(self, name: str) -> list[str] | None:
        """Return a list of texts, or None when it is absent or empty."""
        value = self.fields.get(name)
        if value is None or value == []:
            return None
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise bad_json(f"{name} must be a list of strings")
        return value

    def number(self, name: str, default: int) -> int:
        """Return a whole number above zero."""
        value = self.text(name)
        if value is None:
            return default
        if not value.isascii() or not value.isdigit() or not 0 < int(value[:12]) < 10**9:
            raise invalid(f"Bad Pagination Parameters: {name} must be a number above zero")
        return int(value)

    def email(self, name: str = "email") -> str | None:
        """Return an e-mail address in lower case."""
        value = self.text(name)
        if value is None:
            return None
        address = value.strip().lower()
        if len(address) > 255 or not EMAIL.fullmatch(address):
            raise invalid("Unable to validate email address: invalid format")
        return address

    def phone(self, name: str = "phone") -> str | None:
        """Return a phone number in international format without the plus, as it is stored."""
        value = self.text(name)
        if value is None:
            return None
        number = value.replace(" ", "").removeprefix("+")
        if not number.isascii() or not PHONE.fullmatch(number):
            raise invalid("Invalid phone number format (E.164 required)")
        return number

    def challenge(self) -> dict[str, str]:
        """Return the PKCE challenge, or nothing if the client sent none."""
        challenge, method = self.text("code_challenge"), self.text("code_challenge_method")
        if (challenge is None) != (method is None):
            raise invalid("PKCE flow requires code_challenge_method and code_challenge")
        if challenge is None or method is None:
            return {}
        if method.lower() not in ("s256", "plain"):
            raise invalid('code_challenge_method must be "s256" or "plain"')
        if not 43 <= len(challenge) <= 128:
            raise invalid("code challenge has to be between 43 and 128 characters")
        return {"code_challenge": challenge, "code_challenge_method": method}


async def body(request: Request, *, is_required: bool = True) -> Input:
    """Return the body of a request.

    Raises:
        AuthError: 400 bad_json when it is not a JSON object, 413 when it is too long.
    """
    raw = await request.body()
    if len(raw) > LONGEST_BODY:
        raise AuthError(413, "request_entity_too_large", "The body is too long.")
    if not raw.strip() and not is_required:
        return Input({})
    try:
        value = json.loads(raw, parse_constant=_no_constant)
        # PostgreSQL's text has no U+0000, UTF-8 has no lone surrogates, and JSON has no infinity,
        # which is how Python reads 1e400.
        printed = json.dumps(value, ensure_ascii=False, allow_nan=False)
        printed.encode()
    except (ValueError, RecursionError) as error:
        raise bad_json(type(error).__name__) from None
    if "\\u0000" in printed:
        raise bad_json("a text contains U+0000")
    if not isinstance(value, dict):
        raise bad_json("it must be an object")
    return Input(value)


def query(request: Request) -> Input:
    """Return the query of a request."""
    return Input(dict(request.query_params))


def identifier(value: str | None, refusal: AuthError) -> str:
    """Return a UUID in its usual form, or raise the refusal."""
    try:
        return str(uuid.UUID(value or ""))
    except ValueError:
        raise refusal from None


def _no_constant(name: str) -> None:
    raise ValueError(name)
