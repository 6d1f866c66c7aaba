"""What the routes of Storage work with while it runs."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request

from workers.edge.storage.database import Database
from workers.edge.storage.settings import Settings
from workers.edge.storage.signing import Signer
from workers.providers.blobs.protocol import Blobs


@dataclass(frozen=True)
class Service:
    """Settings, database, bytes and the key of signed addresses."""

    settings: Settings
    database: Database
    blobs: Blobs
    signer: Signer

    @classmethod
    def of(cls, request: Request) -> Service:
        """Return the service that received this request."""
        service: Service = request.state.storage
        return service
