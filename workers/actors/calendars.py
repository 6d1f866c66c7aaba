"""Calendars of other programs are read, and their busy time blocks."""

from __future__ import annotations

from typing import Any

import dramatiq
import structlog
from psycopg.errors import DataError, IntegrityError, ProgramLimitExceeded
from psycopg.types.json import Jsonb

from workers.actors.database import Database
from workers.calendars.reader import Reader
from workers.calendars.unreadable import Unreadable

logger = structlog.get_logger("calendars")
# What the database answers when a value is the reason, and not the moment.
NOT_STORED = (DataError, IntegrityError, ProgramLimitExceeded)


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
            read = {**reader.read(job), "attempt": job["attempt"]}
            database.call("select catalog.finish_import(%s, %s)", key, Jsonb(read))
        except Unreadable as error:
            reason = str(error)
        except NOT_STORED as error:
            # The same file would fail for ever, so this is its answer and no reason to try again.
            logger.error("calendar_not_stored", calendar=key, sqlstate=error.sqlstate)
            reason = "It holds something that cannot be stored."
        else:
            return
        database.call("select catalog.fail_import(%s, %s, %s)", key, job["attempt"], reason)

    for actor in (request_due_imports, import_calendar):
        dramatiq.actor(broker=broker, queue_name="calendars", max_retries=3)(actor)
