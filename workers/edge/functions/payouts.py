"""Opening a payout account in one call: the answer has the page on which the business goes on.

The database decides, the provider is asked, and what it says of the account is written down.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from workers.edge import answers
from workers.edge.functions import calling
from workers.edge.state import State
from workers.providers.failures import TryLater
from workers.providers.payments import onboarding, shapes

PATH = "/functions/v1/payout-accounts"
START = "select money.start_payout_account(%s, %s)"
NOTE = "select money.note_payout_account(%s, %s, %s)::text"
RECORD = "select money.record_payout_account(%s, %s, %s, %s)"


async def open_account(request: Request) -> Response:
    """Open a payout account as the caller, with the arguments of set_payout_account."""
    state = State.of(request)
    wanted = await calling.arguments(request, "set_payout_account")
    if isinstance(wanted, Response):
        return wanted
    return_url = str(wanted.pop("return_url", state.settings.api_url))
    opened = await calling.call(request, "set_payout_account", wanted)
    if opened.status_code != 200:
        return calling.passed_on(opened)
    try:
        return JSONResponse(await _onboarded(state, opened.json(), return_url))
    except TryLater:
        return answers.unavailable()


async def _onboarded(state: State, row: Mapping[str, Any], return_url: str) -> Mapping[str, Any]:
    """Return the account as the provider has it now, with the page of its onboarding."""
    key = (row["business_id"], row["currency"])
    async with state.pool.connection() as connection:
        found = await (await connection.execute(START, key)).fetchone()
    job = found[0] if found else None
    if job is None:  # the operator makes the transfers, and no provider has a page
        return {**row, "onboarding_url": None}
    account, url = await run_in_threadpool(_asked, state, job, return_url)
    async with state.pool.connection() as connection, connection.transaction():
        await connection.execute(NOTE, (*key, account.reference))
        facts = (account.reference, account.can_be_paid_out, list(account.missing))
        await connection.execute(RECORD, (job["provider"], *facts))
    return {
        **row,
        "status": "active" if account.can_be_paid_out else row["status"],
        "missing": list(account.missing),
        "onboarding_url": url,
    }


def _asked(state: State, job: Mapping[str, Any], return_url: str) -> tuple[shapes.Account, str]:
    provider = onboarding.payer(state.payments, job["provider"])
    account = onboarding.account(provider, job)
    return account, provider.onboarding_url(account.reference, return_url=return_url)
