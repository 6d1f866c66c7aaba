"""PayPal, Orders v2 over HTTP: the buyer approves an order, and then we take the money."""

from workers.providers.payments.paypal.provider import NAME, URLS, PayPal

__all__ = ["NAME", "URLS", "PayPal"]
