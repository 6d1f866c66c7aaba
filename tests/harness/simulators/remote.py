"""A simulator in a process of its own, which outlives the one that sends."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass

import httpx

from tests.harness.programs import Program, running
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
    arguments = [sys.executable, "-m", "tests.harness.simulators", kind]
    with running(arguments, ready=lambda program: bool(_told(program))) as program:
        yield RemoteSimulator(**json.loads(_told(program)))


def _told(program: Program) -> str:
    """The line of JSON, once it is whole."""
    lines = program.output.splitlines(keepends=True)
    return next((line for line in lines if line.startswith("{") and line.endswith("\n")), "")
