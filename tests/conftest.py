"""Fixtures for every test: `db`, a database of its own; `stack`, a running stack for them all."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from httpx._config import DEFAULT_TIMEOUT_CONFIG
from httpx._transports import default
from hypothesis import HealthCheck, settings

from tests.harness.database import Database
from tests.harness.ledger import StackLedger
from tests.harness.order import SLOW, Order
from tests.harness.pgtap import SqlFile
from tests.harness.session import DatabaseSession, session_of

if TYPE_CHECKING:
    from tests.harness.stack import RunningStack

# Requests without a deadline of their own, those of the clients' libraries as well, wait as long as
# a busy machine may need.
for part in ("connect", "read", "write", "pool"):
    setattr(DEFAULT_TIMEOUT_CONFIG, part, 120.0)

# A client reads the certificates of every authority (25 ms); here they all share one reading.
default.create_ssl_context = functools.cache(default.create_ssl_context)

# Generated tests are the same in every run, and none depends on how fast a machine is. Their
# database is a fixture: an example leaves nothing in it.
settings.register_profile(
    "frontdesk",
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
settings.register_profile("explore", settings.get_profile("frontdesk"), derandomize=False)
settings.load_profile("frontdesk")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> SqlFile | None:
    """Files of pgTAP assertions are tests."""
    if file_path.name.endswith(".test.sql"):
        return SqlFile.from_parent(parent, path=file_path)
    return None


def pytest_addoption(parser: pytest.Parser) -> None:
    """Reviewed files are written only on demand."""
    parser.addoption(
        "--accept-permissions",
        action="store_true",
        help="Write the domains' permissions.expected as the schema is now; then read the diff.",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Whoever hands out files hands out the longest first."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Order(config))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the kinds of tests that take long."""
    for item in items:
        if item.nodeid.startswith(SLOW):
            item.add_marker(pytest.mark.slow)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the cluster, if a test wanted one."""
    session_of(config).close()


@pytest.fixture(scope="session")
def databases(request: pytest.FixtureRequest) -> DatabaseSession:
    """The session's cluster with its declared and its template database."""
    return session_of(request.config)


@pytest.fixture
def db(databases: DatabaseSession) -> Iterator[Database]:
    """A database with the whole schema, the seed and the test helpers, for one test."""
    with databases.clone() as database:
        yield database


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """A stack of the session's own, on ports of its own."""
    from tests.harness.stack import RunningStack

    with RunningStack.start(tmp_path_factory.mktemp("stack")) as running:
        yield running


@pytest.fixture(scope="session")
def stack_ledger(stack: RunningStack) -> Iterator[StackLedger]:
    """The ledger of the session's stack."""
    with StackLedger(stack.endpoints.db_url) as ledger:
        yield ledger


@pytest.fixture(autouse=True)
def balanced_ledger(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test on the session's stack leaves a ledger that balances."""
    ledger: StackLedger | None = None
    if "stack" in request.fixturenames:
        ledger = request.getfixturevalue("stack_ledger")
    yield
    if ledger:
        ledger.require_balanced()
