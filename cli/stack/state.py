"""The state folder of one stack: its secrets, its lock, and the record of what runs."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

from cli.refusal import Refusal
from cli.stack.process import Identity
from cli.stack.secrets import Secrets, secrets_at, write_private

FRESH_ROOM = 200  # MiB that a new database takes, with its first log files
USED_ROOM = 50  # MiB that an existing one needs to start


@dataclass(frozen=True)
class Endpoints:
    """The addresses and keys of a stack, as `frontdesk status --json` prints them.

    `db_url` is the administrator's. `services`: name → `{pid, state, url}`.
    """

    api_url: str
    rest_url: str
    auth_url: str
    functions_url: str
    storage_url: str
    db_url: str
    anon_key: str
    service_role_key: str
    jwt_secret: str
    state_dir: str
    services: dict[str, dict[str, Any]] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return a dictionary for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Record:
    """What a supervisor wrote about itself. `is_ready` is true once every part answered."""

    supervisor: Identity
    boot: str
    is_ready: bool
    endpoints: Endpoints
    ports: dict[str, int]
    parts: dict[str, Identity]


class State:
    """The folder at `path`. Only `create` makes it."""

    def __init__(self, path: Path) -> None:
        self.path = path.expanduser().absolute()
        self.logs = self.path / "logs"
        self.database = self.path / "db"
        self.gateway = self.path / "gateway"
        self.mail = self.path / "mail"
        self.metrics = self.path / "metrics"
        self.blobs = self.path / "blobs"
        self.sandbox = self.path / "sandbox"
        self.keys = self.path / "keys"

    @property
    def is_fresh(self) -> bool:
        """Whether nothing was ever started here."""
        return not (self.path / "secrets.json").exists()

    def create(self) -> None:
        """Make the folder, or check that it can be used.

        Raises:
            Refusal: when it cannot be written or has no room.
        """
        need = FRESH_ROOM if self.is_fresh else USED_ROOM
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            # As root the servers run as another user, who passes through to folders of their own.
            self.path.chmod(0o711 if os.geteuid() == 0 else 0o700)
            self.logs.mkdir(exist_ok=True, mode=0o700)
            free = shutil.disk_usage(self.path).free // 2**20
            (self.path / "lock").touch()
        except OSError as error:
            raise Refusal(
                f"The state folder {self.path} cannot be written: {error.strerror}.",
                "Choose another one with --state DIR or FRONTDESK_STATE.",
            ) from None
        if free < need:
            raise Refusal(
                f"The state folder {self.path} has {free} MiB of room; {need} MiB are needed.",
                "Free some room, or choose another folder with --state DIR.",
            )

    def secrets(self) -> Secrets:
        """Return the random secrets of this state."""
        return secrets_at(self.path / "secrets.json")

    def lock(self) -> IO[str] | None:
        """Take the lock that a supervisor holds while it runs; return none when another holds it.

        The kernel releases it when the process ends, however it ends.
        """
        file = (self.path / "lock").open("a")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return None
        return file

    def is_locked(self) -> bool:
        """Whether a supervisor runs."""
        if not (self.path / "lock").exists():
            return False
        lock = self.lock()
        if lock is not None:
            lock.close()
        return lock is None

    def read(self, name: str) -> str | None:
        """Return the text of a file of the state, or none when there is no such file.

        Raises:
            Refusal: another user owns the state.
        """
        try:
            return (self.path / name).read_text("utf-8")
        except (FileNotFoundError, NotADirectoryError):
            return None
        except PermissionError:
            raise Refusal(
                f"The stack in {self.path} belongs to another user.",
                "Run this as that user, or choose another folder with --state DIR.",
            ) from None

    def write(self, record: Record) -> None:
        """Replace the record."""
        write_private(self.path / "running.json", json.dumps(asdict(record), indent=2))

    def record(self) -> Record | None:
        """Return what the last supervisor wrote, whether or not it still runs."""
        text = self.read("running.json")
        if text is None:
            return None
        raw = json.loads(text)
        return Record(
            supervisor=Identity(**raw["supervisor"]),
            boot=raw["boot"],
            is_ready=raw["is_ready"],
            endpoints=Endpoints(**raw["endpoints"]),
            ports=raw["ports"],
            parts={name: Identity(**part) for name, part in raw["parts"].items()},
        )

    def require_running(self) -> Endpoints:
        """Return the addresses and keys of the running stack.

        Raises:
            Refusal: when no stack runs here.
        """
        record = self.record() if self.is_locked() else None
        if record is None or not record.is_ready:
            raise Refusal(f"No stack runs in {self.path}.", "Start one: ./frontdesk up")
        return record.endpoints
