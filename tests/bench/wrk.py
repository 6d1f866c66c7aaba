"""The load of one request again and again, by wrk where it is installed."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections import Counter
from pathlib import Path

from tests.bench.load import Load, load

SCRIPT = Path(__file__).with_name("load.lua")


def same(url: str, raw: bytes, *, connections: int, seconds: float) -> Load:
    """Send the request over so many connections for so long, in whole seconds where wrk does it.

    Without wrk the load is our own, which takes more of the cores from the server.
    """
    wrk = shutil.which("wrk")
    if wrk is None:
        return load(url, lambda _client, _sent: raw, connections=connections, seconds=seconds)
    with tempfile.NamedTemporaryFile() as file:
        file.write(raw)
        file.flush()
        done = subprocess.run(
            [
                *(wrk, "-t", "1", "-c", str(connections), "-d", f"{seconds:.0f}s"),
                *("--timeout", "10s", "-s", SCRIPT, url, "--", file.name),
            ],
            capture_output=True,
            text=True,
            check=True,
        )
    said = json.loads(done.stdout.strip().splitlines()[-1])
    if said["failed"]:
        raise AssertionError(f"{said['failed']} requests failed")
    statuses = Counter({int(status): int(count) for status, count in said["statuses"]})
    return Load(said["per_second"], said["p99_ms"], statuses)
