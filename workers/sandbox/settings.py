"""The settings of the sandbox."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, SecretStr


class Settings(BaseModel):
    """`folder` holds the books; `key` and `webhook_secret` are as long as the state lives.

    `url` is where customers reach its pages, and `webhook_url` where it sends events.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    folder: Path
    key: SecretStr
    webhook_secret: SecretStr
    url: str
    webhook_url: str
    # Seconds until an event is sent, and until what is slow has happened.
    delay_seconds: float = 0.1
    slow_seconds: float = 2.0

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Settings | None:
        """Read FRONTDESK_SANDBOX (JSON); none where it is not set."""
        given = environment.get("FRONTDESK_SANDBOX")
        return cls.model_validate_json(given) if given else None
