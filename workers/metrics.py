"""Dramatiq's own metrics, in a folder that the edge reads, so Prometheus asks one place."""

from __future__ import annotations

import os
from pathlib import Path

import psutil
from dramatiq import Broker

PID = -1  # files are named kind_PID.db


def record(broker: Broker, folder: Path) -> None:
    """Write the metrics of this process beside those of the others.

    Call it before anything imports prometheus_client, which chooses at import where it stores
    values.
    """
    os.environ["dramatiq_prom_db"] = str(folder)  # noqa: SIM112 (Dramatiq's own name)
    from dramatiq.middleware.prometheus import Prometheus

    _forget_the_dead(folder)
    counting = Prometheus()
    broker.add_middleware(counting)
    counting.after_process_boot(broker)


def _forget_the_dead(folder: Path) -> None:
    """Delete the gauges of killed processes, whose jobs are no longer running."""
    for path in folder.glob("gauge_live*_*.db"):
        if not psutil.pid_exists(int(path.stem.split("_")[PID])):
            path.unlink(missing_ok=True)
