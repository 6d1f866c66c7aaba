"""Settles messages: deletes done ones in batches, buries failed ones, delays retries."""

from __future__ import annotations

import logging
import threading
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

import psycopg

from workers.broker import statements, wire
from workers.broker.fetcher import bury, leases
from workers.broker.inbox import Inbox
from workers.broker.leased import LeasedMessage
from workers.broker.link import Link

logger = logging.getLogger("workers.broker")


@dataclass(frozen=True)
class Outcome:
    """The end of a message's processing; `error` names the exception when it failed."""

    inbox: Inbox
    message: LeasedMessage
    reason: str = ""
    error: str = ""


class Settler:
    """A thread that writes outcomes as they arrive, all waiting ones together.

    A crash or a lost connection may swallow an outcome; the message is then read once more when its
    lease has run out. Writing an outcome twice changes nothing, because the lease is over.
    """

    def __init__(self, conninfo: str, *, keeps_archive: bool, on_room: Callable[[], None]) -> None:
        self._gone = "archive" if keeps_archive else "delete"
        self._on_room = on_room
        self._waiting: list[Outcome] = []
        self._changed = threading.Condition()
        self._stop = threading.Event()
        self._abandon = threading.Event()
        self._thread = threading.Thread(
            target=Link(conninfo, "settle", self._abandon).run, args=(self._work,), daemon=True
        )
        self._thread.start()

    def settle(self, outcomes: list[Outcome]) -> None:
        """Queue outcomes for writing."""
        with self._changed:
            self._waiting += outcomes
            self._changed.notify()

    def stop(self, *, timeout: float) -> None:
        """End the thread when everything is written, or after `timeout` seconds."""
        self._stop.set()
        with self._changed:
            self._changed.notify()
        self._thread.join(timeout)
        self._abandon.set()

    def _work(self, connection: psycopg.Connection) -> None:
        while True:
            with self._changed:
                while not self._waiting:
                    if self._stop.is_set():
                        return
                    self._changed.wait(timeout=1)
                outcomes = list(self._waiting)
            self._write_what_can_be(connection, outcomes)
            with self._changed:
                del self._waiting[: len(outcomes)]
            for outcome in outcomes:
                outcome.message.is_settled = True
                held = outcome.inbox.held.get(outcome.message.lease.msg_id)
                if held is outcome.message:
                    del outcome.inbox.held[outcome.message.lease.msg_id]
            self._on_room()

    def _write_what_can_be(self, connection: psycopg.Connection, outcomes: list[Outcome]) -> None:
        """Write all together; if that fails, one by one, so that one cannot block the others."""
        try:
            self._write(connection, outcomes)
        except psycopg.OperationalError:
            raise
        except Exception as error:
            if len(outcomes) == 1:
                logger.error("%s cannot be settled: %s", outcomes[0].message.lease, error)
                return
            for outcome in outcomes:
                self._write_what_can_be(connection, [outcome])

    def _write(self, connection: psycopg.Connection, outcomes: list[Outcome]) -> None:
        acknowledged: defaultdict[str, list[LeasedMessage]] = defaultdict(list)
        # Each statement is a transaction of its own, so none holds rows while it waits for others.
        for outcome in outcomes:
            if outcome.error:
                self._bury(connection, outcome)
            elif outcome.message.retry:
                self._retry(connection, outcome.message)
            else:
                acknowledged[outcome.message.lease.queue_name].append(outcome.message)
        for queue_name, messages in acknowledged.items():
            rows = connection.execute(
                statements.of_queue(self._gone, queue_name), leases(messages)
            ).fetchall()
            if len(rows) < len(messages):
                logger.warning(
                    "%d message(s) of %s were done after their lease had run out.",
                    len(messages) - len(rows),
                    queue_name,
                )

    def _bury(self, connection: psycopg.Connection, outcome: Outcome) -> None:
        bury(
            connection,
            outcome.message.lease,
            outcome.reason,
            outcome.error,
            attempts=max(outcome.message.attempts, outcome.message.failures(), 1),
        )

    def _retry(self, connection: psycopg.Connection, message: LeasedMessage) -> None:
        assert message.retry  # noqa: S101 (the caller has checked)
        connection.execute(
            statements.of_queue("retry", message.lease.queue_name),
            {
                "msg_id": message.lease.msg_id,
                "read_ct": message.lease.read_ct,
                "message": wire.pack(message.retry.message),
                "delay": message.retry.delay,
                "attempts": message.attempts,
            },
        )
