"""Notes when API keys were last used.

A read of the API runs in a read-only transaction, so it notifies instead of writing. Notifications
that nobody heard are lost, and the next use notifies again.
"""

from __future__ import annotations

import threading

import psycopg

CHANNEL = "api_key_used"
GATHERING = 1.0  # seconds in which uses are gathered before they are written together
RETRY = 5.0  # seconds until a lost connection is opened again


class KeyUses(threading.Thread):
    """Listens on a connection of its own until `stop` is set."""

    def __init__(self, db_url: str, stop: threading.Event) -> None:
        super().__init__(name="api-key-uses", daemon=True)
        self._db_url, self._stop_event = db_url, stop

    def run(self) -> None:
        """Listen, and begin anew when the database was away."""
        while not self._stop_event.is_set():
            try:
                self._listen()
            except psycopg.OperationalError:
                self._stop_event.wait(RETRY)

    def _listen(self) -> None:
        with psycopg.connect(self._db_url, autocommit=True) as connection:
            connection.execute(f"listen {CHANNEL}")
            while not self._stop_event.is_set():
                used = {
                    notification.payload for notification in connection.notifies(timeout=GATHERING)
                }
                if used:
                    connection.execute("select identity.note_key_uses(%s::uuid[])", (list(used),))
