"""The ways in which a sending can fail, as callers distinguish them."""

from __future__ import annotations

OPERATOR_PAUSE = (
    300.0  # seconds; nobody corrects a key sooner, and each wrong attempt may lock us out
)


class Failure(Exception):
    """A sending failed; `reason` is one sentence without secrets."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Refused(Failure):
    """The provider refuses this message for good."""


class DeadAddress(Refused):
    """The number, token or mailbox is gone or has unsubscribed: disable it."""


class TryLater(Failure):
    """Try again later. `retry_after` is the provider's own request in seconds, if it made one."""

    def __init__(self, reason: str, *, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class Unanswered(TryLater):
    """The message was sent and no answer came, so the provider may have accepted it."""


class Misconfigured(TryLater):
    """The message is fine, but an operator has to act: a key, a sender, a balance."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, retry_after=OPERATOR_PAUSE)
