"""[storage] of the configuration, with Supabase's keys, and where the bytes lie, which is ours."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from cli.settings.auth import NotRead, Section

UNITS = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}
SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?)i?b?", re.IGNORECASE)


def size_in_bytes(text: str) -> int:
    """Return a size such as 50MiB in bytes; as for the Supabase CLI, 50MB is the same.

    Raises:
        ValueError: when it is no size.
    """
    found = SIZE.fullmatch(text.strip())
    if found is None:
        raise ValueError("it must be a size such as 50MiB")
    return int(float(found[1]) * UNITS[found[2].lower()])


def _checked(text: str) -> str:
    size_in_bytes(text)
    return text


Size = Annotated[str, AfterValidator(_checked)]


class Bucket(Section):
    """A bucket that `up` makes. Without a limit of its own it has that of the installation."""

    public: bool = False
    file_size_limit: Size | None = None
    allowed_mime_types: list[str] = []
    objects_path: str = ""


class Storage(Section):
    """The table [storage]."""

    enabled: bool = True
    file_size_limit: Size = "50MiB"
    buckets: dict[str, Bucket] = {}
    image_transformation: NotRead = {}
    s3_protocol: NotRead = {}
    analytics: NotRead = {}
    vector: NotRead = {}


class S3(Section):
    """A bucket of an S3 server in which the bytes lie, instead of the state folder."""

    enabled: bool = False
    endpoint: Annotated[str, Field(pattern=r"^(https?://[^/\s\"';{}$]+)?$")] = ""
    region: str = "us-east-1"
    bucket: Annotated[str, Field(pattern=r"^([a-z0-9.-]{3,63})?$")] = ""
    access_key_id: str = ""
    secret_access_key: str = ""
    force_path_style: bool = True
