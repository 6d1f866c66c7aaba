"""One JSON object a line on stdout, for the supervisor's log files."""

from __future__ import annotations

import structlog


def configure() -> None:
    """Set the form of all logs of this process; called once, by its entry point."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.EventRenamer("message"),
            structlog.processors.JSONRenderer(),
        ]
    )
