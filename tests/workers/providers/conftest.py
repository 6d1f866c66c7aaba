"""The real clients, each with its simulator."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.harness.simulators import KINDS
from tests.workers.providers.wired import Wired


@pytest.fixture(params=list(KINDS))
def wired(request: pytest.FixtureRequest) -> Iterator[Wired]:
    """Each real client in turn."""
    with KINDS[request.param]() as simulator:
        yield Wired(request.param, simulator)
