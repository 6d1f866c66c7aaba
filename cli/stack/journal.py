"""What a supervisor says: to the person who started it, and to its log."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

from cli.output import talk


class Journal:
    """Lines with a time in `log`, and as talk while somebody listens."""

    def __init__(self, log: Path) -> None:
        self.pid = os.getpid()
        self._log = log
        self._has_listener = True

    def say(self, text: str) -> None:
        """Write one line."""
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        # A full disk is no reason to end what still runs.
        with contextlib.suppress(OSError), self._log.open("a", encoding="utf-8") as log:
            log.write(f"{now} {text}\n")
        if self._has_listener:
            talk(text)

    def hush(self) -> None:
        """Nobody listens from now on: the terminal that started us has moved on."""
        self._has_listener = False
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nowhere, stream)
        os.close(nowhere)
