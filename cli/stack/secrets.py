"""The random secrets of one state, kept in a file that only its owner reads."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
import time
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Secrets:
    """Made once per state. `created_at` is a Unix time in seconds."""

    jwt_secret: str
    database_password: str
    created_at: int


def secrets_at(path: Path) -> Secrets:
    """The secrets in this file, made on first use."""
    if not path.exists():
        fresh = Secrets(
            jwt_secret=secrets.token_urlsafe(48),
            database_password=secrets.token_urlsafe(24),
            created_at=int(time.time()),
        )
        write_private(path, json.dumps(asdict(fresh), indent=2))
    return Secrets(**json.loads(path.read_text()))


def role_password(admin_password: str, role: str) -> str:
    """The password of a login role.

    It follows from the administrator's, so that two stacks on one database agree on it.
    """
    return hmac.new(admin_password.encode(), role.encode(), hashlib.sha256).hexdigest()


def write_private(path: Path, text: str) -> None:
    """Replace a file at once by one that only its owner reads."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    draft.replace(path)
