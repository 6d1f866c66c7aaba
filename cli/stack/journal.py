"""Messages of a supervisor, to the person who started it and to its log."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

from cli.output import talk


class Journal:
    """Writes lines with a time to `log`, and to the terminal while somebody listens."""

    def __init__(self, log: Path) -> None:
        self.pid = os.getpid()
        self._log = log
        self._has_listener = True

    def say(self, text: str) -> None:
        """Write one line."""
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        # A full disk must not end a stack that still runs.
        with contextlib.suppress(OSError), self._log.open("a", encoding="utf-8") as log:
            log.write(f"{now} {text}\n")
        if self._has_listener:
            talk(text)

    def hush(self) -> None:
        """Stop talking to the terminal that started us: it has moved on."""
        self._has_listener = False
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nowhere, stream)
        os.close(nowhere)
