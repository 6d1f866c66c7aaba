"""Ends what has run out: holds, offers, old idempotency keys.

No rule waits for this process; it only tidies what is over at query time already. Each round
calls two SQL functions, and rounds follow each other at once while there is more.
"""

from __future__ import annotations

import os
import signal
import threading
from dataclasses import dataclass

import psycopg
import structlog

from workers import log

BATCH = 100
# Both return how many rows they changed.
TRANSITIONS = "select scheduling.apply_due_transitions(%s)"
OLD_KEYS = "select private.forget_old_keys()"
LONGEST_WAIT = 30.0  # seconds between two tries to reach a lost database

logger = structlog.get_logger("housekeeping")


@dataclass
class Housekeeper:
    """Works on one connection of its own; `stop` ends it after the round that runs."""

    db_url: str
    every_seconds: float
    stop: threading.Event

    def run(self) -> None:
        """Do rounds until told to stop, through losses of the database."""
        failures = 0
        while not self.stop.is_set():
            try:
                with psycopg.connect(self.db_url, autocommit=True, connect_timeout=5) as connection:
                    failures = 0
                    self._serve(connection)
            except psycopg.Error as error:
                failures += 1
                wait = min(LONGEST_WAIT, 0.5 * 2**failures)
                reason = str(error).strip().splitlines()[0]
                logger.warning("database_lost", reason=reason, retry_in_seconds=wait)
                self.stop.wait(wait)

    def _serve(self, connection: psycopg.Connection) -> None:
        while not self.stop.is_set():
            if self._round(connection) < BATCH:
                self.stop.wait(self.every_seconds)

    def _round(self, connection: psycopg.Connection) -> int:
        """Do one round, and say how many transitions were applied."""
        transitions = _count(connection, TRANSITIONS, BATCH)
        keys = _count(connection, OLD_KEYS)
        if transitions or keys:
            logger.info("round", transitions=transitions, forgotten_keys=keys)
        return transitions


def _count(connection: psycopg.Connection, statement: str, *arguments: object) -> int:
    row = connection.execute(statement, arguments).fetchone()
    return int(row[0]) if row and row[0] is not None else 0


def main() -> None:
    """Run until SIGTERM or SIGINT."""
    log.configure()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    logger.info("started")
    Housekeeper(
        db_url=os.environ["FRONTDESK_WORKER_DB_URL"],
        every_seconds=float(os.environ["FRONTDESK_HOUSEKEEPING_SECONDS"]),
        stop=stop,
    ).run()
    logger.info("stopped")


if __name__ == "__main__":
    main()
