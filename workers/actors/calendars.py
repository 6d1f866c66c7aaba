"""Calendars of other programs are read, and their busy time blocks."""

from __future__ import annotations

from typing import Any

import dramatiq
from psycopg.types.json import Jsonb

from workers.actors.database import Database
from workers.calendars.reader import Reader
from workers.calendars.unreadable import Unreadable


def declare(broker: dramatiq.Broker, database: Database, reader: Reader) -> None:
    """Declare the actors."""

    def request_due_imports(topic: str, payload: dict[str, Any]) -> None:
        """Ask for every calendar whose time has come."""
        database.call("select catalog.request_due_imports()")

    def import_calendar(topic: str, payload: dict[str, Any]) -> None:
        """Read one calendar; one that cannot be read is asked for again with the next tick."""
        key = payload["calendar_import_id"]
        job = database.call("select catalog.start_import(%s)", key)
        if job is None:
            return
        try:
            read = reader.read(job)
        except Unreadable as error:
            database.call("select catalog.fail_import(%s, %s, %s)", key, job["attempt"], str(error))
            return
        database.call(
            "select catalog.finish_import(%s, %s)", key, Jsonb({**read, "attempt": job["attempt"]})
        )

    for actor in (request_due_imports, import_calendar):
        dramatiq.actor(broker=broker, queue_name="calendars", max_retries=3)(actor)
