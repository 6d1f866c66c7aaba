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
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit


@dataclass(frozen=True)
class Secrets:
    """Made once per state. `created_at` is a Unix time in seconds."""

    jwt_secret: str
    database_password: str
    created_at: int


def secrets_at(path: Path) -> Secrets:
    """Return the secrets in this file, which the first use makes."""
    if not path.exists():
        fresh = Secrets(
            jwt_secret=secrets.token_urlsafe(48),
            database_password=secrets.token_urlsafe(24),
            created_at=int(time.time()),
        )
        write_private(path, json.dumps(asdict(fresh), indent=2))
    return Secrets(**json.loads(path.read_text()))


def role_password(admin_password: str, role: str) -> str:
    """Return the password of a login role.

    It is derived from the administrator's, so that two stacks on one database agree on it.
    """
    return hmac.new(admin_password.encode(), role.encode(), hashlib.sha256).hexdigest()


def without_password(db_url: str) -> tuple[str, dict[str, str]]:
    """Return an address without its password, and the environment that holds the password.

    Every user of the machine can read the arguments of a program, and only its owner can read
    the environment.
    """
    from psycopg.conninfo import conninfo_to_dict, make_conninfo

    password = conninfo_to_dict(db_url).get("password")
    if password is None:
        return db_url, dict(os.environ)
    if "://" in db_url:
        parts = urlsplit(db_url)
        login, at, host = parts.netloc.rpartition("@")
        query = [pair for pair in parse_qsl(parts.query) if pair[0] != "password"]
        netloc = f"{login.partition(':')[0]}{at}{host}"
        address = urlunsplit(parts._replace(netloc=netloc, query=urlencode(query)))
    else:
        kept = {k: v for k, v in conninfo_to_dict(db_url).items() if k != "password"}
        address = make_conninfo("", **kept)
    return address, {**os.environ, "PGPASSWORD": str(password)}


def write_private(path: Path, text: str) -> None:
    """Replace a file atomically by one that only its owner can read."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    draft.replace(path)
