"""The sandbox as a provider: a client of `workers.sandbox`, which moves no money."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from workers.providers.http import Timeouts, json_of
from workers.providers.payments import shapes
from workers.providers.payments.failures import Absent, Declined, Rejected
from workers.providers.payments.http import Api
from workers.providers.payments.protocol import Event, Traits
from workers.providers.payments.units import require_payable

NAME = "sandbox"
TOLERANCE = 300  # seconds
LIMIT = shapes.Limit(minimum_minor=1, maximum_minor=99_999_999_99)
SIGNATURE = "sandbox-signature"


class Sandbox:
    """A `FullProvider`."""

    traits = Traits(NAME, "key", saves_methods=True, pays_out=True)

    def __init__(self, *, url: str, key: str, webhook_secret: str, timeouts: Timeouts) -> None:
        self._api = Api(url, auth=(key, ""), timeouts=timeouts)
        self._webhook_secret = webhook_secret

    def limit(self, currency: str) -> shapes.Limit | None:
        """See `PaymentProvider.limit`: the same in every currency."""
        return LIMIT

    def create(self, intent: shapes.Intent) -> shapes.Started:
        """See `PaymentProvider.create`."""
        require_payable(intent.amount_minor, intent.currency, LIMIT)
        asked = intent.model_dump(exclude={"began_at"})
        return _started(self._post("/payments", intent, asked))

    def finish(self, finish: shapes.Finish) -> shapes.Payment:
        """See `PaymentProvider.finish`: nothing is ever left to do."""
        return self.retrieve(finish.payment)

    def capture(self, capture: shapes.Capture) -> shapes.Payment:
        """See `PaymentProvider.capture`."""
        asked = {"amount_minor": capture.amount_minor}
        return _payment(self._post(f"/payments/{capture.payment}/capture", capture, asked))

    def cancel(self, cancel: shapes.Cancel) -> shapes.Payment:
        """See `PaymentProvider.cancel`."""
        return _payment(self._post(f"/payments/{cancel.payment}/cancel", cancel, {}))

    def refund(self, refund: shapes.Refund) -> shapes.Refunded:
        """See `PaymentProvider.refund`."""
        asked = {"amount_minor": refund.amount_minor, "key": refund.key}
        return _refunded(self._post(f"/payments/{refund.payment}/refunds", refund, asked))

    def retrieve(self, payment: str) -> shapes.Payment:
        """See `PaymentProvider.retrieve`."""
        return _payment(self._call("GET", f"/payments/{payment}"))

    def retrieve_refund(self, payment: str, refund: str) -> shapes.Refunded:
        """See `PaymentProvider.retrieve_refund`."""
        return _refunded(self._call("GET", f"/refunds/{refund}"))

    def list_since(self, moment: datetime) -> Iterator[shapes.Payment]:
        """See `PaymentProvider.list_since`."""
        query: dict[str, Any] = {"since": moment.timestamp()}
        while True:
            page = self._call("GET", "/payments", params=query)
            yield from map(_payment, page["data"])
            if not page["has_more"]:
                return
            query["after"] = page["data"][-1]["id"]

    def save_method(self, saving: shapes.Saving) -> shapes.Started:
        """See `SavesMethods.save_method`."""
        return _started(self._post("/setups", saving, saving.model_dump(exclude={"began_at"})))

    def finish_saving(self, finish: shapes.FinishSaving) -> shapes.Method | None:
        """See `SavesMethods.finish_saving`."""
        saved = self._call("GET", f"/setups/{finish.saving}")["method"]
        return _method(saved) if saved else None

    def methods(self, customer: str) -> list[shapes.Method]:
        """See `SavesMethods.methods`."""
        return [_method(it) for it in self._call("GET", f"/customers/{customer}/methods")["data"]]

    def forget_method(self, method: str) -> None:
        """See `SavesMethods.forget_method`."""
        try:
            self._call("DELETE", f"/methods/{method}")
        except Absent:
            return

    def create_account(self, account: shapes.NewAccount) -> shapes.Account:
        """See `PaysOut.create_account`."""
        asked = account.model_dump(exclude={"began_at"})
        return _account(self._post("/accounts", account, asked))

    def account(self, reference: str) -> shapes.Account:
        """See `PaysOut.account`."""
        return _account(self._call("GET", f"/accounts/{reference}"))

    def onboarding_url(self, account: str, *, return_url: str) -> str:
        """See `PaysOut.onboarding_url`."""
        asked = {"return_url": return_url}
        return str(self._call("POST", f"/accounts/{account}/onboarding", json=asked)["url"])

    def pay_out(self, payout: shapes.Payout) -> shapes.PaidOut:
        """See `PaysOut.pay_out`."""
        return _paid_out(self._post("/payouts", payout, payout.model_dump(exclude={"began_at"})))

    def retrieve_payout(self, account: str, payout: str) -> shapes.PaidOut:
        """See `PaysOut.retrieve_payout`."""
        return _paid_out(self._call("GET", f"/payouts/{payout}"))

    def recall(self, recall: shapes.Recall) -> None:
        """See `PaysOut.recall`: the money of a failed payout comes back by itself."""

    def parse_event(self, headers: Mapping[str, str], raw: bytes) -> Event:
        """See `PaymentProvider.parse_event`."""
        given = {name.lower(): value for name, value in headers.items()}
        if refused := self._forged(given.get(SIGNATURE, ""), raw):
            return refused
        return _event(json.loads(raw))

    def _forged(self, header: str, raw: bytes) -> shapes.Forged | None:
        parts = dict(part.partition("=")[::2] for part in header.split(","))
        moment, code = parts.get("t", ""), parts.get("v1", "")
        signed = f"{moment}.".encode() + raw
        wanted = hmac.new(self._webhook_secret.encode(), signed, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(wanted.encode(), code.encode()):
            return shapes.Forged(reason="The signature does not match.")
        if abs(time.time() - int(moment)) > TOLERANCE:
            return shapes.Forged(reason="The signature is too old.")
        return None

    def _post(self, path: str, effect: shapes.Effect, asked: dict[str, Any]) -> dict[str, Any]:
        return self._call("POST", path, key=f"{path}:{effect.key}", json=asked)

    def _call(self, method: str, path: str, **request: Any) -> dict[str, Any]:
        answer = self._api.call(method, path, **request)
        body = json_of(answer)
        if answer.is_success:
            return body
        error = body.get("error", {})
        code, message = error.get("code", "invalid_request"), error.get("message", "It said no.")
        if answer.status_code == 402:
            raise Declined(message, code=code, reference=error["payment"])
        if answer.status_code == 404:
            raise Absent(path.rsplit("/", 1)[-1])
        raise Rejected(message, code=code)


METHOD_FIELDS = ("customer", "brand", "last4", "expires_on")


def _method(body: Mapping[str, Any]) -> shapes.Method:
    return shapes.Method(reference=body["id"], **{name: body[name] for name in METHOD_FIELDS})


def _started(body: Mapping[str, Any]) -> shapes.Started:
    needs_page = body["status"] == "requires_action"
    client = shapes.Client(kind="redirect", url=body["url"]) if needs_page else shapes.NOTHING_TO_DO
    return shapes.Started(
        reference=body["id"], status=body["status"], client=client, customer=body["customer"]
    )


def _payment(body: Mapping[str, Any]) -> shapes.Payment:
    same = ("key", "status", "amount_minor", "captured_minor", "refunded_minor", "currency")
    return shapes.Payment(
        reference=body["id"],
        **{name: body[name] for name in (*same, "fee_minor", "failure", "customer", "method")},
        fee_currency=body["currency"],
        created_at=datetime.fromtimestamp(body["created"], UTC),
    )


def _refunded(body: Mapping[str, Any]) -> shapes.Refunded:
    return shapes.Refunded(
        reference=body["id"],
        status=body["status"],
        amount_minor=body["amount_minor"],
        currency=body["currency"],
    )


def _paid_out(body: Mapping[str, Any]) -> shapes.PaidOut:
    return shapes.PaidOut(
        reference=body["id"],
        status="succeeded" if body["status"] == "paid" else body["status"],
        amount_minor=body["amount_minor"],
        currency=body["currency"],
    )


def _account(body: Mapping[str, Any]) -> shapes.Account:
    return shapes.Account(
        reference=body["id"],
        can_be_paid_out=body["can_be_paid_out"],
        missing=tuple(body["missing"]),
    )


def _event(body: Mapping[str, Any]) -> shapes.ProviderEvent:
    about = body["data"]["object"]
    amount = about.get("captured_minor") or about.get("amount_minor")
    wanted = ("reason", "failure", "fee_minor", "customer", "account", *METHOD_FIELDS)
    return shapes.ProviderEvent(
        provider=NAME,
        event_id=body["id"],
        kind=body["type"],
        object_reference=about["id"],
        amount_minor=amount,
        currency=about.get("currency"),
        occurred_at=datetime.fromtimestamp(body["created"], UTC),
        payment_reference=about.get("payment"),
        key=about.get("key"),
        data={name: str(about[name]) for name in wanted if about.get(name) is not None},
    )
