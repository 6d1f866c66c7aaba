"""Sizes the embedded PostgreSQL by the machine that it runs on.

`[db.settings]` of the configuration overrides any of it. The stack shares its machine with the
programs beside it, so PostgreSQL takes a quarter of the memory for its buffers, and plans as if
half were left for the file system's cache.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

# The limit of a container, in bytes or `max`: control groups of version 2 and of version 1.
MEMORY_LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)
MIB = 1024 * 1024


@dataclass(frozen=True)
class Machine:
    """The memory, in MiB, and the cores that PostgreSQL may use."""

    memory: int
    cores: int

    def __str__(self) -> str:
        cores = "1 core" if self.cores == 1 else f"{self.cores} cores"
        return f"{cores} and {self.memory / 1024:.1f} GiB"


def this_machine() -> Machine:
    """Return the memory and the cores that this process may use, in a container those of it."""
    memory = psutil.virtual_memory().total
    for path in MEMORY_LIMITS:
        if path.is_file() and (limit := path.read_text().strip()).isdigit():
            memory = min(memory, int(limit))
    return Machine(memory=memory // MIB, cores=len(os.sched_getaffinity(0)))


def settings_for(machine: Machine) -> Mapping[str, object]:
    """Return PostgreSQL's settings for a machine, in its own units.

    Source: PostgreSQL's documentation of resource consumption and WAL; pgtune's profile `web`.
    """
    memory = machine.memory
    connections = _between(100, memory // 40, 200)
    buffers = _between(64, memory // 4, 8192)
    return {
        "max_connections": connections,
        "shared_buffers": f"{buffers}MB",
        "effective_cache_size": f"{max(buffers, memory // 2)}MB",
        # A query may use it several times, and a third of the connections at once.
        "work_mem": f"{_between(4, (memory - buffers) // connections, 32)}MB",
        "maintenance_work_mem": f"{_between(64, memory // 16, 1024)}MB",
        "max_wal_size": f"{_between(1024, memory // 8, 8192)}MB",
        "min_wal_size": f"{_between(80, memory // 32, 1024)}MB",
        # A parallel query takes cores from everybody else: at most half of them.
        "max_parallel_workers_per_gather": _between(0, machine.cores // 2, 4),
        "max_parallel_workers": machine.cores,
    }


def _between(least: int, value: int, most: int) -> int:
    return max(least, min(value, most))
