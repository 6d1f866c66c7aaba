"""Razorpay, by its own SDK: orders, whose payments are captured and refunded."""

from workers.providers.payments.razorpay.provider import NAME, URL, Razorpay

__all__ = ["NAME", "URL", "Razorpay"]
