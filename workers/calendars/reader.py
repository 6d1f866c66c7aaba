"""Starts a process that reads one calendar, and waits for it within a limit."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import structlog

from workers.calendars.unreadable import Unreadable

logger = structlog.get_logger("calendars")

SECONDS = 45.0
TOO_LONG = "It takes too long to be understood."
# The only variables that the process gets: where certificates, modules and zones are.
PASSED_ON = ("SSL_CERT_FILE", "SSL_CERT_DIR", "PYTHONPATH", "TZDIR")


@dataclass(frozen=True)
class Reader:
    """Reads calendars; `private_hosts` may be off the public internet."""

    private_hosts: Collection[str]

    def read(self, job: Mapping[str, Any]) -> dict[str, Any]:
        """Return what catalog.finish_import takes; empty when nothing is new.

        Raises:
            Unreadable: with the reason.
        """
        try:
            done = subprocess.run(
                [sys.executable, "-P", "-B", "-m", "workers.calendars"],
                input=json.dumps({**job, "private_hosts": list(self.private_hosts)}),
                capture_output=True,
                text=True,
                timeout=SECONDS,
                env={name: os.environ[name] for name in PASSED_ON if name in os.environ},
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise Unreadable(TOO_LONG) from None
        if done.returncode < 0:  # the kernel ended it at its limit
            raise Unreadable(TOO_LONG)
        if done.returncode > 0:
            # The last line of a trace may hold private text of the calendar.
            *trace, error = done.stderr.splitlines() or [""]
            logger.error("calendar_not_read", error=error.partition(":")[0], trace=trace)
            raise Unreadable("It cannot be understood.")
        outcome: dict[str, Any] = json.loads(done.stdout)
        if "error" in outcome:
            raise Unreadable(outcome["error"])
        return outcome
