"""Makes the keys that seal secrets, and seals everything again with a new one."""

from __future__ import annotations

from typing import Any

import dramatiq
import structlog

from workers.actors.database import Database
from workers.sealing.keyring import Keyring

BATCH = 100

logger = structlog.get_logger("secrets")


def declare(broker: dramatiq.Broker, database: Database, keyring: Keyring) -> None:
    """Declare the actor."""

    def rotate_secrets(topic: str, payload: dict[str, Any]) -> None:
        """Seal all secrets with a new key: the newest of the file, or one made now."""
        if keyring.ids()[:1] == [database.call("select private.current_secret_key()")]:
            keyring.make_key()
        _register(database, keyring)
        _rewrap_all(database, keyring)

    dramatiq.actor(broker=broker, queue_name="housekeeping", max_retries=3)(rotate_secrets)


def ensure_key(database: Database, keyring: Keyring) -> None:
    """Make the first key of an installation, and tell the database its public half.

    Where the database knows a key already, none is made: a missing file would hide that nothing
    can be opened.
    """
    current = database.call("select private.current_secret_key()")
    if current is not None:
        if current not in keyring.ids():
            logger.error("secret_key_missing", key=current, file=str(keyring.path))
        return
    keyring.make_first_key()
    _register(database, keyring)


def _register(database: Database, keyring: Keyring) -> None:
    key = keyring.newest()
    database.call("select private.add_secret_key(%s, %s)", key.key_id, key.public_packet)


def _rewrap_all(database: Database, keyring: Keyring) -> None:
    new = keyring.newest()
    while outdated := database.call(_OUTDATED, BATCH):
        for secret in outdated:
            sealed = bytes.fromhex(secret["sealed"][2:])
            database.call(
                "select private.rewrap_secret(%s, %s, %s, %s)",
                secret["id"],
                sealed,
                keyring.rewrap(sealed),
                new.key_id,
            )


_OUTDATED = "select jsonb_agg(outdated) from private.outdated_secrets(%s) as outdated"
