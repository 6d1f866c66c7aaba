"""What holds of every provider that saves methods, and how the others refuse to."""

from __future__ import annotations

import pytest

from tests.harness.simulators.payments.server import Fault
from tests.workers.payments.wired import Wired
from workers.providers.payments import calls, shapes
from workers.providers.payments.failures import Rejected, TryLater

FAULTS = [Fault("500", "after"), Fault("drop", "after"), Fault("500", "before")]


def saved(wired: Wired) -> shapes.ProviderEvent:
    """Save a method, by itself or with a payment, and return the event that tells of it."""
    provider = wired.provider()
    if provider.traits.saves_alone:
        wired.keep(provider.save_method(wired.saving()))
    else:
        wired.paid("first", save_method=True)
    events = wired.parsed("method.saved")
    assert len({event.object_reference for event in events}) == 1
    # Of two events one may know more.
    (event,) = [event for event in events if "last4" in event.data]
    return event


def test_a_saved_method_pays_without_the_customer(wired: Wired) -> None:
    provider = wired.provider()
    if not provider.traits.saves_methods:
        job = {"provider": wired.name, "call": "forget", "method": "token"}
        refused = calls.ask({wired.name: provider}, job, "https://shop.example")
        assert refused == {"data": {"failure": "not_offered"}}
        return
    event = saved(wired)
    customer = event.data["customer"]
    (method,) = provider.methods(customer)
    assert (method.reference, method.customer) == (event.object_reference, customer)
    shown = {"customer": customer, "brand": method.brand, "last4": method.last4}
    assert shown.items() <= event.data.items()
    whose = {"customer": customer, "method": method.reference, "off_session": True}
    for _ in range(2):
        paid = provider.create(wired.intent("fee", **whose))
        assert paid.status == "captured"
    payment = provider.retrieve(paid.reference)
    assert (payment.captured_minor, payment.key) == (wired.amount, "fee")
    assert wired.charges("fee") == 1


def test_a_method_that_is_forgotten_is_gone_at_the_provider(wired: Wired) -> None:
    provider = wired.provider()
    if not provider.traits.saves_methods:
        return
    event = saved(wired)
    for _ in range(2):
        provider.forget_method(event.object_reference)
    assert provider.methods(event.data["customer"]) == []
    (gone,) = wired.parsed("method.removed")
    assert gone.object_reference == event.object_reference
    whose = {"customer": event.data["customer"], "off_session": True}
    with pytest.raises(Rejected):
        provider.create(wired.intent("late", method=event.object_reference, **whose))
    assert wired.charges("late") == 0


def test_a_payment_saves_its_method(wired: Wired) -> None:
    provider = wired.provider()
    if not provider.traits.saves_methods:
        return
    payment = provider.retrieve(wired.paid(save_method=True))
    assert payment.status == "captured" and payment.customer
    (method,) = provider.methods(payment.customer)
    assert payment.method == method.reference


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.how}-{fault.when}")
def test_a_crash_and_a_repetition_save_and_charge_once(wired: Wired, fault: Fault) -> None:
    provider = wired.provider()
    if not provider.traits.saves_methods:
        return
    if provider.traits.saves_alone:
        _fail(wired, fault, "save_method", wired.saving())
        assert wired.provider().save_method(wired.saving()).reference
    event = saved(wired)
    assert len(provider.methods(event.data["customer"])) == 1
    whose = {"customer": event.data["customer"], "method": event.object_reference}
    fee = wired.intent("fee", off_session=True, **whose)
    _fail(wired, fault, "create", fee)
    assert wired.provider().create(fee).status == "captured"
    assert wired.charges("fee") == 1


def _fail(wired: Wired, fault: Fault, name: str, effect: shapes.Effect) -> None:
    wired.simulator.faults.append(Fault(fault.how, fault.when, wired.mutations))
    with pytest.raises(TryLater):
        getattr(wired.provider(), name)(effect)
    assert not wired.simulator.faults
