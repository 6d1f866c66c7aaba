"""Calls of Stripe's SDK: its errors as ours, and its repeat rule.

Stripe keeps the first answer to an idempotency key for at least 24 hours, a 500 included. When the
kept answer is a 500, nobody knows whether it had an effect: we look for it, and ask under the next
key if there is none.

Source: https://docs.stripe.com/api/idempotent_requests and /error-low-level
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import requests
import stripe

from workers.providers.http import Timeouts, retry_after
from workers.providers.payments import repeating
from workers.providers.payments.failures import (
    Absent,
    Declined,
    Misconfigured,
    Rejected,
    TryLater,
    Unanswered,
)
from workers.providers.payments.shapes import Effect

KEY_HOURS = 20  # Stripe promises 24
KEYS = 3  # that are tried when answers of 500 are kept
WRONG_STATE = (
    "charge_already_captured", "charge_already_refunded", "charge_expired_for_capture",
    "payment_intent_unexpected_state",
)  # fmt: skip
Body = dict[str, Any]
Ask = Callable[[Any], Any]
Look = Callable[[], Body | None]


class Replayed(Unanswered):
    """The kept answer to this key is a failure of Stripe's own."""


def client(key: str, *, url: str | None, timeouts: Timeouts) -> stripe.StripeClient:
    """Return the SDK's client, which never repeats a call by itself."""
    return stripe.StripeClient(
        key,
        http_client=stripe.RequestsClient(timeout=(timeouts.connect, timeouts.read)),
        max_network_retries=0,
        base_addresses={"api": url} if url else None,
    )


def once(effect: Effect, operation: str, ask: Ask, look: Look, *, account: str = "") -> Body:
    """Do something once, however often it is asked for with the same effect.

    `ask` takes the SDK's request options; `look` finds what an earlier attempt made.
    """
    if repeating.is_older(effect, hours=KEY_HOURS) and (found := look()):
        return found
    for attempt in range(KEYS):
        key = f"{operation}-{effect.key}" + (f"-{attempt}" if attempt else "")
        options: dict[str, Any] = {"idempotency_key": key}
        if account:
            options["stripe_account"] = account
        try:
            with failures():
                made: Body = ask(options).to_dict()
                return made
        except Replayed:
            if found := look():
                return found
    raise Unanswered("Stripe keeps answering 500.", retry_after=repeating.SETTLING)


@contextmanager
def failures() -> Iterator[None]:
    """Raise our failures for the SDK's errors, and nothing of what Stripe said but its codes."""
    try:
        yield
    except stripe.CardError as error:
        _raise_declined(error)
    except stripe.InvalidRequestError as error:
        _raise_rejected(error)
    except stripe.IdempotencyError as error:
        if error.http_status == 409:
            raise TryLater("The same call is being made.", retry_after=1.0) from None
        raise Rejected("This key came with other arguments.", code="key_reused") from None
    except (stripe.AuthenticationError, stripe.PermissionError):
        raise Misconfigured("Stripe does not accept the key, or not for this.") from None
    except stripe.RateLimitError as error:
        wait = retry_after(error.headers or {})
        raise TryLater("Stripe has too many requests.", retry_after=wait) from None
    except stripe.APIConnectionError as error:
        _raise_unreached(error)
    except stripe.StripeError as error:
        _raise_broken(error)


def _raise_declined(error: stripe.CardError) -> NoReturn:
    body: Any = error.error
    intent = getattr(body, "payment_intent", None)
    code = getattr(body, "decline_code", None) or error.code or "card_declined"
    if error.code == "authentication_required":
        code = error.code
    named = "card_declined" if code == "generic_decline" else code
    reference = getattr(intent, "id", None)
    raise Declined(f"The payment was declined: {named}.", code=named, reference=reference) from None


def _raise_rejected(error: stripe.InvalidRequestError) -> NoReturn:
    code = error.code or "invalid_request"
    if code == "resource_missing":
        raise Absent(str(error.param or "such object")) from None
    if code in WRONG_STATE:
        raise Rejected(f"Stripe refuses it in this state: {code}.", code="wrong_state") from None
    raise Rejected(f"Stripe refuses it: {code}.", code=code) from None


def _raise_unreached(error: stripe.APIConnectionError) -> NoReturn:
    cause = error.__cause__
    name = type(cause).__name__
    if isinstance(cause, requests.ConnectTimeout) or "NewConnectionError" in str(cause):
        raise TryLater(f"Stripe was not reached: {name}.") from None
    raise Unanswered(f"Stripe did not answer: {name}.") from None


def _raise_broken(error: stripe.StripeError) -> NoReturn:
    reason = f"Stripe answered {error.http_status}."
    if error.http_status == 409:
        raise TryLater(reason, retry_after=1.0) from None
    is_kept = any(
        name.lower() == "idempotent-replayed" and value == "true"
        for name, value in (error.headers or {}).items()
    )
    raise (Replayed if is_kept else Unanswered)(reason) from None
