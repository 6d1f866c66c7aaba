"""Finds the order behind a capture, an event or a transaction of PayPal's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from workers.providers.payments.failures import Absent
from workers.providers.payments.paypal.calls import Calls
from workers.providers.payments.shapes import EventKind

LONGEST_REPORT = timedelta(days=31)
PAGE = 100
PAYMENTS = "T00"  # what the codes of transactions that take money begin with


def order_in(calls: Calls, event: Mapping[str, Any], kind: EventKind) -> str | None:
    """Return the order that an event is about; a payment that is not ours has none."""
    about = event["resource"]
    if kind == "payment.approved":
        return str(about["id"])
    if kind.startswith("dispute."):
        return order_of(calls, about["disputed_transactions"][0]["seller_transaction_id"])
    if kind.startswith("refund."):
        capture = next(link["href"] for link in about["links"] if link["rel"] == "up")
        return order_of(calls, capture.rsplit("/", 1)[-1])
    return _related(about)


def order_of(calls: Calls, capture: str) -> str | None:
    """Return the order of a capture."""
    try:
        return _related(calls.get(f"/v2/payments/captures/{quote(capture)}"))
    except Absent:
        return None


def orders_since(calls: Calls, moment: datetime) -> Iterator[str]:
    """Yield the orders that were captured since a moment, each once."""
    now, start, seen = datetime.now(UTC), moment, set()
    while start < now:
        end = min(start + LONGEST_REPORT, now)
        for capture in _captures(calls, start, end):
            order = order_of(calls, capture)
            if order and order not in seen:
                seen.add(order)
                yield order
        start = end


def _captures(calls: Calls, start: datetime, end: datetime) -> Iterator[str]:
    """Yield the captures that carry a key of ours, page by page."""
    query = {"start_date": _written(start), "end_date": _written(end), "page_size": PAGE}
    number = 1
    while True:
        found = calls.get("/v1/reporting/transactions", {**query, "page": number})
        for detail in found["transaction_details"]:
            about = detail["transaction_info"]
            is_payment = str(about["transaction_event_code"]).startswith(PAYMENTS)
            if is_payment and about.get("custom_field"):
                yield about["transaction_id"]
        if number >= found["total_pages"]:
            return
        number += 1


def _related(about: Mapping[str, Any]) -> str | None:
    related = (about.get("supplementary_data") or {}).get("related_ids") or {}
    order = related.get("order_id")
    return str(order) if order else None


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
