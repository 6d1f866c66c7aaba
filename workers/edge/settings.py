"""What the supervisor tells the edge, by its environment."""

from __future__ import annotations

import os
from dataclasses import dataclass

from workers.edge.auth.settings import Settings as AuthSettings


@dataclass(frozen=True)
class Settings:
    """`db_url` is of the role edge; `api_url` is what clients see."""

    port: int
    db_url: str
    api_url: str
    rest_url: str
    rest_admin_url: str
    schemas: tuple[str, ...]
    auth: AuthSettings

    @classmethod
    def of_environment(cls) -> Settings:
        """Read them; one that is missing is a mistake of whoever started us."""
        return cls(
            port=int(os.environ["FRONTDESK_EDGE_PORT"]),
            db_url=os.environ["FRONTDESK_EDGE_DB_URL"],
            api_url=os.environ["FRONTDESK_API_URL"],
            rest_url=os.environ["FRONTDESK_REST_URL"],
            rest_admin_url=os.environ["FRONTDESK_REST_ADMIN_URL"],
            schemas=tuple(os.environ["FRONTDESK_SCHEMAS"].split(",")),
            auth=AuthSettings.of(os.environ),
        )
