"""What every provider answers to a message that it took."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Sent:
    """Taken, not yet delivered. `provider_id` is the provider's name of the message."""

    provider_id: str
