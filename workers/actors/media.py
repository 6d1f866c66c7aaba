"""Looks into files that people sent, draws renditions, and deletes what nothing refers to."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dramatiq
import structlog
from psycopg.types.json import Jsonb

from workers.actors.database import Database
from workers.actors.retrying import PATIENCE, later
from workers.media import child
from workers.media.content import require_type, sha256_of
from workers.media.unfit import Unfit
from workers.providers.clamav import ClamAV
from workers.providers.failures import TryLater
from workers.providers.storage import Missing, Storage

logger = structlog.get_logger("media")

BATCH = 500
PUBLIC = "public-media"
# A rendition's name holds a hash of its bytes, so it never changes.
KEPT = "max-age=31536000, immutable"


@dataclass(frozen=True)
class Desk:
    """What looking into files takes. Without a scanner files are not scanned."""

    storage: Storage
    scanner: ClamAV | None


def declare(broker: dramatiq.Broker, database: Database, desk: Desk) -> None:
    """Declare the actors."""

    def process_medium(topic: str, payload: dict[str, Any]) -> None:
        """Look into a file, once."""
        key = payload["media_id"]
        job = database.call("select files.start_processing(%s)", key)
        if job is None:
            return
        try:
            facts = _look_into(desk, key, job)
        except TryLater as error:
            raise later(error) from None
        except Unfit as error:
            logger.info("medium_refused", medium=key, reason=error.reason)
            database.call("select files.refuse_medium(%s, %s)", key, error.reason)
        else:
            database.call("select files.finish_processing(%s, %s)", key, Jsonb(facts))

    def collect_garbage(topic: str, payload: dict[str, Any]) -> None:
        """Forget what was let go, and delete the objects that no row refers to."""
        database.call("select files.forget_what_is_let_go()")
        try:
            while found := database.call("select files.garbage(%s)", BATCH):
                desk.storage.remove(found["bucket"], found["names"])
        except TryLater as error:
            raise later(error) from None

    for actor in (process_medium, collect_garbage):
        dramatiq.actor(broker=broker, queue_name="media", **PATIENCE)(actor)


def _look_into(desk: Desk, key: str, job: dict[str, Any]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="medium-") as name:
        folder = Path(name)
        source = folder / "original"
        try:
            desk.storage.fetch(job["bucket"], job["name"], source)
        except Missing:
            raise Unfit("not_readable") from None
        facts: dict[str, Any] = {"sha256": sha256_of(source)}
        if job["sha256"] not in (None, facts["sha256"]):
            raise Unfit("hash_mismatch")
        require_type(source, job["content_type"])
        if desk.scanner and not desk.scanner.is_clean(source):
            raise Unfit("infected")
        if job["content_type"].startswith("image/"):
            order = {"order": "renditions", "source": str(source), "folder": name}
            wanted = {field: job[field] for field in ("content_type", "max_pixels", "widths")}
            facts |= child.draw({**order, **wanted})
            _publish(desk.storage, key, facts)
    return facts


def _publish(storage: Storage, key: str, facts: dict[str, Any]) -> None:
    for rendition in facts.get("renditions", ()):
        kind, path = rendition["format"], Path(rendition.pop("path"))
        name = f"{key}/{rendition.pop('sha256')[:32]}-{rendition['width']}.{kind}"
        storage.store(PUBLIC, name, path, content_type=f"image/{kind}", kept=KEPT)
        rendition["object_name"] = name
