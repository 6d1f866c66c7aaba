"""Checks of a message before it goes to any provider."""

from __future__ import annotations

import re
from email.headerregistry import Address
from email.utils import getaddresses
from functools import lru_cache

from workers.providers.failures import Refused

CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")


def require_one_line(name: str, value: str) -> None:
    """Refuse line breaks and other control characters, which could start another header."""
    if CONTROL.search(value):
        raise Refused(f"The {name} has a line break or a control character.")


def one_line(value: str) -> str:
    """Return what people wrote as a header may hold it, so that no mail fails because of it."""
    return " ".join(CONTROL.sub(" ", value).split())


def require_key(key: str) -> None:
    """Refuse an idempotency key that cannot identify a sending."""
    require_one_line("idempotency key", key)
    if not key or not key.isascii():
        raise Refused("The idempotency key must be ASCII text that is not empty.")


@lru_cache(maxsize=1024)
def address(name: str, value: str) -> Address:
    """Return the address in `Ada <ada@example.com>` or `ada@example.com`.

    Raises:
        Refused: when there is not exactly one address.
    """
    require_one_line(name, value)
    found = getaddresses([value])
    if len(found) != 1 or not re.fullmatch(r"[^@\s]+@[^@\s]+", found[0][1]):
        raise Refused(f"The {name} is not an e-mail address.")
    display, spec = found[0]
    local, _, domain = spec.rpartition("@")
    return Address(display, username=local, domain=domain)
