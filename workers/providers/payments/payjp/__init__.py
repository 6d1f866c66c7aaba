"""PAY.JP, version 1 of its API, over HTTP: charges on one-time tokens of its script."""

from workers.providers.payments.payjp.provider import NAME, URL, PayJp

__all__ = ["NAME", "URL", "PayJp"]
