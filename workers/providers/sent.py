"""The receipt of a provider for an accepted message."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Sent:
    """The message is accepted, not yet delivered. `provider_id` is the provider's id of it."""

    provider_id: str
