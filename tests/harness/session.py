"""The databases of one test session (of one worker, under xdist), made when first asked for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property

import pytest

from cli.schema.scratch import scratch_cluster
from cli.stack.postgres import Cluster
from tests.harness.database import Database, clone, declared_database, template_database


class DatabaseSession:
    """A cluster with the databases `declared` and `template`."""

    def __init__(self) -> None:
        self._open = ExitStack()

    @cached_property
    def cluster(self) -> Cluster:
        """The running cluster."""
        return self._open.enter_context(scratch_cluster())

    @cached_property
    def declared(self) -> str:
        """The dsn of a database with platform, sql/ and seed; not to be written to."""
        return declared_database(self.cluster, "declared")

    @cached_property
    def template(self) -> str:
        """The name of the database that tests clone."""
        assert self.declared
        return template_database(self.cluster)

    @contextmanager
    def clone(self) -> Iterator[Database]:
        """A database of one's own, gone at the end."""
        with clone(self.cluster, self.template) as database:
            yield database

    def close(self) -> None:
        """Stop and delete everything."""
        self._open.close()


KEY = pytest.StashKey[DatabaseSession]()


def session_of(config: pytest.Config) -> DatabaseSession:
    """The session's databases."""
    return config.stash.setdefault(KEY, DatabaseSession())
