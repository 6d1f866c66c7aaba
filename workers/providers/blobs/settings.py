"""Builds the place for bytes that the settings name. Only entry points call it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, SecretStr, model_validator

from workers.providers.blobs.folder import Folder
from workers.providers.blobs.protocol import Blobs

NAME = "FRONTDESK_BLOBS"


class S3Choice(BaseModel):
    """See `s3.Server`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    endpoint: str
    region: str
    bucket: str
    access_key_id: str
    secret_access_key: SecretStr
    force_path_style: bool = True


class Settings(BaseModel):
    """A folder, or an S3 server."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    folder: Path | None = None
    s3: S3Choice | None = None

    @model_validator(mode="after")
    def _names_one(self) -> Settings:
        if (self.folder is None) == (self.s3 is None):
            raise ValueError("it needs a folder or s3")
        return self

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Settings | None:
        """Read FRONTDESK_BLOBS (JSON); none when it is not set.

        Raises:
            ValueError: when it names no place.
        """
        text = environment.get(NAME)
        return cls.model_validate_json(text) if text else None


def build(settings: Settings) -> Blobs:
    """Return the place; a server is asked on first use."""
    if settings.s3 is None:
        return Folder(settings.folder or Path())
    # boto3 takes half a second and 30 MB, which nobody pays for who has a folder.
    from workers.providers.blobs.s3 import S3, Server

    chosen = settings.s3
    secret = chosen.secret_access_key.get_secret_value()
    return S3(Server(**{**chosen.model_dump(), "secret_access_key": secret}))
