"""A connection that is made again after a loss. Each loss is logged once."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

import psycopg

LONGEST_WAIT = 5.0  # seconds between two tries

logger = logging.getLogger("workers.broker")


class Link:
    """One thread's connection to the database."""

    def __init__(self, conninfo: str, purpose: str, stop: threading.Event) -> None:
        self._conninfo = conninfo
        self._purpose = purpose
        self._stop = stop
        self._is_lost = False

    def run(self, work: Callable[[psycopg.Connection], None]) -> None:
        """Do the work until it returns; after a loss, start it again on a new connection."""
        failures = 0
        while not self._stop.is_set():
            try:
                with self._connect() as connection:
                    if self._is_lost:
                        logger.warning("The database is back (%s).", self._purpose)
                    self._is_lost, failures = False, 0
                    work(connection)
                    return
            except psycopg.errors.DeadlockDetected:
                continue  # nothing was written, so start again
            except psycopg.OperationalError as error:
                if not self._is_lost:
                    reason = str(error).strip().splitlines()[0]
                    logger.warning("The database is lost (%s): %s", self._purpose, reason)
                self._is_lost = True
                failures += 1
                self._stop.wait(min(LONGEST_WAIT, 0.1 * 2**failures))

    def _connect(self) -> psycopg.Connection:
        # Leases and acknowledgements need not survive a crash of the database: the messages are
        # read once more, and none is lost.
        return psycopg.connect(
            self._conninfo,
            autocommit=True,
            connect_timeout=5,
            prepare_threshold=1,
            application_name=f"broker {self._purpose}",
            options="-c synchronous_commit=off",
        )
