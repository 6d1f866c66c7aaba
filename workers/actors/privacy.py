"""Exports what is known about people, erases them, and applies how long data are kept."""

from __future__ import annotations

import json
import secrets
import tempfile
from pathlib import Path
from typing import Any

import dramatiq

from workers.actors.database import Database
from workers.actors.retrying import PATIENCE, later
from workers.providers.failures import TryLater
from workers.providers.storage import Storage

BATCH = 500
EXPORTS = "exports"


def declare(broker: dramatiq.Broker, database: Database, storage: Storage) -> None:
    """Declare the actors."""

    def fulfil_privacy_request(topic: str, payload: dict[str, Any]) -> None:
        """Export or erase one person; a request that is done already is left alone."""
        try:
            _fulfil(database, storage, payload["request_id"])
            _delete_files(database, storage)
        except TryLater as error:
            raise later(error) from None

    def fulfil_due_requests(topic: str, payload: dict[str, Any]) -> None:
        """Fulfil what is due, and delete exports that have expired."""
        try:
            for key in database.call("select privacy.due_requests()") or []:
                _fulfil(database, storage, key)
            _delete_files(database, storage)
        except TryLater as error:
            raise later(error) from None

    def apply_retention(topic: str, payload: dict[str, Any]) -> None:
        """Delete and empty what is older than the rules of retention allow."""
        while database.call("select privacy.apply_retention(%s)", BATCH):
            pass

    for actor in (fulfil_privacy_request, fulfil_due_requests, apply_retention):
        dramatiq.actor(broker=broker, queue_name="privacy", **PATIENCE)(actor)


def _fulfil(database: Database, storage: Storage, key: str) -> None:
    document = database.call("select privacy.start_export(%s)", key)
    if document is None:
        database.call("select privacy.run_erasure(%s)", key)
        return
    # The name cannot be guessed, and a worker that died in between leaves a file that expires.
    name = f"{key}/{secrets.token_urlsafe(24)}.json"
    with tempfile.TemporaryDirectory(prefix="export-") as folder:
        path = Path(folder) / "export.json"
        path.write_text(json.dumps(document, ensure_ascii=False, indent=1), "utf-8")
        storage.store(EXPORTS, name, path, content_type="application/json", kept="no-store")
    database.call("select privacy.finish_export(%s, %s)", key, name)


def _delete_files(database: Database, storage: Storage) -> None:
    while found := database.call("select privacy.files_to_delete(%s)", BATCH):
        storage.remove(found["bucket"], found["names"])
    database.call("select privacy.finish_erasures()")
