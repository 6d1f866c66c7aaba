"""Opens the account of a business at a provider that pays out, and finds it again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from workers.providers.payments import shapes
from workers.providers.payments.failures import Misconfigured
from workers.providers.payments.protocol import PaymentProvider, PaysOut

Job = Mapping[str, Any]


def payer(providers: Mapping[str, PaymentProvider], name: str) -> PaysOut:
    """Return a provider that pays out.

    Raises:
        Misconfigured: it is not set up.
    """
    provider = providers.get(name)
    if provider is None or not provider.traits.pays_out:
        raise Misconfigured(f"The provider {name} is not set up to pay out.")
    return cast(PaysOut, provider)


def account(provider: PaysOut, job: Job) -> shapes.Account:
    """Return the account that money.start_payout_account names; open it when there is none.

    A repetition with the same job opens no other one.
    """
    if job["reference"] is not None:
        return provider.account(job["reference"])
    wanted = {name: job[name] for name in ("key", "began_at", "name", "email", "country")}
    return provider.create_account(shapes.NewAccount(**wanted))
