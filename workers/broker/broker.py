"""Dramatiq on pgmq: the broker."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from typing import Any

import psycopg
from dramatiq import Message
from dramatiq.broker import Broker, Consumer
from dramatiq.errors import ConnectionClosed, QueueJoinTimeout, QueueNotFound
from dramatiq.middleware import Middleware
from psycopg_pool import ConnectionPool

from workers.broker import names, statements, wire
from workers.broker.batches import Batches
from workers.broker.consumer import PgmqConsumer
from workers.broker.fetcher import Fetcher, Pace, leases
from workers.broker.guards import CountAttempts, GiveBack, RefuseWrongArguments
from workers.broker.leased import Lease, LeasedMessage
from workers.broker.settler import Settler

INSTALLING = 0x64726D70  # the advisory lock under which functions for queues are installed


class PgmqBroker(Broker):
    """A Dramatiq broker whose queues are pgmq's.

    Delays, leases and due times follow the database's clock. Only the last reader of a message can
    settle it.

    Args:
        conninfo: of a login that may read and write the queues; it must own the schema pgmq to
            make missing queues.
        middleware: replaces Dramatiq's own; the middleware for leases is added in any case.
        lease_seconds: how long a worker owns a message before others may read it. Extended while
            the process lives.
        poll_seconds: how often to look without a notification.
        keeps_archive: archive acknowledged messages instead of deleting them.
        pool_size: connections for sending and for counting attempts.
    """

    def __init__(
        self,
        conninfo: str,
        *,
        middleware: list[Middleware] | None = None,
        lease_seconds: float = 60.0,
        poll_seconds: float = 1.0,
        keeps_archive: bool = False,
        pool_size: int = 4,
    ) -> None:
        self._made: set[str] = set()
        self._first_guard: type[Middleware] | None = None
        super().__init__(middleware)
        self._conninfo = conninfo
        self._pace = Pace(lease_seconds, poll_seconds)
        self._keeps_archive = keeps_archive
        self._pool = ConnectionPool(
            conninfo,
            min_size=0,
            max_size=pool_size,
            open=False,
            kwargs={"autocommit": True, "prepare_threshold": 1},
        )
        self._starting = threading.Lock()
        self._fetcher: Fetcher | None = None
        self._settler: Settler | None = None
        self.batches = Batches()
        guards = (RefuseWrongArguments(), CountAttempts(), GiveBack(self.pause), self.batches)
        for guard in guards:
            super().add_middleware(guard)
        self._first_guard = type(guards[0])

    def add_middleware(
        self,
        middleware: Middleware,
        *,
        before: type[Middleware] | None = None,
        after: type[Middleware] | None = None,
    ) -> None:
        """Add middleware, by default before our own: it sees the messages that ours refuses."""
        if before is None and after is None:
            before = self._first_guard
        super().add_middleware(middleware, before=before, after=after)

    def close(self) -> None:
        """Stop reading, write the outcomes, and close every connection."""
        if self._fetcher and self._settler:
            self._fetcher.stop()
            self._settler.stop(timeout=10)
            self._fetcher = self._settler = None
        self._pool.close()

    def declare_queue(self, queue_name: str) -> None:
        """Declare a queue; the database gets it on first use.

        Raises:
            ValueError: when the name is not valid.
        """
        if queue_name in self.queues:
            return
        names.checked(queue_name)
        self.emit_before("declare_queue", queue_name)
        self.queues[queue_name] = None
        self.emit_after("declare_queue", queue_name)

    def enqueue(self, message: Message[Any], *, delay: int | None = None) -> Message[Any]:
        """Put a message into its queue, to be read in `delay` milliseconds.

        When a worker sends the message that it is processing, that is a retry: settling the message
        then changes its row instead of deleting it.

        Raises:
            QueueNotFound: when the queue is not declared, or does not exist and may not be made.
            ConnectionClosed: when the database cannot be reached.
        """
        self._require(message.queue_name)
        seconds = (delay or 0) / 1000
        self.emit_before("enqueue", message, delay)
        if not (isinstance(message, LeasedMessage) and message.retry_in(message, seconds)):
            self._send(message, seconds)
        self.emit_after("enqueue", message, delay)
        return message

    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = 30000) -> Consumer:
        """Read a queue, holding at most `prefetch` messages at once; `timeout` in ms.

        Raises:
            QueueNotFound: when the queue is not declared.
        """
        self._require(queue_name)
        with self._starting:  # each queue's consumer has its own thread
            if self._fetcher is None or self._settler is None:
                self._fetcher = Fetcher(self._conninfo, self._pace, self._make, self)
                self._settler = Settler(
                    self._conninfo, keeps_archive=self._keeps_archive, on_room=self._fetcher.wake
                )
            fetcher, settler = self._fetcher, self._settler
        inbox = fetcher.open(queue_name, prefetch, self.batches.are_for)
        return PgmqConsumer(inbox, fetcher, settler, self._release, timeout / 1000)

    def pause(self, queue_names: Iterable[str]) -> None:
        """Stop reading these queues, and resume all others."""
        if self._fetcher:
            self._fetcher.pause(frozenset(queue_names))

    def flush(self, queue_name: str) -> None:
        """Delete all messages and dead letters of a queue."""
        self._require(queue_name)
        with self._connection() as connection:
            self._make(connection, queue_name)
            for name in (queue_name, names.dead_name(queue_name)):
                connection.execute(statements.of_queue("flush", name))

    def flush_all(self) -> None:
        """Delete all messages and dead letters of the declared queues."""
        for queue_name in self.queues:
            self.flush(queue_name)

    def join(self, queue_name: str, *, timeout: int | None = None) -> None:
        """Wait, in tests, until a queue is empty, delayed messages included; `timeout` in ms.

        Raises:
            QueueJoinTimeout: when it takes longer.
            QueueNotFound: when the queue is not declared.
        """
        self._require(queue_name)
        deadline = time.monotonic() + timeout / 1000 if timeout is not None else None
        while self.count(queue_name):
            if deadline and time.monotonic() >= deadline:
                raise QueueJoinTimeout(queue_name)
            time.sleep(0.01)

    def count(self, queue_name: str) -> int:
        """Return the number of messages in a queue, including those being processed."""
        with self._connection() as connection:
            self._make(connection, queue_name)
            row = connection.execute(statements.of_queue("count", queue_name)).fetchone()
        return int(row[0]) if row else 0

    def is_held(self, lease: Lease) -> bool:
        """Return whether a lease is still valid."""
        with self._connection() as connection:
            row = connection.execute(
                statements.of_queue("is_held", lease.queue_name),
                {"msg_id": lease.msg_id, "read_ct": lease.read_ct},
            ).fetchone()
        return bool(row and row[0])

    def begin(self, lease: Lease, attempt: int) -> bool:
        """Record that an attempt begins; return whether the lease is still valid."""
        with self._connection() as connection:
            row = connection.execute(
                statements.of_queue("begin", lease.queue_name),
                {"msg_id": lease.msg_id, "read_ct": lease.read_ct, "attempt": attempt},
            ).fetchone()
        return row is not None

    def _require(self, queue_name: str) -> None:
        if queue_name not in self.queues:
            raise QueueNotFound(queue_name)

    def _connection(self) -> Any:
        self._pool.open()
        return _Connected(self._pool)

    def _send(self, message: Message[Any], seconds: float) -> None:
        with self._connection() as connection:
            self._make(connection, message.queue_name)
            connection.execute(
                statements.of_queue("send", message.queue_name),
                {
                    "delay": seconds,
                    "message": wire.pack(message),
                    "queue_name": names.checked(message.queue_name),
                },
            )

    def _release(self, messages: list[LeasedMessage]) -> None:
        by_queue: dict[str, list[LeasedMessage]] = {}
        for message in messages:
            by_queue.setdefault(message.lease.queue_name, []).append(message)
        if not by_queue:
            return
        with self._connection() as connection:
            for queue_name, held in by_queue.items():
                connection.execute(statements.of_queue("release", queue_name), leases(held))
                connection.execute("select pg_notify(%s, '')", (names.channel(queue_name),))

    def _make(self, connection: psycopg.Connection, queue_name: str) -> None:
        if queue_name in self._made:
            return
        name = names.checked(queue_name)
        try:
            if not _is_ready(connection, name):
                with connection.transaction():
                    # Two processes must not replace the functions at the same time.
                    connection.execute("select pg_advisory_xact_lock(%s)", (INSTALLING,))
                    if not _is_ready(connection, name):
                        connection.execute(statements.text("queues"))
                        connection.execute("select dramatiq.make_queue(%s)", (name,))
        except psycopg.errors.InsufficientPrivilege:
            raise QueueNotFound(f"{queue_name}: it does not exist and may not be made.") from None
        self._made.add(queue_name)


def _is_ready(connection: psycopg.Connection, name: str) -> bool:
    """Return whether a queue and the functions for queues exist."""
    row = connection.execute(
        "select to_regclass(%s) is not null"
        " and to_regprocedure('dramatiq.notify_workers(text)') is not null",
        (f'pgmq."q_{names.dead_name(name)}"',),
    ).fetchone()
    return bool(row and row[0])


class _Connected:
    """A connection of the pool. A lost one raises Dramatiq's own exception."""

    def __init__(self, pool: ConnectionPool) -> None:
        self._context = pool.connection(timeout=5)

    def __enter__(self) -> psycopg.Connection:
        try:
            return self._context.__enter__()
        except psycopg.OperationalError as error:  # PoolTimeout is one
            raise ConnectionClosed(error) from None

    def __exit__(self, *error: Any) -> None:
        self._context.__exit__(*error)
        if isinstance(error[1], psycopg.OperationalError):
            raise ConnectionClosed(error[1]) from None
