"""Which names buckets and objects may have.

Source: supabase/storage, src/storage/limits.ts
"""

from __future__ import annotations

import re
from urllib.parse import quote

from workers.edge.storage.errors import StorageError, invalid_key

OBJECT = re.compile(r"[A-Za-z0-9_/!\-.*'() &$@=;:+,?]+")
BUCKET = re.compile(r"[A-Za-z0-9_!\-.*'() &$@=;:+,?]{1,100}")
LONGEST = 1024  # bytes, as in S3


def require_object_name(name: object) -> str:
    """Return a name that an object can have. Dots and slashes in it mean nothing to us.

    Raises:
        StorageError: 400 InvalidKey.
    """
    if isinstance(name, str) and len(name) <= LONGEST and OBJECT.fullmatch(name):
        return name
    shown = name if isinstance(name, str) else ""
    raise invalid_key(shown[:LONGEST].replace("\0", ""))


def require_bucket_name(name: object) -> str:
    """Return a name that a bucket can have.

    Raises:
        StorageError: 400 InvalidBucketName.
    """
    if isinstance(name, str) and BUCKET.fullmatch(name) and name == name.strip():
        return name
    raise StorageError(400, "InvalidBucketName", "Bucket name invalid", error="Invalid Input")


def in_url(path: str) -> str:
    """Return a bucket and a name for a URL that the client will escape itself, but for `?`."""
    return quote(path, safe="/!*'() &$@=;:+,")
