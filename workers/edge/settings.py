"""The settings of the edge, which the supervisor passes in the environment."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from workers.edge.auth.settings import Settings as AuthSettings
from workers.edge.functions.webhooks.keys import Keys


@dataclass(frozen=True)
class Settings:
    """`db_url` logs in as the role edge; `api_url` is the address that clients use."""

    port: int
    db_url: str
    api_url: str
    rest_url: str
    rest_admin_url: str
    schemas: tuple[str, ...]
    # Where the workers write their counts; None when they write none.
    metrics_dir: Path | None
    webhook_keys: Keys
    auth: AuthSettings

    @classmethod
    def of_environment(cls) -> Settings:
        """Read the environment. A missing variable is a mistake of whoever started the edge."""
        metrics_dir = os.environ.get("FRONTDESK_METRICS_DIR")
        return cls(
            port=int(os.environ["FRONTDESK_EDGE_PORT"]),
            db_url=os.environ["FRONTDESK_EDGE_DB_URL"],
            api_url=os.environ["FRONTDESK_API_URL"],
            rest_url=os.environ["FRONTDESK_REST_URL"],
            rest_admin_url=os.environ["FRONTDESK_REST_ADMIN_URL"],
            schemas=tuple(os.environ["FRONTDESK_SCHEMAS"].split(",")),
            metrics_dir=Path(metrics_dir) if metrics_dir else None,
            webhook_keys=Keys.of(
                os.environ.get("FRONTDESK_WEBHOOKS"), os.environ["FRONTDESK_API_URL"]
            ),
            auth=AuthSettings.of(os.environ),
        )
