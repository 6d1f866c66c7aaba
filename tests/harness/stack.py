"""A running stack for tests, and the launcher as a function."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
import jwt

from cli.options import ROOT
from cli.stack import ending
from cli.stack.ports import free_port
from cli.stack.state import Endpoints, State
from tests.harness.programs import environment
from tests.harness.ready_made import furnish

LAUNCHER = ROOT / "frontdesk"


def run_cli(
    *arguments: object,
    env: Mapping[str, str] | None = None,
    launcher: Path = LAUNCHER,
    **popen: Any,
) -> subprocess.CompletedProcess[str]:
    """Run the launcher to its end; no setting of the developer's own stack comes through."""
    return subprocess.run(
        [str(part) for part in (launcher, *arguments)],
        capture_output=True,
        text=True,
        timeout=600,
        stdin=subprocess.DEVNULL,
        env=environment(env),
        **popen,
    )


def make_enterable(folder: Path) -> None:
    """Let the servers' user, another one than root, reach a folder among the temporary files."""
    temporary = Path(tempfile.gettempdir())
    if temporary in folder.parents:
        for parent in folder.parents[: folder.parents.index(temporary)]:
            parent.chmod(0o711)


@dataclass
class RunningStack:
    """A stack that `frontdesk up --detach` started; leaving the context stops and deletes it."""

    state: State
    port: int

    @classmethod
    def start(
        cls,
        folder: Path,
        *options: object,
        env: Mapping[str, str] | None = None,
        port: int | None = None,
    ) -> Self:
        """Start one in this folder, on a free port unless said otherwise."""
        make_enterable(folder)
        running = cls(State(folder), port or free_port())
        if running.state.is_fresh and "FRONTDESK_DB_URL" not in (env or {}):
            furnish(running.state)
        done = running.cli("up", "--detach", "--port", running.port, *options, env=env)
        assert done.returncode == 0, done.stderr
        return running

    @property
    def endpoints(self) -> Endpoints:
        """Where it is now."""
        return self.state.require_running()

    def cli(
        self, *arguments: object, env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a command on this stack."""
        return run_cli(*arguments, env={"FRONTDESK_STATE": str(self.state.path), **(env or {})})

    def client(self, key: str | None = None, **headers: str) -> httpx.Client:
        """An HTTP client of the whole API with an apikey, the anon key unless said otherwise."""
        apikey = self.endpoints.anon_key if key is None else key
        chosen = {**({"apikey": apikey} if apikey else {}), **headers}
        return httpx.Client(base_url=self.endpoints.api_url, headers=chosen)

    def token(self, user_id: str, **claims: object) -> str:
        """A user's token, as Supabase Auth would sign it."""
        now = int(time.time())
        fixed = {"sub": user_id, "role": "authenticated", "aud": "authenticated"}
        times = {"iat": now, "exp": now + 3600}
        return jwt.encode({**fixed, **times, **claims}, self.endpoints.jwt_secret, "HS256")

    def pid(self, part: str) -> int | None:
        """The process of a part, while it has one."""
        pid: int | None = self.endpoints.services[part]["pid"]
        return pid

    @contextmanager
    def left_alone(self) -> Iterator[None]:
        """The supervisor is frozen: what dies meanwhile does not start again."""
        record = self.state.record()
        assert record
        os.kill(record.supervisor.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(record.supervisor.pid, signal.SIGCONT)

    def stop(self) -> None:
        """Stop it and delete its state."""
        ending.end(self.state)
        ending.remove(self.state)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.stop()
