"""The private keys of an installation, in a file that only its owner reads."""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path

from workers.sealing.keys import SecretKey
from workers.sealing.messages import UnknownKey, rewrap, unseal

PEM = re.compile(r"-----BEGIN PRIVATE KEY-----.*?-----END PRIVATE KEY-----\n", re.DOTALL)


class Keyring:
    """The keys in the file at `path`, the newest first.

    A key that came into the file after the start is found: the file is read again when a value
    needs a key that is not known.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._keys = self._read()

    def unseal(self, sealed: bytes) -> str:
        """Open a value.

        Raises:
            UnknownKey: its key is not in the file.
            BrokenPacket: it was changed.
        """
        try:
            return unseal(sealed, self._keys)
        except UnknownKey:
            self._keys = self._read()
            return unseal(sealed, self._keys)

    def rewrap(self, sealed: bytes) -> bytes:
        """Return a value for the newest key. The value itself stays closed.

        Raises:
            UnknownKey: its key is not in the file.
        """
        return rewrap(sealed, self._keys, self.newest())

    def ids(self) -> list[str]:
        """Return the ids of the keys that are in the file now, the newest first."""
        self._keys = self._read()
        return list(self._keys)

    def newest(self) -> SecretKey:
        """Return the newest key of the file as it was read last."""
        return next(iter(self._keys.values()))

    def make_key(self) -> None:
        """Add a new key to the file. Older keys stay: older dumps need them."""
        draft = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        _write(draft, SecretKey.make().pem + self.path.read_text())
        draft.replace(self.path)
        self._keys = self._read()

    def make_first_key(self) -> None:
        """Make the file with a key, unless another worker just did."""
        if not self.path.exists():
            draft = self.path.with_name(f".{self.path.name}.{os.getpid()}")
            _write(draft, SecretKey.make().pem)
            with contextlib.suppress(FileExistsError):
                os.link(draft, self.path)
            draft.unlink()
        self._keys = self._read()

    def _read(self) -> dict[str, SecretKey]:
        if not self.path.exists():
            return {}
        keys = [SecretKey.read(pem) for pem in PEM.findall(self.path.read_text())]
        return {key.key_id: key for key in keys}


def _write(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
