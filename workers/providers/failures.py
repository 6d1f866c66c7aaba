"""What may go wrong with a sending, in the words that those who send decide by."""

from __future__ import annotations

OPERATOR_PAUSE = 300.0  # seconds; a key is not corrected sooner, and each wrong try may lock us out


class Failure(Exception):
    """A sending that did not succeed; `reason` is one sentence without secrets."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Refused(Failure):
    """The provider said no for good: the same message will never be taken."""


class DeadAddress(Refused):
    """The number, token or mailbox is gone or wants nothing from us: disable it."""


class TryLater(Failure):
    """Not now. `retry_after` in seconds is the provider's own wish, none when it named none."""

    def __init__(self, reason: str, *, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class Unanswered(TryLater):
    """The message was on its way and no answer came, so it may have been taken."""


class Misconfigured(TryLater):
    """Nothing is wrong with the message: an operator has to act (a key, a sender, a balance)."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, retry_after=OPERATOR_PAUSE)
