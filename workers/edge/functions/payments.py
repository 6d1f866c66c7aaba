"""Starting a payment, or saving a card, in one call.

The database decides, the provider is asked, and the answer has what the payer's browser needs next.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

from psycopg.types.json import Jsonb
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from workers.edge import answers
from workers.edge.functions import calling
from workers.edge.state import State
from workers.providers.failures import TryLater
from workers.providers.payments import calls

PATH = "/functions/v1/payments"
METHODS_PATH = "/functions/v1/payment-methods"
FINISH_METHOD_PATH = f"{METHODS_PATH}/finish"
START = "select money.start_call(%s, %s)"
FINISH = "select money.finish_call(%s, %s, %s)"
RELEASE = "select money.release_call(%s, %s)"
SHOW = "select money.started_call(%s, %s)"
LONGEST = 10.0  # seconds to wait for a worker that is asking already
PAUSE = 0.1
OURS = ("gift_card", "credit")  # what the ledger itself pays


async def start(request: Request) -> Response:
    """Start a payment as the caller, with the arguments of start_payment."""
    return await _begun(request, "start_payment", "create")


async def save_method(request: Request) -> Response:
    """Begin to save a card of the caller, with the arguments of save_payment_method."""
    return await _begun(request, "save_payment_method", "save")


async def finish_method(request: Request) -> Response:
    """Ask the provider for the card that the caller saves, as finish_payment_method does."""
    state = State.of(request)
    wanted = await calling.arguments(request, "finish_payment_method")
    if isinstance(wanted, Response):
        return wanted
    begun = await calling.call(request, "finish_payment_method", wanted)
    if begun.status_code != 200:
        return calling.passed_on(begun)
    return await _asked(state, "keep", begun.json()["id"])


async def _begun(request: Request, function: str, call: str) -> Response:
    """Call the function as the caller, then the provider for what it began."""
    state = State.of(request)
    wanted = await calling.arguments(request, function)
    if isinstance(wanted, Response):
        return wanted
    if "provider" in wanted and wanted["provider"] not in (*state.payments, *OURS):
        return answers.refusal(
            422,
            "This cannot be paid with that provider.",
            details="provider_not_offered",
            hint="Choose another provider of the business.",
        )
    begun = await calling.call(request, function, wanted)
    if begun.status_code != 200:
        return calling.passed_on(begun)
    subject = begun.json()
    if subject["status"] != "pending" or subject["client"]:
        return JSONResponse(subject)
    return await _asked(state, call, subject["id"])


async def _asked(state: State, call: str, subject_id: str) -> Response:
    """Ask the provider, or wait for the worker that does."""
    until = time.monotonic() + LONGEST
    while (job := await _value(state, START, call, subject_id)) and job.get("wait"):
        if time.monotonic() > until:
            return answers.unavailable()
        await asyncio.sleep(PAUSE)
    if job is None:
        return JSONResponse(await _value(state, SHOW, call, subject_id))
    try:
        home = state.settings.api_url
        answer = await run_in_threadpool(calls.ask, state.payments, job, home)
    except TryLater:
        # A worker tries again; so may the client, with the same idempotency key.
        await _value(state, RELEASE, call, subject_id)
        return answers.unavailable()
    return JSONResponse(await _value(state, FINISH, call, subject_id, Jsonb(answer)))


async def _value(state: State, statement: str, *arguments: object) -> Any:
    async with state.pool.connection() as connection:
        row = await (await connection.execute(statement.encode(), arguments)).fetchone()
    return row[0] if row else None
