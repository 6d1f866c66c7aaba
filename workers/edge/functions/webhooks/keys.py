"""The keys that verify the calls of providers."""

from __future__ import annotations

import json
from dataclasses import dataclass


@dataclass(frozen=True)
class Keys:
    """One key a provider, empty when there is none; `public_url` is how providers reach us."""

    public_url: str
    twilio: str = ""
    sendgrid: str = ""

    @classmethod
    def of(cls, text: str | None, api_url: str) -> Keys:
        """Read FRONTDESK_WEBHOOKS (JSON)."""
        given = json.loads(text or "{}")
        return cls(**{**given, "public_url": given.get("public_url") or api_url})
