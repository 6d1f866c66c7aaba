"""Cash: nothing is called, and the same call again has the same answer."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from workers.providers.payments import shapes
from workers.providers.payments.cash import Cash
from workers.providers.payments.failures import Rejected

BEGAN = datetime.now(UTC)
MONEY: dict[str, Any] = {"amount_minor": 5000, "currency": "JPY"}


def test_somebody_at_the_desk_takes_and_returns_it() -> None:
    cash = Cash()
    intent = shapes.Intent(
        key="key-1", began_at=BEGAN, description="Haircut", return_url="https://a.b", **MONEY
    )
    started = cash.create(intent)
    assert started == cash.create(intent)
    assert (started.status, started.client.kind) == ("requires_action", "none")
    payment = started.reference
    capture = shapes.Capture(key="take", began_at=BEGAN, payment=payment, **MONEY)
    taken = cash.capture(capture)
    assert (taken.key, taken.status, taken.captured_minor) == ("key-1", "captured", 5000)
    refund = shapes.Refund(key="refund", began_at=BEGAN, payment=payment, **MONEY)
    assert cash.refund(refund) == cash.refund(refund)
    assert cash.refund(refund).status == "succeeded"
    cancel = shapes.Cancel(key="cancel", began_at=BEGAN, payment=payment)
    assert cash.cancel(cancel).status == "cancelled"


def test_it_has_no_books_and_no_events() -> None:
    for look in (lambda: Cash().retrieve("cash:a:1:JPY"), lambda: Cash().retrieve_refund("a", "b")):
        with pytest.raises(Rejected) as refused:
            look()
        assert refused.value.code == "not_offered"
    assert list(Cash().list_since(BEGAN)) == []
    assert isinstance(Cash().parse_event({}, b"{}"), shapes.Forged)
