"""Sends recurring messages. Any number may run: the database sends each tick once."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass

import psycopg
import structlog

from workers import log
from workers.environment import required
from workers.signals import stop_on_signals

TICKS = "select private.send_due_ticks()"
LONGEST_WAIT = 30.0  # seconds between two tries to reach a lost database

logger = structlog.get_logger("scheduler")


@dataclass
class Scheduler:
    """Works on its own connection; `stop` ends it after the current round."""

    db_url: str
    every_seconds: float
    stop: threading.Event

    def run(self) -> None:
        """Do rounds until told to stop, and survive losses of the database."""
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
            connection.execute(TICKS)
            self.stop.wait(self.every_seconds)


def main() -> None:
    """Run until SIGTERM or SIGINT."""
    log.configure()
    db_url = required(os.environ, "FRONTDESK_WORKER_DB_URL")
    stop = stop_on_signals()
    logger.info("started")
    Scheduler(
        db_url=db_url,
        every_seconds=float(os.environ.get("FRONTDESK_SCHEDULER_SECONDS", "1")),
        stop=stop,
    ).run()
    logger.info("stopped")


if __name__ == "__main__":
    main()
