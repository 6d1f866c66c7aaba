"""Stripe, by its own SDK: payment intents, saved methods, Connect accounts and payouts."""

from workers.providers.payments.stripe.provider import NAME, Stripe

__all__ = ["NAME", "Stripe"]
