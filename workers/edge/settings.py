"""What the supervisor tells the edge, by its environment."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from workers.edge.auth.settings import Settings as AuthSettings
from workers.edge.webhooks import Keys


@dataclass(frozen=True)
class Settings:
    """`db_url` is of the role edge; `api_url` is what clients see."""

    port: int
    db_url: str
    api_url: str
    rest_url: str
    rest_admin_url: str
    schemas: tuple[str, ...]
    # Where the workers count; none where there are none.
    metrics_dir: Path | None
    webhook_keys: Keys
    auth: AuthSettings

    @classmethod
    def of_environment(cls) -> Settings:
        """Read them; one that is missing is a mistake of whoever started us."""
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
