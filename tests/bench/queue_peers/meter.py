"""What a worker process has done, in a file of its own that the bench reads.

Times are of the monotonic clock, which all processes of a machine share.
"""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from queue import SimpleQueue

FILE = Path(os.environ["METER"]) / str(os.getpid()) if "METER" in os.environ else None
SECONDS = {"noop": 0.0, "1ms": 0.001, "slow": 20.0}

_notes: SimpleQueue[str] = SimpleQueue()


def job(kind: str) -> None:
    """Do a job of this kind, in a thread."""
    if SECONDS[kind]:
        time.sleep(SECONDS[kind])
    done()


def done(sent_at: float | None = None) -> None:
    """A job has ended; one that was sent at a known time has just begun."""
    now = time.monotonic()
    _notes.put(f"{now}\n" if sent_at is None else f"{now} {now - sent_at}\n")


def watch() -> None:
    """Write the notes now and then, from a thread."""
    threading.Thread(target=_write_for_ever, daemon=True).start()


def _write_for_ever() -> None:
    assert FILE is not None
    with FILE.open("a") as file:
        while True:
            time.sleep(0.5)
            file.write("".join(_notes.get() for _ in range(_notes.qsize())))
            file.flush()
