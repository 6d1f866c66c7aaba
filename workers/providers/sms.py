"""A text message to one number, and the protocol of its providers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol

from workers.providers import checks
from workers.providers.failures import Refused
from workers.providers.sent import Sent

E164 = re.compile(r"\+[1-9][0-9]{6,14}")  # Source: ITU-T E.164


@dataclass(frozen=True)
class Sms:
    """One text message. `to` is a number in E.164 format: +4917612345678.

    Raises:
        Refused: when the number has another format, or the text is empty.
    """

    to: str
    text: str
    idempotency_key: str

    def __post_init__(self) -> None:
        if not E164.fullmatch(self.to):
            raise Refused("The number is not of the form +4917612345678.")
        if not self.text:
            raise Refused("The message has no text.")
        checks.require_key(self.idempotency_key)


class Texter(Protocol):
    """A provider of text messages."""

    def send(self, sms: Sms) -> Sent:
        """Send one message.

        Raises:
            Failure: one of workers.providers.failures, and nothing else.
        """
