"""Sends the sandbox's events: signed as Stripe signs, at least once, again until they are taken."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import structlog

from workers.sandbox import accounts, payments
from workers.sandbox.settings import Settings
from workers.sandbox.store import Books, Store
from workers.sandbox.threads import in_thread

SIGNATURE = "Sandbox-Signature"
TICK = 0.1  # seconds between two looks at what is due
PATIENCE = 10.0  # seconds for an answer

logger = structlog.get_logger("sandbox")


def signature(secret: str, moment: int, body: bytes) -> str:
    """Return the header over the bytes: `t=…,v1=…`.

    Source: https://docs.stripe.com/webhooks#verify-manually
    """
    signed = f"{moment}.".encode() + body
    code = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return f"t={moment},v1={code}"


class Postman:
    """Lets planned things happen, and sends events that are due."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self._settings = settings
        self._store = store
        self._secret = settings.webhook_secret.get_secret_value()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Work in the background until the block is left."""
        async with httpx.AsyncClient(timeout=PATIENCE) as client:
            task = asyncio.create_task(self._work(client))
            try:
                yield
            finally:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task

    async def _work(self, client: httpx.AsyncClient) -> None:
        while True:
            try:
                for event_id, body in await in_thread(self._turn):
                    is_sent = await self._send(client, body)
                    await in_thread(self._note, event_id, is_sent=is_sent)
            except Exception:
                logger.exception("sandbox_failed")
            await asyncio.sleep(TICK)

    def _turn(self) -> list[tuple[str, str]]:
        """Let happen what is due, and return the events that are due."""
        with self._store.change() as books:
            for object_id, what in books.due_happenings():
                self._happen(books, object_id, what)
            return books.due_events()

    def _happen(self, books: Books, object_id: str, what: str) -> None:
        match object_id.partition("_")[0]:
            case "pay":
                payments.happen(books, self._settings, books.get("payment", object_id), what)
            case "ref":
                payments.end_refund(books, self._settings, books.get("refund", object_id), what)
            case _:
                payout = books.get("payout", object_id)
                if payout["status"] == "pending":
                    accounts.end_payout(books, self._settings, payout, what)

    def _note(self, event_id: str, *, is_sent: bool) -> None:
        with self._store.change() as books:
            books.note_attempt(event_id, is_sent=is_sent)

    async def _send(self, client: httpx.AsyncClient, body: str) -> bool:
        raw = body.encode()
        headers = {
            "Content-Type": "application/json",
            SIGNATURE: signature(self._secret, int(time.time()), raw),
        }
        try:
            answer = await client.post(self._settings.webhook_url, content=raw, headers=headers)
        except httpx.HTTPError:
            return False
        return answer.is_success
