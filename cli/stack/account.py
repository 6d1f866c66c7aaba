"""As root: the other user who runs the servers, and where that user can work.

PostgreSQL refuses to run as root, and the other servers need not. The user must be able to enter
each parent of the folders used, which fails below a home that only root enters; then the data
and a copy of the programs go below /var/lib/frontdesk.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import pwd
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cli.refusal import Refusal

ELSEWHERE = Path("/var/lib/frontdesk")
CANDIDATES = ("frontdesk", "postgres", "nobody")


@dataclass(frozen=True)
class Account:
    """The user who runs a program: the caller (`uid` is none), or another user."""

    uid: int | None = None
    gid: int | None = None
    name: str | None = None

    @property
    def as_popen(self) -> Mapping[str, object]:
        """Return the arguments of `subprocess.Popen` that change the user."""
        if self.uid is None:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def can(self, *command: str | Path) -> bool:
        """Whether this command works as this user."""
        try:
            done = subprocess.run(
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                **self.as_popen,  # type: ignore[call-overload]
            )
        except OSError:
            return False
        return bool(done.returncode == 0)

    def folder(self, wanted: Path) -> Path:
        """Return a folder that this user owns: the wanted one, or a stand-in elsewhere.

        The answer is the same at each call, and stays so once the folder exists.
        """
        if self.uid is None:
            wanted.mkdir(mode=0o700, parents=True, exist_ok=True)
            return wanted
        stand_in = ELSEWHERE / _digest(str(wanted)) / wanted.name
        if stand_in.exists():
            return stand_in
        wanted.parent.mkdir(parents=True, exist_ok=True)
        return self._own(wanted if self._reaches(wanted.parent) else stand_in)

    def discard(self, place: Path) -> None:
        """Delete a folder that `folder` returned, with the folders made around it."""
        shutil.rmtree(place, ignore_errors=True)
        if ELSEWHERE in place.parents:
            with contextlib.suppress(OSError):
                place.parent.rmdir()

    def program(self, path: Path, *, tree: Path | None = None) -> Path:
        """Return the program at `path` where this user can run it; `tree` is copied with it."""
        if self.uid is None or self._reaches(path):
            return path
        tree = tree or path
        status = tree.stat()
        copy = ELSEWHERE / "programs" / _digest(f"{tree}{status.st_mtime_ns}{status.st_size}")
        if not copy.exists():
            draft = copy.with_name(f"{copy.name}.{os.getpid()}")
            _make_enterable(draft)
            if tree.is_dir():
                shutil.copytree(tree, draft / tree.name, symlinks=True)
            else:
                shutil.copy2(tree, draft / tree.name)
            draft.replace(copy) if not copy.exists() else shutil.rmtree(draft)
        return copy / tree.name / path.relative_to(tree) if tree.is_dir() else copy / tree.name

    def _reaches(self, path: Path) -> bool:
        """Whether this user may enter a folder or run a file."""
        return self.can("/usr/bin/env", "test", "-x", path)

    def _own(self, folder: Path) -> Path:
        _make_enterable(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
        if folder.stat().st_uid != self.uid:
            os.chown(folder, self.uid or -1, self.gid or -1)
        return folder


@functools.cache
def server_account() -> Account:
    """Return the caller, or as root the user in FRONTDESK_RUN_AS or the first likely one."""
    if os.geteuid() != 0:
        return Account()
    wanted = os.environ.get("FRONTDESK_RUN_AS")
    for name in (wanted,) if wanted else CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return Account(uid=entry.pw_uid, gid=entry.pw_gid, name=name)
    raise Refusal(
        "PostgreSQL does not run as root, and no other user was found to run it.",
        "Name an ordinary user with FRONTDESK_RUN_AS, or run this as one.",
    )


def _make_enterable(folder: Path) -> None:
    """Make a folder, with the parents below /var/lib/frontdesk, that others may pass through."""
    for path in (ELSEWHERE, *reversed(folder.parents), folder):
        if path == ELSEWHERE or ELSEWHERE in path.parents:
            path.mkdir(mode=0o711, exist_ok=True)
            path.chmod(0o711)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
