"""A simulator in a process of its own, which outlives the one that sends."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass

import httpx

from cli.options import ROOT
from tests.harness.simulators.base import Answer


@dataclass(frozen=True)
class RemoteSimulator:
    """`service_account` is FCM's JSON, and empty elsewhere."""

    url: str
    control: str
    service_account: str = ""

    @property
    def keys(self) -> Counter[str]:
        """How often it took each idempotency key."""
        return Counter(httpx.get(self.control).json())

    def answer_next(self, *answers: Answer) -> None:
        """See `Simulator.answer_next`."""
        httpx.post(self.control, json=[asdict(answer) for answer in answers]).raise_for_status()


@contextmanager
def remote(kind: str) -> Iterator[RemoteSimulator]:
    """Start one of `KINDS`; leaving the context ends it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.harness.simulators", kind],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield RemoteSimulator(**json.loads(process.stdout.readline()))
    finally:
        process.terminate()
        process.wait()
