"""The variables without which a process of ours cannot start."""

from __future__ import annotations

from collections.abc import Mapping

MEANINGS = {
    "FRONTDESK_WORKER_DB_URL": "the database's address, with the login worker",
    "FRONTDESK_EDGE_DB_URL": "the database's address, with the login edge",
    "FRONTDESK_API_URL": "the public address below which the edge answers /functions/v1",
    "FRONTDESK_STORAGE_DB_URL": "the database's address, with the login storage",
    "FRONTDESK_EDGE_PORT": "the port of 127.0.0.1 on which the edge listens",
    "FRONTDESK_REST_URL": "PostgREST's address",
    "FRONTDESK_SECRET_KEYS_FILE": "the file with the private keys of secrets",
    "FRONTDESK_SMTP_URL": "the mail server, such as smtp://user:password@mail.example:587",
}


def required(environment: Mapping[str, str], name: str) -> str:
    """The value of a variable.

    Raises:
        SystemExit: with a sentence, when it is not set.
    """
    if value := environment.get(name):
        return value
    raise SystemExit(f"{name} is not set: {MEANINGS[name]}. See docs/deploying.md.")
