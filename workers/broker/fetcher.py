"""The fetch loop of a process: it reads the queues, extends leases, and sleeps in between."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import psycopg
from dramatiq import Message
from dramatiq.errors import DecodeError
from psycopg.types.json import Jsonb

from workers.broker import names, statements, wire
from workers.broker.inbox import Inbox
from workers.broker.leased import History, Lease, LeasedMessage, Registry
from workers.broker.link import Link
from workers.broker.waiting import Waiting

TROUBLE_SECONDS = 5.0  # between two looks at a queue that cannot be read
SHORTEST_REST = 0.02  # seconds between two looks that find nothing
GATHERING_REST = 0.05  # the same while messages wait here for a thread

logger = logging.getLogger("workers.broker")


class MakeQueue(Protocol):
    """Makes a queue unless it exists."""

    def __call__(self, connection: psycopg.Connection, queue_name: str) -> None:
        """Make the queue.

        Raises:
            QueueNotFound: when the login may not.
        """


@dataclass(frozen=True)
class Pace:
    """The length of a lease, and the time between two looks without a notification, in seconds."""

    lease: float
    poll: float


class Fetcher:
    """Two threads: one reads and extends leases, one listens for notifications."""

    def __init__(self, conninfo: str, pace: Pace, make: MakeQueue, registry: Registry) -> None:
        self._pace = pace
        self._make = make
        self._registry = registry
        self._inboxes: list[Inbox] = []
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._extend_at = 0.0
        self._threads = [
            threading.Thread(target=Link(conninfo, name, self._stop).run, args=(work,), daemon=True)
            for name, work in (("fetch", self._fetch), ("listen", self._listen))
        ]
        for thread in self._threads:
            thread.start()

    def open(self, queue_name: str, capacity: int, is_for_batches: Callable[[str], bool]) -> Inbox:
        """Start to read a queue; `is_for_batches` says which actors get batches."""
        inbox = Inbox(queue_name, capacity, Waiting(capacity, is_for_batches))
        with self._lock:
            self._inboxes.append(inbox)
        self._wake.set()
        return inbox

    def close(self, inbox: Inbox) -> None:
        """Stop reading a queue. Messages that were read stay with their consumer."""
        with self._lock:
            if inbox in self._inboxes:
                self._inboxes.remove(inbox)

    def pause(self, queue_names: frozenset[str]) -> None:
        """Stop reading these queues, and resume all others."""
        for inbox in self._open_inboxes():
            inbox.is_paused = inbox.queue_name in queue_names
        self._wake.set()

    def wake(self) -> None:
        """End the sleep: a consumer has room again."""
        self._wake.set()

    def stop(self) -> None:
        """End both threads."""
        self._stop.set()
        self._wake.set()
        for thread in self._threads:
            thread.join(timeout=5)

    def _open_inboxes(self) -> list[Inbox]:
        with self._lock:
            return list(self._inboxes)

    def _fetch(self, connection: psycopg.Connection) -> None:
        for inbox in self._open_inboxes():
            inbox.look_at = 0.0
        while not self._stop.is_set():
            self._wake.clear()
            self._extend(connection)
            for inbox in self._open_inboxes():
                if inbox.is_due():
                    self._attempt(self._read, connection, inbox)
            self._wake.wait(self._idle_seconds())

    def _attempt(
        self,
        work: Callable[[psycopg.Connection, Inbox], None],
        connection: psycopg.Connection,
        inbox: Inbox,
    ) -> None:
        """Do the work for one queue. Its errors are logged once and do not stop other queues."""
        try:
            work(connection, inbox)
        except psycopg.OperationalError:
            raise
        except Exception as error:
            if not inbox.is_in_trouble:
                logger.error("The queue %s cannot be read: %s", inbox.queue_name, error)
            inbox.is_in_trouble = True
            inbox.look_at = time.monotonic() + TROUBLE_SECONDS

    def _idle_seconds(self) -> float:
        times = [inbox.look_at for inbox in self._open_inboxes() if inbox.room() > 0]
        return max(0.0, min([*times, self._extend_at]) - time.monotonic())

    def _read(self, connection: psycopg.Connection, inbox: Inbox) -> None:
        if not inbox.is_made:
            self._make(connection, inbox.queue_name)
            inbox.is_made = True
        room, until = inbox.room(), time.monotonic() + self._pace.lease
        if inbox.is_called:
            # Before the look, so that a later notification counts.
            inbox.is_called, inbox.rest = False, 0.0
        rows = connection.execute(
            statements.of_queue("read", inbox.queue_name),
            {"count": room, "floor": inbox.floor_now(), "lease": self._pace.lease},
        ).fetchall()
        inbox.is_in_trouble = False
        read: list[LeasedMessage] = []
        for due_at, msg_id, read_ct, text, headers in sorted(rows, key=lambda row: row[:2]):
            inbox.saw(due_at)
            lease = Lease(inbox.queue_name, msg_id, read_ct)
            decoded = self._decoded(connection, lease, text)
            if decoded is not None:
                history = History.of(headers, read_ct)
                message = LeasedMessage(
                    decoded, lease, self._registry, until=until, history=history
                )
                inbox.held[msg_id] = message
                read.append(message)
        inbox.waiting.put(read)
        if len(rows) == room:
            inbox.rest = 0.0
            return
        # Fewer rows than there is room for are all that there are.
        if not rows:
            inbox.rest = self._seconds_to_next(connection, inbox)
        else:
            inbox.rest = GATHERING_REST if inbox.waiting.gathers() else SHORTEST_REST
        inbox.look_at = time.monotonic() + inbox.rest

    def _decoded(
        self, connection: psycopg.Connection, lease: Lease, text: str
    ) -> Message[Any] | None:
        """Return the message, or bury what is none."""
        try:
            return wire.unpack(text, lease.queue_name)
        except DecodeError as error:
            logger.error("%s is no message: %s", lease, error)
            bury(connection, lease, "It is no message of an actor.", "DecodeError")
            return None

    def _seconds_to_next(self, connection: psycopg.Connection, inbox: Inbox) -> float:
        """Return how long to sleep without a notification: until the next message is due.

        The sleep grows from one empty look to the next, up to `poll`: of several senders at once
        only one notifies, and the others' messages may be committed a little later.
        """
        rest = min(self._pace.poll, max(2 * inbox.rest, SHORTEST_REST))
        row = connection.execute(statements.of_queue("next_due", inbox.queue_name)).fetchone()
        if row is None or row[0] is None:
            return rest
        # A message that is due but was not read is locked by another reader, or below the floor.
        return min(rest, max(float(row[0]), SHORTEST_REST))

    def _extend(self, connection: psycopg.Connection) -> None:
        now = time.monotonic()
        if now < self._extend_at:
            return
        self._extend_at = now + self._pace.lease / 3
        for inbox in self._open_inboxes():
            self._attempt(self._extend_held, connection, inbox)

    def _extend_held(self, connection: psycopg.Connection, inbox: Inbox) -> None:
        held = list(inbox.held.values())
        if not held:
            return
        until = time.monotonic() + self._pace.lease
        rows = connection.execute(
            statements.of_queue("extend", inbox.queue_name),
            {"lease": self._pace.lease, **leases(held)},
        ).fetchall()
        ours = {msg_id for (msg_id,) in rows}
        for message in held:
            if message.lease.msg_id in ours:
                message.until = until
            elif not message.is_settled:
                logger.warning("The lease of %s has run out.", message.lease)
                inbox.held.pop(message.lease.msg_id, None)

    def _listen(self, connection: psycopg.Connection) -> None:
        heard: dict[str, Inbox] = {}
        while not self._stop.is_set():
            for inbox in self._open_inboxes():
                channel = names.channel(inbox.queue_name)
                if heard.get(channel) is not inbox:
                    connection.execute(psycopg.sql.SQL("listen {}").format(_identifier(channel)))
                    heard[channel] = inbox
                    inbox.look_at = 0.0
                    self._wake.set()
            for notice in connection.notifies(timeout=0.5, stop_after=1):
                if notice.channel in heard:
                    heard[notice.channel].is_called = True
                    self._wake.set()


def _identifier(channel: str) -> psycopg.sql.Identifier:
    return psycopg.sql.Identifier(channel)


def leases(messages: list[LeasedMessage]) -> dict[str, list[int]]:
    """Return the parameters that name the leases of these messages."""
    return {
        "msg_ids": [message.lease.msg_id for message in messages],
        "read_cts": [message.lease.read_ct for message in messages],
    }


def bury(
    connection: psycopg.Connection, lease: Lease, reason: str, error: str, **more: Any
) -> None:
    """Move a message to the dead letters of its queue, with the reason."""
    headers = {
        # jsonb can hold neither NUL nor half a surrogate pair.
        "reason": reason[:1000].replace("\0", "?").encode("utf-8", "replace").decode("utf-8"),
        "error": error,
        "attempts": lease.read_ct,
        "queue": lease.queue_name,
        **more,
    }
    connection.execute(
        statements.of_queue("bury", lease.queue_name),
        {"msg_id": lease.msg_id, "read_ct": lease.read_ct, "headers": Jsonb(headers)},
    )
