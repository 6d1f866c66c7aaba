"""The databases of one test session (of one worker, under xdist), made when first asked for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property

import pytest

from cli.schema.scratch import scratch_cluster
from cli.stack.postgres import Cluster
from tests.harness.database import Database, clone, declared_database, template_database

# Whatever began since then and was committed; a rolled back one leaves nothing but its number.
COMMITTED = """
    select count(*)
    from generate_series(
        %s::bigint, pg_snapshot_xmax(pg_current_snapshot())::text::bigint - 1
    ) as transaction (number)
    where pg_xact_status(number::text::xid8) = 'committed'
"""


class DatabaseSession:
    """A cluster with the databases `declared` and `template`."""

    def __init__(self) -> None:
        self._open = ExitStack()
        self._shared: Database | None = None

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

    @contextmanager
    def shared_clone(self) -> Iterator[Database]:
        """The database of everybody who rolls back, which stays as the template is.

        Raises:
            AssertionError: when something was committed in it; the next one gets a fresh one.
        """
        database = self._shared or self._open.enter_context(self.clone())
        self._shared = None
        before = _next_transaction(database)
        yield database
        ((committed,),) = database.rows(COMMITTED, before)
        assert committed == 0, f"{committed} transactions were committed in the shared clone."
        self._shared = database

    def close(self) -> None:
        """Stop and delete everything."""
        self._open.close()


def _next_transaction(database: Database) -> int:
    """The number that the next transaction will have."""
    ((number,),) = database.rows("select pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
    return int(str(number))


KEY = pytest.StashKey[DatabaseSession]()


def session_of(config: pytest.Config) -> DatabaseSession:
    """The session's databases."""
    return config.stash.setdefault(KEY, DatabaseSession())
