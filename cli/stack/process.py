"""Starts a program that cannot outlive us unnoticed, and finds it again later."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from cli.stack.account import Account

PR_SET_PDEATHSIG = 1  # Source: prctl(2)
LOG_LIMIT = 10 * 1024 * 1024  # bytes; a larger log is set aside when its program starts


@dataclass(frozen=True)
class Program:
    """A program: its arguments, its user, and the signal that stops it."""

    argv: Sequence[str | Path]
    log: Path
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: Path = Path("/")
    account: Account = field(default_factory=Account)
    stop_signal: signal.Signals = signal.SIGTERM


@dataclass(frozen=True)
class Identity:
    """A process. Its start time tells it from a later process with the same number."""

    pid: int
    started: float

    @classmethod
    def of(cls, pid: int) -> Identity:
        """Return the process that has this number now."""
        try:
            return cls(pid, psutil.Process(pid).create_time())
        except psutil.NoSuchProcess:
            return cls(pid, 0.0)

    def is_alive(self) -> bool:
        """Whether this process still runs; a zombie does not."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started) < 1
            return same and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False


def start(program: Program) -> subprocess.Popen[bytes]:
    """Start in a session of its own, with both outputs in the log.

    On Linux the kernel sends the stop signal when the thread that called this ends, so that a
    killed supervisor leaves nothing behind; elsewhere the next `up` finds the leftovers.
    """
    _set_aside(program.log)
    base = {name: os.environ[name] for name in ("PATH", "HOME", "TZ") if name in os.environ}
    with program.log.open("ab") as log:
        server: subprocess.Popen[bytes] = subprocess.Popen(
            [str(part) for part in program.argv],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=program.cwd,
            env={**base, "LANG": "C.UTF-8", **program.env},
            start_new_session=True,
            preexec_fn=_leash(program.stop_signal),
            **program.account.as_popen,  # type: ignore[call-overload]
        )
    return server


def stop(identities: Sequence[tuple[Identity, signal.Signals]], *, timeout: float = 10) -> None:
    """Ask processes to end, then kill the rest; `timeout` in seconds counts for all together."""
    for identity, stop_signal in identities:
        if identity.is_alive():
            with contextlib.suppress(ProcessLookupError):
                os.kill(identity.pid, stop_signal)
                os.kill(identity.pid, signal.SIGCONT)  # a frozen one would not act on it
    waiting = [psutil.Process(i.pid) for i, _ in identities if i.is_alive()]
    _, stubborn = psutil.wait_procs(waiting, timeout=timeout)
    for process in stubborn:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    for identity, _ in identities:
        kill_session(identity)


def has_session(leader: Identity) -> bool:
    """Whether a process that we started still runs, or a child of it."""
    return leader.is_alive() or bool(_orphans(leader))


def kill_session(leader: Identity) -> None:
    """Kill what is left of a session whose leader is gone, such as nginx's workers."""
    if not leader.is_alive():
        for process in _orphans(leader):
            with contextlib.suppress(psutil.Error):
                process.kill()


def _orphans(leader: Identity) -> list[psutil.Process]:
    """Return the members of a leader's session except the leader."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(OSError, psutil.Error):
            ours = process.pid != leader.pid and os.getsid(process.pid) == leader.pid
            if ours and process.create_time() >= leader.started - 1:
                found.append(process)
    return found


def boot() -> str:
    """Return the identity of this boot: process numbers of an earlier boot mean nothing."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return str(int(psutil.boot_time()))


def last_words(log: Path) -> str:
    """Return the last line that a program wrote, which often says why it ended."""
    with contextlib.suppress(OSError):
        lines = log.read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else ""
    return ""


def _leash(stop_signal: signal.Signals) -> Callable[[], None] | None:
    """Return what the new process does before it becomes the program."""
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)
    parent = os.getpid()

    def hold() -> None:
        libc.prctl(PR_SET_PDEATHSIG, int(stop_signal))
        if os.getppid() != parent:
            os._exit(1)

    return hold


def _set_aside(log: Path) -> None:
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > LOG_LIMIT:
        log.replace(log.with_suffix(".old.log"))
