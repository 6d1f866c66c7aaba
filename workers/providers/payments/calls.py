"""Makes a call of a payment provider that the database decided on, and tells what it answered.

`job` is what money.start_call returned; the answer goes to money.finish_call.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from workers.providers.payments import shapes
from workers.providers.payments.failures import Declined, Misconfigured, Rejected
from workers.providers.payments.protocol import PaymentProvider, SavesMethods

Job = Mapping[str, Any]
Answer = dict[str, Any]
FINAL = ("authorized", "captured")  # what a start says without the sums


def ask(providers: Mapping[str, PaymentProvider], job: Job, home: str) -> Answer:
    """Make the call and return its answer.

    `home` is where a browser comes back to when nobody named an address. A payment without its
    customer has none, and providers refuse an empty one.

    Raises:
        TryLater: when there is no answer; repeat the call with the same job.
    """
    provider = providers.get(job["provider"])
    if provider is None:
        raise Misconfigured(f"The payment provider {job['provider']} is not set up.")
    try:
        return _CALLS[job["call"]](provider, {**job, "return_url": job.get("return_url") or home})
    except Rejected as error:
        return _refused(provider, job, error)


def state(payment: shapes.Payment) -> Answer:
    """Return what a provider's payment says, in the form of an event."""
    is_captured = payment.status == "captured"
    fee = {"fee_minor": payment.fee_minor, "fee_currency": payment.fee_currency}
    data = {"failure": payment.failure, **(fee if payment.fee_minor else {})}
    return {
        "kind": f"payment.{payment.status}",
        "reference": payment.reference,
        "amount_minor": payment.captured_minor if is_captured else payment.amount_minor,
        "currency": payment.currency,
        "customer": payment.customer,
        "data": {name: str(value) for name, value in data.items() if value is not None},
    }


def _effect(job: Job) -> dict[str, Any]:
    return {"key": job["key"], "began_at": job["began_at"]}


def _create(provider: PaymentProvider, job: Job) -> Answer:
    wanted = ("customer", "email", "method", "save_method", "off_session", "return_url")
    started = provider.create(
        shapes.Intent(
            **_effect(job),
            amount_minor=job["amount_minor"],
            currency=job["currency"],
            description=job["description"],
            capture_now=job["capture_now"],
            **{name: job[name] for name in wanted},
        )
    )
    answer = {"kind": f"payment.{started.status}"}
    if started.status in FINAL:
        answer = state(provider.retrieve(started.reference))
    return {
        **answer,
        "reference": started.reference,
        "customer": started.customer,
        "client": started.client.model_dump(exclude_none=True),
    }


def _finish(provider: PaymentProvider, job: Job) -> Answer:
    finish = shapes.Finish(**_effect(job), payment=job["payment"], capture_now=job["capture_now"])
    return state(provider.finish(finish))


def _capture(provider: PaymentProvider, job: Job) -> Answer:
    capture = shapes.Capture(
        **_effect(job),
        payment=job["payment"],
        amount_minor=job["amount_minor"],
        currency=job["currency"],
    )
    return state(provider.capture(capture))


def _cancel(provider: PaymentProvider, job: Job) -> Answer:
    return state(provider.cancel(shapes.Cancel(**_effect(job), payment=job["payment"])))


def _refund(provider: PaymentProvider, job: Job) -> Answer:
    refunded = provider.refund(
        shapes.Refund(
            **_effect(job),
            payment=job["payment"],
            amount_minor=job["amount_minor"],
            currency=job["currency"],
        )
    )
    return {
        "kind": None if refunded.status == "pending" else f"refund.{refunded.status}",
        "reference": refunded.reference,
        "amount_minor": refunded.amount_minor,
        "currency": refunded.currency,
    }


def _save(provider: PaymentProvider, job: Job) -> Answer:
    wanted = ("customer", "email", "method", "return_url")
    saving = shapes.Saving(**_effect(job), **{name: job[name] for name in wanted})
    started = _saver(provider).save_method(saving)
    return {
        "reference": started.reference,
        "customer": started.customer,
        "client": started.client.model_dump(exclude_none=True),
    }


def _keep(provider: PaymentProvider, job: Job) -> Answer:
    finish = shapes.FinishSaving(**_effect(job), saving=job["saving"])
    method = _saver(provider).finish_saving(finish)
    return {"method": method and method.model_dump(exclude_none=True)}


def _forget(provider: PaymentProvider, job: Job) -> Answer:
    _saver(provider).forget_method(job["method"])
    return {}


def _saver(provider: PaymentProvider) -> SavesMethods:
    if not provider.traits.saves_methods:
        raise Rejected(f"{provider.traits.name} saves no methods.", code="not_offered")
    return cast(SavesMethods, provider)


def _refused(provider: PaymentProvider, job: Job, error: Rejected) -> Answer:
    """Return what a refusal means: the call failed for good, or the payment is elsewhere by now."""
    data = {"failure": error.code}
    if job["call"] == "refund":
        return {"kind": "refund.failed", "data": data}
    if job["call"] in ("save", "keep", "forget"):
        return {"data": data}
    if job["call"] in ("capture", "cancel"):
        return {**state(provider.retrieve(job["payment"])), "refused": error.code}
    reference = error.reference if isinstance(error, Declined) else job["payment"]
    return {"kind": "payment.failed", "reference": reference, "data": data}


_CALLS = {
    "create": _create,
    "finish": _finish,
    "capture": _capture,
    "cancel": _cancel,
    "refund": _refund,
    "save": _save,
    "keep": _keep,
    "forget": _forget,
}
