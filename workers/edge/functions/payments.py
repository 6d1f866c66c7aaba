"""Starting a payment in one call.

The database decides, the provider is asked, and the answer has what the payer's browser needs next.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
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
START = "select money.start_call('create', %s)"
FINISH = "select money.finish_call('create', %s, %s)"
RELEASE = "select money.release_call('create', %s)"
SHOW = "select money.started_payment(%s)"
LONGEST = 10.0  # seconds to wait for a worker that is asking already
PAUSE = 0.1
OURS = ("gift_card", "credit")  # what the ledger itself pays


async def start(request: Request) -> Response:
    """Start a payment as the caller, with the arguments of start_payment."""
    state = State.of(request)
    wanted = await calling.arguments(request, "start_payment")
    if isinstance(wanted, Response):
        return wanted
    if "provider" in wanted and wanted["provider"] not in (*state.payments, *OURS):
        return answers.refusal(
            422,
            "This cannot be paid with that provider.",
            details="provider_not_offered",
            hint="Choose another provider of the business.",
        )
    wanted.setdefault("return_url", state.settings.api_url)
    started = await calling.call(request, "start_payment", wanted)
    if started.status_code != 200:
        return calling.passed_on(started)
    payment = started.json()
    if payment["status"] != "pending" or payment["client"]:
        return JSONResponse(payment)
    return await _asked(state, payment)


async def _asked(state: State, payment: Mapping[str, Any]) -> Response:
    """Ask the provider, or wait for the worker that does."""
    until = time.monotonic() + LONGEST
    while (job := await _value(state, START, payment["id"])) and job.get("wait"):
        if time.monotonic() > until:
            return answers.unavailable()
        await asyncio.sleep(PAUSE)
    if job is None:
        return JSONResponse(await _value(state, SHOW, payment["id"]))
    try:
        answer = await run_in_threadpool(calls.ask, state.payments, job)
    except TryLater:
        # A worker tries again; so may the client, with the same idempotency key.
        await _value(state, RELEASE, payment["id"])
        return answers.unavailable()
    return JSONResponse(await _value(state, FINISH, payment["id"], Jsonb(answer)))


async def _value(state: State, statement: str, *arguments: object) -> Any:
    async with state.pool.connection() as connection:
        row = await (await connection.execute(statement.encode(), arguments)).fetchone()
    return row[0] if row else None
