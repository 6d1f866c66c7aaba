"""The settings of Storage, which the supervisor passes in the environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from workers.environment import required
from workers.providers.blobs.settings import Settings as BlobsSettings

LARGEST = 50 * 2**20  # bytes, as on Supabase


@dataclass(frozen=True)
class Settings:
    """`db_url` logs in as the role storage; `file_size_limit` in bytes holds for every bucket."""

    db_url: str
    blobs: BlobsSettings
    file_size_limit: int
    jwt_secret: str

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Settings | None:
        """Read the environment; none where no place for bytes is set.

        Raises:
            SystemExit: when another variable is missing.
        """
        blobs = BlobsSettings.of(environment)
        if blobs is None:
            return None
        return cls(
            db_url=required(environment, "FRONTDESK_STORAGE_DB_URL"),
            blobs=blobs,
            file_size_limit=int(environment.get("FRONTDESK_FILE_SIZE_LIMIT", LARGEST)),
            jwt_secret=required(environment, "GOTRUE_JWT_SECRET"),
        )
