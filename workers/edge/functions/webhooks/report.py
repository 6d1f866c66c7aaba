"""What a provider reports about one message."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Report:
    """`status` is one of the type engagement.delivery_status."""

    provider: str
    provider_id: str
    status: str
    reason: str | None
