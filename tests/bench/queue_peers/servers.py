"""Servers and packages of the peers, on free ports and in a folder of the bench's own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cli.stack.ports import free_port

PACKAGES = (
    "dramatiq[redis,rabbitmq]==2.2.1",
    "procrastinate==3.10.0",
    "pgqueuer[asyncpg]==1.6.0",
    "psycopg[binary,pool]==3.3.9",
)
# Debian's own script changes to another user; this one does not.
RABBITMQ = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")


def packages(folder: Path) -> Path | None:
    """A Python with the peers' packages, or nothing when they cannot be had."""
    python = folder / "bin" / "python"
    for command in (
        (sys.executable, "-m", "venv", folder),
        (python, "-m", "pip", "install", "--quiet", *PACKAGES),
    ):
        if subprocess.run([str(part) for part in command], capture_output=True).returncode:
            return None
    return python


@contextmanager
def redis(folder: Path) -> Iterator[str | None]:
    """The address of a Redis that acknowledges what is on the disk; nothing where there is none."""
    program = shutil.which("redis-server")
    if program is None:
        yield None
        return
    port = free_port()
    options = f"--port {port} --bind 127.0.0.1 --save --appendonly yes --appendfsync always"
    server = subprocess.Popen(
        [program, *options.split(), "--dir", str(folder)], stdout=subprocess.DEVNULL
    )
    try:
        _wait_for(port)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.terminate()
        server.wait()


@contextmanager
def rabbitmq(folder: Path) -> Iterator[str | None]:
    """The address of a RabbitMQ; nothing where there is none."""
    if not RABBITMQ.exists():
        yield None
        return
    port, names = free_port(), free_port()
    environment = {
        **os.environ,
        "HOME": str(folder),
        "RABBITMQ_NODENAME": "bench@localhost",
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODE_PORT": str(port),
        "RABBITMQ_DIST_PORT": str(free_port()),
        "RABBITMQ_MNESIA_BASE": str(folder / "data"),
        "RABBITMQ_LOG_BASE": str(folder / "logs"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
        "RABBITMQ_PID_FILE": str(folder / "pid"),
        "ERL_EPMD_PORT": str(names),
    }
    server = subprocess.Popen(
        [RABBITMQ], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait_for(port)
        yield f"amqp://guest:guest@127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()
        subprocess.run(["epmd", "-port", str(names), "-kill"], capture_output=True)


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
