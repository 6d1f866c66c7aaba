"""Leases due deliveries in sets, attempts many at once, and records what came of them in sets.

The database says what is due, how much an endpoint may get at once and what an answer means
(sql/75_integrations/functions). A worker that dies leaves its leases, which others take when they
end, so each event arrives at least once, always with the same id.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import uuid
from collections.abc import Collection
from dataclasses import asdict
from typing import Any

import httpx
import psycopg
import structlog
from psycopg.types.json import Jsonb

from workers.sealing.keyring import Keyring
from workers.webhooks.attempts import DEADLINE, Client, Delivery, Outcome

CHANNEL = "webhook_due"
CONCURRENT = 512  # attempts of a worker at a time
PER_ENDPOINT = 16  # attempts at one endpoint at a time, of all workers together
POLL = 1.0  # seconds until due deliveries are looked for without a notification
GATHER = 0.02  # seconds in which outcomes gather that are recorded together
RETRY = 5.0  # seconds until a lost connection is opened again
SECRETS = 10_000  # opened secrets that are remembered

logger = structlog.get_logger("webhooks")


class Sender(threading.Thread):
    """Works until `stop` is set, and then waits for the attempts that run."""

    def __init__(
        self,
        db_url: str,
        keyring: Keyring,
        private_hosts: Collection[str],
        *,
        lease_seconds: float,
        stop: threading.Event,
    ) -> None:
        super().__init__(name="webhooks", daemon=True)
        self._db_url, self._keyring, self._stop_event = db_url, keyring, stop
        self._private_hosts = private_hosts
        self._lease = lease_seconds
        self._worker_id = str(uuid.uuid4())
        self._secrets: dict[str, str] = {}
        self._running: set[asyncio.Task[None]] = set()
        self._outcomes: list[dict[str, Any]] = []

    def run(self) -> None:
        """Send until stopped, and begin anew when the database was away."""
        while not self._stop_event.is_set():
            try:
                asyncio.run(self._send_until_stopped())
            except psycopg.OperationalError:
                self._stop_event.wait(RETRY)

    async def _send_until_stopped(self) -> None:
        self._running, self._outcomes = set(), []
        client = Client(
            self._private_hosts,
            httpx.create_ssl_context(),
            deadline=min(DEADLINE, self._lease / 2),
        )
        connect = psycopg.AsyncConnection.connect
        async with (
            await connect(self._db_url, autocommit=True, prepare_threshold=1) as connection,
            await connect(self._db_url, autocommit=True) as listening,
        ):
            await listening.execute(f"listen {CHANNEL}")
            waking = asyncio.Event()
            listener = asyncio.create_task(_wake(listening, waking))
            try:
                while not self._stop_event.is_set():
                    await self._turn(connection, client, waking)
                await asyncio.gather(*self._running)
                await self._record(connection)
            finally:
                listener.cancel()
                for task in self._running:
                    task.cancel()
                await client.close()

    async def _turn(
        self, connection: psycopg.AsyncConnection[Any], client: Client, waking: asyncio.Event
    ) -> None:
        """Record what has ended and start what is due; wait when there is neither."""
        has_ended = await self._record(connection)
        room = CONCURRENT - len(self._running)
        jobs = await self._lease_due(connection, room) if room else []
        for job in jobs:
            task = asyncio.create_task(self._attempt(connection, client, job, waking))
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        if jobs or has_ended:
            await asyncio.sleep(GATHER)
            return
        waking.clear()
        if not self._outcomes:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(waking.wait(), POLL)

    async def _lease_due(
        self, connection: psycopg.AsyncConnection[Any], room: int
    ) -> list[dict[str, Any]]:
        cursor = await connection.execute(
            "select integrations.lease_deliveries(%s, %s, %s, %s)",
            (self._worker_id, room, PER_ENDPOINT, self._lease),
        )
        row = await cursor.fetchone()
        return list(row[0]) if row else []

    async def _attempt(
        self,
        connection: psycopg.AsyncConnection[Any],
        client: Client,
        job: dict[str, Any],
        waking: asyncio.Event,
    ) -> None:
        try:
            secrets = [await self._secret(connection, key) for key in job["secret_ids"]]
            delivery = Delivery(job["event_id"], job["url"], job["body"])
            outcome = await client.attempt(delivery, secrets)
        except psycopg.OperationalError:
            return  # the lease ends, and it is attempted again
        except Exception:
            logger.exception("attempt_failed", delivery=job["id"])
            outcome = Outcome(0, error="We failed to send it.")
        self._outcomes.append({"id": job["id"], **asdict(outcome)})
        waking.set()

    async def _secret(self, connection: psycopg.AsyncConnection[Any], secret_id: str) -> str:
        """Return an opened secret. Opening one takes milliseconds, so it is remembered."""
        if secret_id not in self._secrets:
            cursor = await connection.execute("select private.sealed_secret(%s)", (secret_id,))
            row = await cursor.fetchone()
            sealed = row[0] if row else b""
            opened = await asyncio.to_thread(self._keyring.unseal, bytes(sealed))
            if len(self._secrets) >= SECRETS:
                self._secrets.clear()
            self._secrets[secret_id] = opened
        return self._secrets[secret_id]

    async def _record(self, connection: psycopg.AsyncConnection[Any]) -> bool:
        """Record the outcomes that have gathered; return whether there were any."""
        if not self._outcomes:
            return False
        outcomes, self._outcomes = self._outcomes, []
        await connection.execute(
            "select integrations.record_attempts(%s, %s)", (self._worker_id, Jsonb(outcomes))
        )
        return True


async def _wake(listening: psycopg.AsyncConnection[Any], waking: asyncio.Event) -> None:
    async for _notification in listening.notifies():
        waking.set()
