"""Runs the workers' programs that open sealed values; the CLI itself has no key."""

from __future__ import annotations

import subprocess
import sys

from cli.refusal import Refusal
from cli.stack.account import server_account
from cli.stack.state import State


def opened(state: State, program: str, argument: str) -> str:
    """Return what a program prints, which reads the keys of the workers.

    Raises:
        Refusal: it cannot open the value, in its words.
    """
    endpoints = state.require_running()
    done = subprocess.run(
        [sys.executable, "-P", "-B", "-m", program, argument],
        env={
            "FRONTDESK_WORKER_DB_URL": endpoints.db_url,
            "FRONTDESK_SECRET_KEYS_FILE": str(server_account().folder(state.keys) / "secrets.pem"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        words = done.stderr.strip().splitlines()[-1].strip()
        raise Refusal("The value cannot be opened.", words)
    return done.stdout
