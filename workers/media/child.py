"""Runs the program that draws, within limits that a hostile picture cannot leave."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from workers.media.unfit import REASONS, Unfit

MEMORY = 3 * 2**30  # bytes of address space
CPU_SECONDS = 120
PATIENCE = 300.0  # seconds; the CPU may be shared by many
ENVIRONMENT = {
    # Only the loaders that libvips calls safe for untrusted files.
    "VIPS_BLOCK_UNTRUSTED": "1",
    "VIPS_CONCURRENCY": "1",
}


class Broken(Exception):
    """The program that draws failed, and the picture is not the reason."""


def draw(order: dict[str, Any]) -> dict[str, Any]:
    """Carry out an order of workers.media.drawing, and return what it found.

    Raises:
        Unfit: when the picture is not fit; `not_readable` also when it broke the limits.
        Broken: when the program does not work here.
    """
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "workers.media.drawing"],
            input=json.dumps({**order, "memory": MEMORY, "cpu_seconds": CPU_SECONDS}),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            env={**_own(), **ENVIRONMENT},
        )
    except subprocess.TimeoutExpired:
        raise Unfit("not_readable") from None
    if done.returncode < 0:
        raise Unfit("not_readable")
    if done.returncode > 0:
        raise Broken(done.stderr.strip()[-500:])
    answer = json.loads(done.stdout)
    if answer.get("unfit") in REASONS:
        raise Unfit(answer["unfit"])
    facts: dict[str, Any] = answer["facts"]
    return facts


def _own() -> dict[str, str]:
    """Return the variables that Python needs. Passwords of the parent are not among them."""
    names = ("PATH", "LANG", "PYTHONPATH", "TMPDIR")
    return {name: os.environ[name] for name in names if name in os.environ}
