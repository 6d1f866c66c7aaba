"""Passwords: required strength, and bcrypt outside the event loop."""

from __future__ import annotations

import hashlib
import os
import string

import anyio
import bcrypt
import httpx

from workers.edge.auth.errors import AuthError, invalid
from workers.edge.auth.settings import Settings

LONGEST = 72  # bytes; bcrypt ignores the rest
ROUNDS = 10  # Source: Supabase Auth's default
# Compared if an account has no password, so that both answers take the same time.
NOBODY = bcrypt.hashpw(os.urandom(16).hex().encode(), bcrypt.gensalt(ROUNDS))
CLASSES = {
    "lower": string.ascii_lowercase,
    "upper": string.ascii_uppercase,
    "letters": string.ascii_letters,
    "digits": string.digits,
    "symbols": "!@#$%^&*()_+-=[]{};'\\:\"|<>?,./`~",
}

_hashing = anyio.CapacityLimiter(max(1, os.cpu_count() or 1))


async def hashed(password: str) -> str:
    """Return the bcrypt hash of a password. It takes about 50 ms of one core."""
    salt = bcrypt.gensalt(ROUNDS)
    digest = await anyio.to_thread.run_sync(
        bcrypt.hashpw, password.encode(), salt, limiter=_hashing
    )
    return digest.decode()


async def matches(password: str, digest: str | None) -> bool:
    """Return whether this is the password; without a hash, False after the same time."""
    given = password.encode()[:LONGEST]
    stored = digest.encode() if digest and digest.startswith("$2") else NOBODY
    try:
        same = await anyio.to_thread.run_sync(bcrypt.checkpw, given, stored, limiter=_hashing)
    except ValueError:
        return False
    return same and stored is not NOBODY


async def require_strong(password: str, settings: Settings, http: httpx.AsyncClient) -> None:
    """Refuse a password that is too long, too weak, or known from a breach.

    Raises:
        AuthError: 422 weak_password with the reasons, or 400 when it is too long.
    """
    if len(password.encode()) > LONGEST:
        raise invalid(f"Password cannot be longer than {LONGEST} characters")
    reasons: dict[str, str] = {}
    if len(password) < settings.password_min_length:
        least = settings.password_min_length
        reasons["length"] = f"Password should be at least {least} characters."
    missing = [
        required for required in settings.password_characters if not set(required) & set(password)
    ]
    if missing:
        needed = ", ".join(settings.password_characters)
        reasons["characters"] = f"Password should contain at least one character of each: {needed}."
    if not reasons and settings.breach_url and await _is_breached(password, settings, http):
        reasons["pwned"] = (
            "Password is known to be weak and easy to guess, please choose a different one."
        )
    if reasons:
        raise AuthError(
            422,
            "weak_password",
            " ".join(reasons.values()),
            extra={"weak_password": {"reasons": list(reasons)}},
        )


async def _is_breached(password: str, settings: Settings, http: httpx.AsyncClient) -> bool:
    """Ask a service for breached passwords, sending five characters of the hash.

    If the service does not answer, the password is accepted.
    Source: https://haveibeenpwned.com/API/v3#PwnedPasswords
    """
    digest = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper()
    try:
        answer = await http.get(
            f"{settings.breach_url}/range/{digest[:5]}", headers={"Add-Padding": "true"}, timeout=3
        )
    except httpx.HTTPError:
        return False
    found = (line.partition(":") for line in answer.text.splitlines())
    return any(suffix == digest[5:] and count.strip() != "0" for suffix, _, count in found)
