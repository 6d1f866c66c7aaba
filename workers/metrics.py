"""Dramatiq's own metrics, kept in a folder that the edge reads: one place for Prometheus to ask."""

from __future__ import annotations

import os
from pathlib import Path

import psutil
from dramatiq import Broker

PID = -1  # files are named kind_PID.db


def record(broker: Broker, folder: Path) -> None:
    """Count what this process does, beside what others have counted.

    Must come before anything else imports prometheus_client, which decides at its import where
    values are kept.
    """
    os.environ["dramatiq_prom_db"] = str(folder)  # noqa: SIM112 (Dramatiq's own name)
    from dramatiq.middleware.prometheus import Prometheus

    _forget_the_dead(folder)
    counting = Prometheus()
    broker.add_middleware(counting)
    counting.after_process_boot(broker)


def _forget_the_dead(folder: Path) -> None:
    """What a killed process had in work is in work no more."""
    for path in folder.glob("gauge_live*_*.db"):
        if not psutil.pid_exists(int(path.stem.split("_")[PID])):
            path.unlink(missing_ok=True)
