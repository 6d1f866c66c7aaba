"""PAY.JP as a provider.

It knows no idempotency keys, so we look first: charges carry our key in their metadata, and refunds
in their reason, which PAY.JP's list of events keeps. A webhook proves itself only by a token that
never changes, so what it says is fetched from PAY.JP before it is believed.

Source: https://pay.jp/docs/api/
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from urllib.parse import quote

import jwt

from workers.providers.http import Timeouts
from workers.providers.payments import owned, repeating, shapes
from workers.providers.payments.failures import Absent, Declined, Rejected
from workers.providers.payments.http import Api
from workers.providers.payments.payjp import reading
from workers.providers.payments.payjp import saving as saving_cards
from workers.providers.payments.payjp.calls import Body, Calls
from workers.providers.payments.protocol import Event, Traits
from workers.providers.payments.repeating import MARK
from workers.providers.payments.units import require_payable

NAME = "payjp"
URL = "https://api.pay.jp"
LIMIT = shapes.Limit(minimum_minor=50, maximum_minor=9_999_999)
REASON = "frontdesk "  # before the key in a refund's reason


class PayJp:
    """A `PaymentProvider` that `SavesMethods`; it takes yen."""

    def __init__(
        self,
        *,
        secret_key: str,
        public_key: str,
        webhook_token: str,
        timeouts: Timeouts,
        url: str = URL,
    ) -> None:
        self._calls = Calls(Api(url, auth=(secret_key, ""), timeouts=timeouts))
        self._secret_key, self._webhook_token, self._url = secret_key, webhook_token, url
        self.traits = Traits(
            NAME,
            "look_first",
            captures_parts=False,
            needs_method=True,
            saves_methods=True,
            asks_about_events=True,
            public_key=public_key,
        )

    def limit(self, currency: str) -> shapes.Limit | None:
        """See `PaymentProvider.limit`."""
        return LIMIT if currency == reading.CURRENCY else None

    def create(self, intent: shapes.Intent) -> shapes.Started:
        """See `PaymentProvider.create`: with 3-D Secure, if the customer is there."""
        require_payable(intent.amount_minor, intent.currency, self.limit(intent.currency))
        if intent.method is None:
            raise Rejected("PAY.JP needs a token of its script.", code="method_required")
        charge = self._made(intent) or self._new_charge(self._with_card(intent))
        if charge["amount"] != intent.amount_minor:
            raise Rejected("This key came with another amount.", code="key_reused")
        status = reading.status_of(charge)
        client = shapes.NOTHING_TO_DO
        if status == "requires_action":
            client = shapes.Client(kind="redirect", url=self._page(charge["id"], intent))
        customer = charge.get("customer")
        return shapes.Started(
            reference=charge["id"], status=status, client=client, customer=customer
        )

    def finish(self, finish: shapes.Finish) -> shapes.Payment:
        """See `PaymentProvider.finish`: charges the card once 3-D Secure is passed."""
        found = self.retrieve(finish.payment)
        if found.status != "approved":
            return found
        try:
            return reading.payment(self._calls.post(f"/v1/charges/{finish.payment}/tds_finish", {}))
        except Rejected as refused:
            # Somebody else may have finished it meanwhile.
            after = self.retrieve(finish.payment)
            if after.status == "approved" or isinstance(refused, Declined):
                raise
            return after

    def capture(self, capture: shapes.Capture) -> shapes.Payment:
        """See `PaymentProvider.capture`."""
        before = self.retrieve(capture.payment)
        if before.status == "captured":
            return before
        if before.status != "authorized":
            raise Rejected(f"The payment is {before.status}.", code="wrong_state")
        if capture.amount_minor != before.amount_minor:
            raise Rejected("Frontdesk captures whole charges of PAY.JP.", code="not_offered")
        return reading.payment(self._calls.post(f"/v1/charges/{capture.payment}/capture", {}))

    def cancel(self, cancel: shapes.Cancel) -> shapes.Payment:
        """See `PaymentProvider.cancel`. A charge that is not finished never takes money."""
        before = self.retrieve(cancel.payment)
        if before.status == "captured":
            raise Rejected("The payment is captured.", code="wrong_state")
        if before.status == "authorized":
            return reading.payment(self._calls.post(f"/v1/charges/{cancel.payment}/refund", {}))
        return before.model_copy(update={"status": "cancelled"})

    def refund(self, refund: shapes.Refund) -> shapes.Refunded:
        """See `PaymentProvider.refund`."""
        if not self._is_refunded(refund):
            before = self.retrieve(refund.payment)
            left = before.captured_minor - before.refunded_minor
            if before.status != "captured" or refund.amount_minor > left:
                raise Rejected("Less than this amount is left to refund.", code="wrong_state")
            asked = {"amount": refund.amount_minor, "refund_reason": f"{REASON}{refund.key}"}
            self._calls.post(f"/v1/charges/{refund.payment}/refund", asked)
        return shapes.Refunded(
            reference=f"{refund.key}:{refund.amount_minor}",
            status="succeeded",
            amount_minor=refund.amount_minor,
            currency=reading.CURRENCY,
        )

    def retrieve(self, payment: str) -> shapes.Payment:
        """See `PaymentProvider.retrieve`."""
        return reading.payment(self._calls.get(f"/v1/charges/{quote(payment)}"))

    def retrieve_refund(self, payment: str, refund: str) -> shapes.Refunded:
        """See `PaymentProvider.retrieve_refund`: they have no objects, and succeed at once."""
        return shapes.Refunded(
            reference=refund,
            status="succeeded",
            amount_minor=int(refund.rpartition(":")[2]),
            currency=reading.CURRENCY,
        )

    def list_since(self, moment: datetime) -> Iterator[shapes.Payment]:
        """See `PaymentProvider.list_since`."""
        since = {"since": int(moment.timestamp())}
        yield from map(reading.payment, self._calls.all("/v1/charges", since))

    def save_method(self, saving: shapes.Saving) -> shapes.Started:
        """See `SavesMethods.save_method`: the script made the token, after 3-D Secure."""
        method = saving_cards.save(self._calls, saving)
        return shapes.Started(
            reference=method.reference, status="captured", customer=method.customer
        )

    def finish_saving(self, finish: shapes.FinishSaving) -> shapes.Method | None:
        """See `SavesMethods.finish_saving`: nothing is ever left to do."""
        return saving_cards.method(self._calls, finish.saving)

    def methods(self, customer: str) -> list[shapes.Method]:
        """See `SavesMethods.methods`."""
        return saving_cards.methods(self._calls, customer)

    def forget_method(self, method: str) -> None:
        """See `SavesMethods.forget_method`."""
        saving_cards.forget(self._calls, method)

    def parse_event(self, headers: Mapping[str, str], raw: bytes) -> Event:
        """See `PaymentProvider.parse_event`. Only the event's id is taken from what came."""
        given = {name.lower(): value for name, value in headers.items()}
        token = given.get("x-payjp-webhook-token", "")
        if not hmac.compare_digest(token.encode(), self._webhook_token.encode()):
            return shapes.Forged(reason="The token does not match.")
        try:
            event = self._calls.get(f"/v1/events/{quote(str(json.loads(raw)['id']), safe='')}")
        except (Absent, ValueError, KeyError, TypeError):
            return shapes.Forged(reason="PAY.JP knows no such event.")
        return self._event(event)

    def _event(self, event: Body) -> shapes.ProviderEvent | shapes.Ignored:
        charge = event["data"]
        if charge["object"] == "card":
            return reading.card_event(event, NAME)
        kind = reading.kind_of(event["type"], charge) if charge["object"] == "charge" else None
        if kind is None:
            return shapes.Ignored(event_id=event["id"], name=event["type"])
        reference, amount, key = charge["id"], charge["amount"], charge["metadata"].get(MARK)
        payment = None
        if kind == "refund.succeeded":
            payment, key = reference, (charge["refund_reason"] or "").removeprefix(REASON)
            amount = charge["amount_refunded"] - self._refunded_before(event)
            reference = f"{key}:{amount}"
        return shapes.ProviderEvent(
            provider=NAME,
            event_id=event["id"],
            kind=kind,
            object_reference=reference,
            amount_minor=amount,
            currency=reading.CURRENCY,
            occurred_at=repeating.moment(event["created"]),
            payment_reference=payment,
            key=key or None,
            data={"failure": charge["failure_code"]} if charge.get("failure_code") else {},
        )

    def _refunded_before(self, event: Body) -> int:
        """Return what was refunded before the refund of an event, which tells only the sum."""
        sums = [
            int(it["data"]["amount_refunded"])
            for it in self._refund_events(event["data"]["id"])
            if it["data"]["amount_refunded"] < event["data"]["amount_refunded"]
        ]
        return max(sums, default=0)

    def _is_refunded(self, refund: shapes.Refund) -> bool:
        reason = f"{REASON}{refund.key}"
        found = self._refund_events(refund.payment)
        return any(event["data"].get("refund_reason") == reason for event in found)

    def _refund_events(self, charge: str) -> Iterator[Body]:
        return self._calls.all("/v1/events", {"resource_id": charge, "type": "charge.refunded"})

    def _made(self, intent: shapes.Intent) -> Body | None:
        found = self._calls.all("/v1/charges", {"since": repeating.search_from(intent)})
        return repeating.first(it for it in found if it["metadata"].get(MARK) == intent.key)

    def _with_card(self, intent: shapes.Intent) -> shapes.Intent:
        """Save the card first where it shall be kept: its token is good for one use."""
        if not intent.save_method or owned.is_owned(str(intent.method)):
            return intent
        method = saving_cards.save(self._calls, intent)
        return intent.model_copy(update={"method": method.reference})

    def _new_charge(self, intent: shapes.Intent) -> Body:
        """Charge a token, or a saved card, which PAY.JP knows by its customer."""
        source = {"card": intent.method}
        if owned.is_owned(str(intent.method)):
            source = dict(zip(("customer", "card"), owned.parts(str(intent.method)), strict=True))
        asked = {
            "amount": intent.amount_minor,
            "currency": "jpy",
            "capture": str(intent.capture_now).lower(),
            "description": intent.description,
            f"metadata[{MARK}]": intent.key,
            **source,
            **({} if intent.off_session else {"three_d_secure": "true"}),
        }
        return self._calls.post("/v1/charges", asked)

    def _page(self, charge: str, intent: shapes.Intent) -> str:
        """Return the page of 3-D Secure, which leads back to an address that we signed."""
        back = jwt.encode({"url": intent.return_url}, self._secret_key, algorithm="HS256")
        query = f"publickey={self.traits.public_key}&back_url={back}"
        return f"{self._url}/v1/tds/{charge}/start?{query}"
