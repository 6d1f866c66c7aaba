"""What holds of every provider that saves methods: all that customers pay at."""

from __future__ import annotations

import pytest

from tests.harness.simulators.payments.server import Fault
from tests.workers.payments.wired import Wired
from workers.providers.payments import shapes
from workers.providers.payments.failures import Absent, Rejected, TryLater

FAULTS = [Fault("500", "after"), Fault("drop", "after"), Fault("500", "before")]


def saved(wired: Wired) -> shapes.Method:
    """Save a method by itself."""
    provider = wired.provider()
    started = provider.save_method(wired.saving())
    wired.keep(started)
    method = provider.finish_saving(finishing(wired, started))
    assert isinstance(method, shapes.Method)
    return method


def finishing(wired: Wired, started: shapes.Started) -> shapes.FinishSaving:
    finish = wired.effect(shapes.FinishSaving, "keep", saving=started.reference)
    assert isinstance(finish, shapes.FinishSaving)
    return finish


def told(wired: Wired) -> shapes.ProviderEvent:
    """Return the event that tells of the one saved method; of two, one may know more."""
    events = wired.parsed("method.saved")
    assert len({event.object_reference for event in events}) == 1
    (event,) = [event for event in events if "last4" in event.data]
    return event


def test_a_saved_method_pays_without_the_customer(wired: Wired) -> None:
    provider = wired.provider()
    method = saved(wired)
    assert provider.methods(method.customer) == [method]
    whose = {"customer": method.customer, "method": method.reference, "off_session": True}
    for _ in range(2):
        paid = provider.create(wired.intent("fee", **whose))
        assert paid.status == "captured"
    payment = provider.retrieve(paid.reference)
    assert (payment.captured_minor, payment.key) == (wired.amount, "fee")
    assert wired.charges("fee") == 1


def test_an_event_tells_of_a_saved_method(wired: Wired) -> None:
    method = saved(wired)
    event = told(wired)
    assert event.object_reference == method.reference
    shown = {"customer": method.customer, "brand": method.brand, "last4": method.last4}
    assert shown.items() <= event.data.items()


def test_nothing_is_saved_before_the_customer_does_their_part(wired: Wired) -> None:
    provider = wired.provider()
    started = provider.save_method(wired.saving())
    if started.client.kind == "none":
        return  # they did it in the provider's script
    assert provider.finish_saving(finishing(wired, started)) is None
    assert wired.parsed("method.saved") == []


def test_a_saving_that_the_provider_does_not_know_is_absent(wired: Wired) -> None:
    unknown = shapes.Started(reference=wired.unknown_saving, status="requires_action")
    with pytest.raises(Absent):
        wired.provider().finish_saving(finishing(wired, unknown))


def test_saving_a_method_takes_no_money(wired: Wired) -> None:
    provider = wired.provider()
    saved(wired)
    kept = [it for it in provider.list_since(wired.began_at) if it.captured_minor]
    assert kept == []
    assert wired.taken() == 0


def test_a_method_that_is_forgotten_is_gone_at_the_provider(wired: Wired) -> None:
    provider = wired.provider()
    method = saved(wired)
    for _ in range(2):
        provider.forget_method(method.reference)
    assert provider.methods(method.customer) == []
    (gone,) = wired.parsed("method.removed")
    assert gone.object_reference == method.reference
    whose = {"customer": method.customer, "method": method.reference, "off_session": True}
    with pytest.raises(Rejected):
        provider.create(wired.intent("late", **whose))
    assert wired.taken() == 0


def test_a_payment_saves_its_method(wired: Wired) -> None:
    provider = wired.provider()
    payment = provider.retrieve(wired.paid(save_method=True))
    assert payment.status == "captured" and payment.customer
    (method,) = provider.methods(payment.customer)
    assert payment.method == method.reference == told(wired).object_reference


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.how}-{fault.when}")
def test_a_crash_and_a_repetition_save_and_charge_once(wired: Wired, fault: Fault) -> None:
    provider = wired.provider()
    _fail(wired, fault, "save_method", wired.saving())
    method = saved(wired)
    assert provider.methods(method.customer) == [method]
    whose = {"customer": method.customer, "method": method.reference}
    fee = wired.intent("fee", off_session=True, **whose)
    _fail(wired, fault, "create", fee)
    assert wired.provider().create(fee).status == "captured"
    assert wired.charges("fee") == 1


def _fail(wired: Wired, fault: Fault, name: str, effect: shapes.Effect) -> None:
    wired.simulator.faults.append(Fault(fault.how, fault.when, wired.mutations))
    with pytest.raises(TryLater):
        getattr(wired.provider(), name)(effect)
    assert not wired.simulator.faults
