"""What a place for bytes promises, whatever it is.

A key is a path of safe words, such as `objects/1f/1f0c…`; `KEY` has the rule. What lies under a key
and who may read it is known to the database only. The calls block, so the edge makes them in
threads. Threads may share a place.

What is derived from an object lies below `derived_prefix(version)` and is deleted with the object.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

KEY = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*(/[A-Za-z0-9_-][A-Za-z0-9_.-]*)*")
# Bytes of each part of an upload but the last one. S3 wants at least 5 MiB.
PART = 6 * 2**20


class Absent(Exception):
    """There are no bytes under this key."""


class Failed(Exception):
    """The place cannot do it now: a full disk, or a server that does not answer as it should."""


@dataclass(frozen=True)
class Stored:
    """What was stored. `tag` follows the content; for an upload in one piece it is the MD5."""

    size: int
    tag: str


class Draft(Protocol):
    """Bytes on their way to a key. Nobody sees them there before `commit`."""

    def write(self, data: bytes) -> None:
        """Append bytes.

        Raises:
            Failed: when the place cannot take them.
        """

    def commit(self) -> Stored:
        """Put the bytes under the key, durably, in place of what was there.

        Raises:
            Failed: when the place cannot do it; nothing is under the key then that was not before.
        """

    def abort(self) -> None:
        """Forget the bytes. Never raises; what cannot be removed now goes with `Blobs.delete`."""


class Blobs(Protocol):
    """A place for bytes."""

    def draft(self, key: str) -> Draft:
        """Begin to write what shall lie under a key."""

    def read(self, key: str, *, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """Yield the bytes under a key in pieces, or a part of them.

        Raises:
            Absent: before the first piece.
            Failed: when the place cannot return them, perhaps after some pieces.
        """

    def copy(self, source: str, target: str) -> Stored:
        """Put the same bytes under another key.

        Raises:
            Absent, Failed: as above.
        """

    def delete(self, key: str) -> None:
        """Delete what is under a key, with drafts and parts for it. A key without bytes is fine.

        Raises:
            Failed: as above.
        """

    def delete_below(self, prefix: str) -> None:
        """Delete everything below a prefix that ends with a slash.

        Raises:
            Failed: as above.
        """

    def begin(self, key: str) -> str:
        """Begin an upload in parts, and return the handle of it.

        Raises:
            Failed: as above.
        """

    def add_part(self, key: str, handle: str, number: int, data: bytes) -> str:
        """Store a part durably and return its tag.

        Parts count from 1, and each but the last has `PART` bytes. A part that is stored again
        replaces the one of its number.

        Raises:
            Absent: when the upload was deleted.
            Failed: as above.
        """

    def finish(self, key: str, handle: str, tags: list[str]) -> Stored:
        """Put the parts under the key. Finishing a finished upload again is fine.

        Raises:
            Absent, Failed: as above.
        """

    def address(self, key: str) -> str:
        """Return the path below which the gateway reads the bytes, for X-Accel-Redirect."""


def object_key(version: str) -> str:
    """Return the key of an object's bytes. `version` is that of its row, a UUID."""
    return f"objects/{version[:2]}/{version}"


def derived_prefix(version: str) -> str:
    """Return where renditions and the like of an object belong; it ends with a slash."""
    return f"derived/{version[:2]}/{version}/"


def put(blobs: Blobs, key: str, pieces: Iterable[bytes]) -> Stored:
    """Store bytes under a key, all of them or none.

    Raises:
        Failed: when the place cannot take them.
    """
    draft = blobs.draft(key)
    try:
        for piece in pieces:
            draft.write(piece)
        return draft.commit()
    except BaseException:
        draft.abort()
        raise


def discard(blobs: Blobs, version: str) -> None:
    """Delete the bytes of an object and everything derived from them.

    Raises:
        Failed: when the place cannot do it now.
    """
    blobs.delete(object_key(version))
    blobs.delete_below(derived_prefix(version))


def require_key(key: str) -> str:
    """Return a key that may be used as a path.

    Raises:
        ValueError: when it may not.
    """
    if not KEY.fullmatch(key):
        raise ValueError(f"{key!r} is not a key of bytes")
    return key


def tag_of_parts(tags: list[str]) -> str:
    """Return the tag of an upload in parts, as S3 computes it from the MD5s of the parts."""
    joined = b"".join(bytes.fromhex(tag) for tag in tags)
    return f"{hashlib.md5(joined, usedforsecurity=False).hexdigest()}-{len(tags)}"
