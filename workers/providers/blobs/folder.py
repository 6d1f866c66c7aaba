"""Bytes in a folder. A draft is a file beside the others, which a rename puts in its place."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from workers.providers.blobs.protocol import (
    PART,
    Absent,
    Failed,
    Stored,
    require_key,
    tag_of_parts,
)

PIECE = 2**20  # bytes
ADDRESS = "/.blobs/"  # the gateway's internal location for this folder
# The gateway may run as another user. The folder itself keeps everybody else out.
READABLE = 0o644


class Folder:
    """The folder at `root`, which exists and which only we and the gateway enter."""

    def __init__(self, root: Path) -> None:
        self._root, self._drafts = root, root / "drafts"

    def draft(self, key: str) -> FileDraft:
        """See `Blobs.draft`."""
        return FileDraft(self._new_draft(key, secrets.token_hex(8)), self._path(key))

    def read(self, key: str, *, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """See `Blobs.read`."""
        try:
            with self._path(key).open("rb") as file:
                file.seek(start)
                left = length
                while left is None or left > 0:
                    piece = file.read(PIECE if left is None else min(PIECE, left))
                    if not piece:
                        return
                    left = None if left is None else left - len(piece)
                    yield piece
        except FileNotFoundError:
            raise Absent(key) from None
        except OSError as error:
            raise Failed(error.strerror) from error

    def copy(self, source: str, target: str) -> Stored:
        """See `Blobs.copy`."""
        draft = self.draft(target)
        try:
            for piece in self.read(source):
                draft.write(piece)
            return draft.commit()
        except BaseException:
            draft.abort()
            raise

    def delete(self, key: str) -> None:
        """See `Blobs.delete`."""
        try:
            for draft in self._drafts.glob(f"{_flat(key)}.*"):
                draft.unlink(missing_ok=True)
            self._path(key).unlink(missing_ok=True)
        except OSError as error:
            raise Failed(error.strerror) from error

    def delete_below(self, prefix: str) -> None:
        """See `Blobs.delete_below`."""
        try:
            for draft in self._drafts.glob(f"{_flat(prefix.rstrip('/'))}%*"):
                draft.unlink(missing_ok=True)
            shutil.rmtree(self._path(prefix.rstrip("/")))
        except FileNotFoundError:
            pass
        except OSError as error:
            raise Failed(error.strerror) from error

    def begin(self, key: str) -> str:
        """See `Blobs.begin`."""
        handle = secrets.token_hex(8)
        path = self._new_draft(key, handle)
        try:
            path.touch()
            path.chmod(READABLE)
        except OSError as error:
            raise Failed(error.strerror) from error
        return handle

    def add_part(self, key: str, handle: str, number: int, data: bytes) -> str:
        """See `Blobs.add_part`. The parts lie behind each other in one file."""
        try:
            descriptor = os.open(self._draft_path(key, handle), os.O_WRONLY)
            try:
                _write_all(descriptor, data, offset=(number - 1) * PART)
                os.fdatasync(descriptor)
            finally:
                os.close(descriptor)
        except FileNotFoundError:
            raise Absent(key) from None
        except OSError as error:
            raise Failed(error.strerror) from error
        return hashlib.md5(data, usedforsecurity=False).hexdigest()

    def finish(self, key: str, handle: str, tags: list[str]) -> Stored:
        """See `Blobs.finish`."""
        path = self._path(key)
        try:
            if not path.exists():
                _rename(self._draft_path(key, handle), path)
            return Stored(path.stat().st_size, tag_of_parts(tags))
        except FileNotFoundError:
            raise Absent(key) from None
        except OSError as error:
            raise Failed(error.strerror) from error

    def address(self, key: str) -> str:
        """See `Blobs.address`."""
        return f"{ADDRESS}{require_key(key)}"

    def _path(self, key: str) -> Path:
        return self._root / require_key(key)

    def _draft_path(self, key: str, handle: str) -> Path:
        return self._drafts / f"{_flat(key)}.{require_key(handle)}"

    def _new_draft(self, key: str, handle: str) -> Path:
        # It is there already, or opening the draft fails with the reason.
        with contextlib.suppress(OSError):
            self._drafts.mkdir(mode=0o700)
        return self._draft_path(key, handle)


class FileDraft:
    """A file that is being written."""

    def __init__(self, path: Path, target: Path) -> None:
        self._path, self._target = path, target
        self._size, self._digest = 0, hashlib.md5(usedforsecurity=False)
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
            self._descriptor = os.open(path, flags, READABLE)
            os.fchmod(self._descriptor, READABLE)
        except OSError as error:
            raise Failed(error.strerror) from error

    def write(self, data: bytes) -> None:
        """See `Draft.write`."""
        try:
            _write_all(self._descriptor, data, offset=self._size)
        except OSError as error:
            raise Failed(error.strerror) from error
        self._size += len(data)
        self._digest.update(data)

    def commit(self) -> Stored:
        """See `Draft.commit`."""
        try:
            os.fsync(self._descriptor)
            self._close()
            _rename(self._path, self._target)
        except OSError as error:
            raise Failed(error.strerror) from error
        return Stored(self._size, self._digest.hexdigest())

    def abort(self) -> None:
        """See `Draft.abort`."""
        self._close()
        with contextlib.suppress(OSError):
            self._path.unlink()

    def _close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def _flat(key: str) -> str:
    """Return a key as the name of a file; keys have no `%`."""
    return require_key(key).replace("/", "%")


def _write_all(descriptor: int, data: bytes, *, offset: int) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(descriptor, view, offset)
        view, offset = view[written:], offset + written


def _rename(draft: Path, path: Path) -> None:
    """Put a file in its place so that it is there after a crash of the machine too."""
    missing = [folder for folder in path.parents if not folder.exists()]
    for folder in reversed(missing):
        with contextlib.suppress(FileExistsError):
            folder.mkdir()
            folder.chmod(0o755)
    draft.replace(path)
    descriptor = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
