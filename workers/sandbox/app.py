"""The sandbox's API: JSON over HTTP, with the key as user of Basic authentication.

A POST with an `Idempotency-Key` happens once: a repetition gets the first answer, and the same key
with another request is refused. Like Stripe, it keeps the answer of a decline; a call that was
refused changed nothing and may be made again.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from workers.sandbox import accounts, methods, pages, payments
from workers.sandbox.errors import Problem, invalid
from workers.sandbox.postman import Postman
from workers.sandbox.settings import Settings
from workers.sandbox.store import Body, Books, Store
from workers.sandbox.threads import in_thread

PAGE = 100  # objects in one answer


@dataclass(frozen=True)
class Desk:
    """What the routes work with."""

    settings: Settings
    store: Store


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Desk]:
    """Open the books and send events as long as the application runs."""
    store = Store(settings.folder)
    try:
        async with Postman(settings, store).running():
            yield Desk(settings, store)
    finally:
        store.close()


Step = Callable[[Books, Settings, Request, Body], Body | list[Body]]


def _payment(books: Books, request: Request) -> Body:
    return books.get("payment", request.path_params["id"])


def _create_payment(books: Books, settings: Settings, _request: Request, asked: Body) -> Body:
    return payments.create(books, settings, asked)


def _get(kind: str) -> Step:
    return lambda books, _settings, request, _asked: books.get(kind, request.path_params["id"])


def _list_payments(books: Books, _settings: Settings, request: Request, _asked: Body) -> Body:
    found = books.all("payment", since=float(request.query_params.get("since", "0")))
    ids = [payment["id"] for payment in found]
    after = request.query_params.get("after")
    start = ids.index(after) + 1 if after in ids else 0
    return {"data": found[start : start + PAGE], "has_more": len(found) > start + PAGE}


def _capture(books: Books, settings: Settings, request: Request, asked: Body) -> Body:
    return payments.capture(books, settings, _payment(books, request), asked)


def _cancel(books: Books, settings: Settings, request: Request, _asked: Body) -> Body:
    return payments.cancel(books, settings, _payment(books, request))


def _refund(books: Books, settings: Settings, request: Request, asked: Body) -> Body:
    return payments.refund(books, settings, _payment(books, request), asked)


def _dispute(books: Books, settings: Settings, request: Request, _asked: Body) -> Body:
    return payments.dispute(books, settings, _payment(books, request))


def _end_dispute(books: Books, settings: Settings, request: Request, _asked: Body) -> Body:
    made = books.get("dispute", request.path_params["id"])
    return payments.end_dispute(books, settings, made, request.path_params["how"])


def _save_method(books: Books, settings: Settings, _request: Request, asked: Body) -> Body:
    setup = books.add(
        "setup",
        "set",
        key=asked["key"],
        status="requires_action",
        customer=methods.customer_for(books, {**asked, "save_method": True}),
        return_url=payments.return_url(asked),
        method=None,
    )
    setup["url"] = f"{settings.url}/save/{setup['id']}"
    books.save(setup)
    return setup


def _setup(books: Books, _settings: Settings, request: Request, _asked: Body) -> Body:
    setup = books.get("setup", request.path_params["id"])
    method = setup["method"]
    return {**setup, "method": books.get("method", method) if method else None}


def _methods(books: Books, _settings: Settings, request: Request, _asked: Body) -> Body:
    return {"data": methods.of(books, request.path_params["id"])}


def _forget(books: Books, settings: Settings, request: Request, _asked: Body) -> Body:
    methods.forget(books, settings, books.get("method", request.path_params["id"]))
    return {}


def _renew(books: Books, settings: Settings, request: Request, asked: Body) -> Body:
    method = books.get("method", request.path_params["id"])
    return methods.renew(books, settings, method, asked)


def _create_account(books: Books, _settings: Settings, _request: Request, asked: Body) -> Body:
    return accounts.create(books, asked)


def _onboarding(books: Books, settings: Settings, request: Request, asked: Body) -> Body:
    account = books.get("account", request.path_params["id"])
    account["return_url"] = payments.return_url(asked)
    books.save(account)
    return {"url": f"{settings.url}/onboard/{account['id']}"}


def _pay_out(books: Books, settings: Settings, _request: Request, asked: Body) -> Body:
    return accounts.pay_out(books, settings, asked)


def _end_payout(books: Books, settings: Settings, request: Request, _asked: Body) -> Body:
    made = books.get("payout", request.path_params["id"])
    return accounts.end_payout(books, settings, made, request.path_params["how"])


def _events(books: Books, _settings: Settings, _request: Request, _asked: Body) -> Body:
    return {"data": books.events()}


def _resend(books: Books, _settings: Settings, request: Request, _asked: Body) -> Body:
    books.resend(request.path_params["id"])
    return {}


STEPS: list[tuple[str, str, Step]] = [
    ("POST", "/payments", _create_payment),
    ("GET", "/payments", _list_payments),
    ("GET", "/payments/{id}", _get("payment")),
    ("POST", "/payments/{id}/capture", _capture),
    ("POST", "/payments/{id}/cancel", _cancel),
    ("POST", "/payments/{id}/refunds", _refund),
    ("POST", "/payments/{id}/disputes", _dispute),
    ("GET", "/refunds/{id}", _get("refund")),
    ("POST", "/disputes/{id}/{how:str}", _end_dispute),
    ("POST", "/setups", _save_method),
    ("GET", "/setups/{id}", _setup),
    ("GET", "/customers/{id}/methods", _methods),
    ("DELETE", "/methods/{id}", _forget),
    ("POST", "/methods/{id}/renewal", _renew),
    ("POST", "/accounts", _create_account),
    ("GET", "/accounts/{id}", _get("account")),
    ("POST", "/accounts/{id}/onboarding", _onboarding),
    ("POST", "/payouts", _pay_out),
    ("GET", "/payouts/{id}", _get("payout")),
    ("POST", "/payouts/{id}/{how:str}", _end_payout),
    ("GET", "/events", _events),
    ("POST", "/events/{id}/resend", _resend),
]
ENDINGS = {"disputes": ("won", "lost"), "payouts": ("paid", "failed")}


def make() -> Starlette:
    """Return the application; its requests find the `Desk` in the state as `sandbox`."""
    routes = [Route(path, partial(_serve, step), methods=[verb]) for verb, path, step in STEPS]
    return Starlette(routes=[*routes, *pages.ROUTES])


async def _serve(step: Step, request: Request) -> Response:
    desk: Desk = request.state.sandbox
    raw = await request.body()
    try:
        _require_key(desk.settings, request)
        asked = _json(raw)
        status, body = await in_thread(_answer, desk, step, request, asked, raw)
    except Problem as problem:
        return JSONResponse(problem.body, status_code=problem.status)
    except (KeyError, TypeError, ValueError) as error:
        return JSONResponse(invalid(f"The request is incomplete: {error}.").body, status_code=400)
    return JSONResponse(body, status_code=status)


def _require_key(settings: Settings, request: Request) -> None:
    kind, _, code = request.headers.get("authorization", "").partition(" ")
    try:
        key = base64.b64decode(code, validate=True).partition(b":")[0]
    except binascii.Error:
        key = b""
    wanted = settings.key.get_secret_value().encode()
    if kind.lower() != "basic" or not hmac.compare_digest(key, wanted):
        raise Problem(401, "unauthorized", "The key is missing or wrong.")


def _json(raw: bytes) -> Body:
    asked: Any = json.loads(raw or b"{}")
    if not isinstance(asked, dict):
        raise invalid("The body must be a JSON object.")
    return asked


def _answer(
    desk: Desk, step: Step, request: Request, asked: Body, raw: bytes
) -> tuple[int, Body | list[Body]]:
    how = request.path_params.get("how")
    if how and how not in ENDINGS[request.url.path.rsplit("/", 3)[1]]:
        raise Problem(404, "absent", f"Nothing ends as {how}.")
    key = request.headers.get("idempotency-key") if request.method == "POST" else None
    asked_for = hashlib.sha256(request.url.path.encode() + b"\0" + raw).hexdigest()
    with desk.store.change() as books:
        if key and (before := books.answered(key)):
            if before[0] != asked_for:
                raise Problem(409, "key_reused", "This key came with another request.")
            return before[1], before[2]
        body = step(books, desk.settings, request, asked)
        status = 200
        if step is _create_payment and isinstance(body, dict) and body["failure"]:
            message = f"The payment was declined: {body['failure']}."
            status = 402
            body = Problem(402, body["failure"], message, payment=body["id"]).body
        if key and isinstance(body, dict):
            books.remember(key, asked_for, status, body)
        return status, body
