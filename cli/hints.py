"""The commands that messages suggest, for the very stack that the caller named.

A message says `./frontdesk down`. When the caller chose a stack with `--state`, the person reads
`./frontdesk --state DIR down`, which can be copied as it is.
"""

from __future__ import annotations

import os
import shlex
from pathlib import Path

LAUNCHER = "./frontdesk "
_options: list[str] = []  # said before the name of each suggested command


def remember_state(state: Path) -> None:
    """Suggest commands for this stack from now on, and let every command find it."""
    os.environ["FRONTDESK_STATE"] = str(state)
    _options[:] = ["--state", str(state)]


def options() -> list[str]:
    """Return the options that each suggested command begins with."""
    return list(_options)


def completed(text: str) -> str:
    """Return a message with the caller's `--state` in each command that it suggests."""
    if not _options:
        return text
    return text.replace(LAUNCHER, f"{LAUNCHER}{shlex.join(_options)} ")
