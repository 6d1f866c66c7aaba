"""The databases of one test session (of one worker, under xdist), made when first asked for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property
from itertools import count

import psycopg
import pytest

from cli.schema.scratch import create_database, drop_database, scratch_cluster
from cli.stack.postgres import Cluster
from tests.harness.database import (
    Database,
    declared_database,
    opened,
    require_true_books,
    template_database,
)

# Whatever began since then and was committed; a rolled back one leaves nothing but its number.
COMMITTED = """
    select count(*)
    from generate_series(
        %s::bigint, pg_snapshot_xmax(pg_current_snapshot())::text::bigint - 1
    ) as transaction (number)
    where pg_xact_status(number::text::xid8) = 'committed'
"""


# Whoever else is connected may still commit.
OTHERS = """
    select count(*)
    from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()
"""
IDLE = psycopg.pq.TransactionStatus.IDLE


class DatabaseSession:
    """A cluster with the databases `declared` and `template`."""

    def __init__(self) -> None:
        self._open = ExitStack()
        self._unchanged: str | None = None
        self._numbers = count(1)

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
        """A database that is as the template is; the next one gets the same if it still is."""
        name, self._unchanged = self._unchanged or self._copy(), None
        unchanged = False
        try:
            with opened(self.cluster.dsn(name)) as database:
                before = _next_transaction(database)
                yield database
                require_true_books(database.connection)
                unchanged = _is_unchanged(database, before)
        finally:
            if unchanged and not self._unchanged:
                self._unchanged = name
            else:
                drop_database(self.cluster, name)

    @contextmanager
    def shared_clone(self) -> Iterator[Database]:
        """A clone for somebody who promises to roll back whatever they do.

        Raises:
            AssertionError: when something was committed in it; the next one gets a fresh one.
        """
        with self.clone() as database:
            before = _next_transaction(database)
            yield database
            ((committed,),) = database.rows(COMMITTED, before)
            assert committed == 0, f"{committed} transactions were committed in the shared clone."

    def close(self) -> None:
        """Stop and delete everything."""
        self._open.close()

    def _copy(self) -> str:
        """Make a copy of the template; returns its name."""
        name = f"test_{next(self._numbers)}"
        create_database(self.cluster, name, template=self.template)
        return name


def _next_transaction(database: Database) -> int:
    """The number that the next transaction will have."""
    ((number,),) = database.rows("select pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
    return int(str(number))


def _is_unchanged(database: Database, before: int) -> bool:
    """Whether nothing was committed since then, and nobody else is still there."""
    if database.connection.closed or database.connection.info.transaction_status != IDLE:
        return False
    try:
        ((committed, others),) = database.rows(f"select ({COMMITTED}), ({OTHERS})", before)
    except psycopg.OperationalError:
        return False  # the test cut the connection
    return committed == 0 and others == 0


KEY = pytest.StashKey[DatabaseSession]()


def session_of(config: pytest.Config) -> DatabaseSession:
    """The session's databases."""
    return config.stash.setdefault(KEY, DatabaseSession())
