"""Phones that lose their connection, write without one and come back end as the server is.

Three devices of two people, and a server on which others write at the same time, in transactions
that commit late and out of order. Whatever is cut and whoever writes first: once everybody has
synced, each device has exactly the rows that its user sees, and no change was written twice.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from docs.examples.offline import Device
from tests.harness.database import Database
from tests.harness.session import DatabaseSession

SCENE = """
    select tests.person('owner'), tests.person('mia'), tests.business('Salon', 'owner');
    select tests.service('Cut', 'Salon');
    -- A page is five rows, so a scope has many.
    alter database {name} set app.settings.max_rows = '1';
"""
SEEN = """
    select coalesce(json_object_agg(id, shown), '{{}}')
    from (select * from public.{view} where {condition}) as shown
"""
NEW_ADDRESS = """
    insert into identity.addresses (user_id, label, recipient, line1, city, postal_code, country)
    values (tests.id('mia'), %s, 'Mia', 'Line', 'City', '10115', 'DE')
"""
NEW = {
    "recipient": "Mia",
    "line1": "Line",
    "city": "City",
    "postal_code": "10115",
    "country": "DE",
}
OWN = ("addresses", "user_id = auth.uid()")
SERVICES = ("services", "business_id = tests.id('Salon')")


class CutError(Exception):
    """The connection was cut before or after the call reached the server."""


@dataclass
class Server:
    """The database, reached as a person, over connections that may be cut."""

    db: Database
    chance: random.Random
    cuts: float = 0.0
    clients: dict[str, psycopg.Connection[Any]] = field(default_factory=dict)

    def call(self, person: str) -> Callable[[str, dict[str, Any]], tuple[int, Any]]:
        """How a device of a person reaches the API."""

        def call(name: str, arguments: dict[str, Any]) -> tuple[int, Any]:
            if self.chance.random() < self.cuts:
                raise CutError
            try:
                answer = self._answer(person, name, arguments)
            except psycopg.Error as error:
                if not str(error.sqlstate).startswith("PT"):
                    raise
                answer = int(str(error.sqlstate)[2:]), {"details": error.diag.message_detail}
            if self.chance.random() < self.cuts:
                raise CutError
            return answer

        return call

    def _answer(self, person: str, name: str, arguments: dict[str, Any]) -> tuple[int, Any]:
        connection = self.clients[person]
        with connection.transaction():
            connection.execute("select tests.act_as(%s)", (person,))
            named = ", ".join(f"{key} => %({key})s" for key in arguments)
            values = {
                key: json.dumps(value) if isinstance(value, dict) else value
                for key, value in arguments.items()
            }
            ((answer, status),) = connection.execute(
                f"select public.{name}({named}), current_setting('response.status', true)", values
            ).fetchall()
            return int(status or 200), answer

    def seen(self, person: str, view: str, condition: str) -> dict[str, Any]:
        """The rows of a view that a person sees, by id."""
        with self.clients[person].transaction():
            self.clients[person].execute("select tests.act_as(%s)", (person,))
            ((rows,),) = (
                self.clients[person].execute(SEEN.format(view=view, condition=condition)).fetchall()
            )
        return dict(rows)


@pytest.fixture(scope="module")
def scene(databases: DatabaseSession) -> Iterator[Database]:
    """A salon, its owner and a customer, in a database of this module."""
    with databases.clone() as db:
        db.connection.execute(SCENE.format(name=db.connection.info.dbname))
        yield db


@contextmanager
def reached(db: Database, seed: int) -> Iterator[Server]:
    """The server with a connection for each person."""
    with ExitStack() as stack:
        server = Server(db, random.Random(seed))
        for person in ("owner", "mia"):
            server.clients[person] = stack.enter_context(psycopg.connect(db.dsn, autocommit=True))
        yield server


def theirs_last(ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any] | None:
    """Merge a conflict: what we wrote stays, with a mark that it was merged."""
    return {key: f"{theirs[key]}+" if key in ("label", "name") else ours[key] for key in ours}


ACTS = st.lists(
    st.tuples(
        st.sampled_from(["write", "write", "delete", "sync", "sync", "late", "commit", "server"]),
        st.integers(0, 2),
        st.integers(0, 5),
    ),
    min_size=5,
    max_size=40,
)


class History:
    """Two devices of Mia and one of the owner, and transactions that are still open."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.devices = [Device(":memory:", server.call(who)) for who in ("mia", "mia", "owner")]
        self.open: list[psycopg.Connection[Any]] = []

    def play(self, act: str, device: int, number: int) -> None:
        """One step, by a device or by somebody else on the server."""
        if act == "late":
            connection = psycopg.connect(self.server.db.dsn)
            connection.execute(NEW_ADDRESS, (f"late {number}",))
            self.open.append(connection)
        elif act == "server":
            self.server.db.connection.execute(NEW_ADDRESS, (f"server {number}",))
            self.server.db.connection.execute(
                "update catalog.services set description = %s", (f"server {number}",)
            )
        elif act == "commit" and self.open:
            last = self.open.pop(number % len(self.open))
            last.commit()
            last.close()
        elif act == "sync":
            self.sync(device)
        elif act in ("write", "delete"):
            self.write(act, device, number)

    def write(self, act: str, device: int, number: int) -> None:
        """Change a row of the copy: Mia an address, the owner a service."""
        view = "services" if device == 2 else "addresses"
        rows = sorted(self.devices[device].rows(view))
        row_id = rows[number % len(rows)] if rows and number else None
        if view == "services":
            if row_id and act == "write":
                self.devices[device].write(view, row_id, {"description": f"owner {number}"})
        elif act == "write":
            new = {} if row_id else NEW
            self.devices[device].write(view, row_id, {"label": f"{device} {number}", **new})
        elif row_id:
            self.devices[device].write(view, row_id, None)

    def sync(self, device: int) -> None:
        """Send the queue and pull, as far as the connection holds."""
        try:
            self.devices[device].push(theirs_last)
            self.devices[device].pull()
        except CutError:
            pass

    def end(self) -> None:
        """Everything commits, the connection holds, and everybody syncs twice."""
        while self.open:
            self.play("commit", 0, 0)
        self.server.cuts = 0
        for device in (0, 1, 2, 0, 1, 2):
            self.sync(device)

    def close(self) -> None:
        """Leave nothing open."""
        for connection in self.open:
            connection.close()
        for device in self.devices:
            device.copy.close()


@settings(max_examples=25, deadline=None)
@given(acts=ACTS, seed=st.integers(0, 2**16), cuts=st.sampled_from([0.0, 0.3]))
def test_every_device_ends_as_the_server(
    scene: Database, acts: list[tuple[str, int, int]], seed: int, cuts: float
) -> None:
    with reached(scene, seed) as server:
        server.cuts = cuts
        history = History(server)
        try:
            for act, device, number in acts:
                history.play(act, device, number)
            history.end()
            for device, (person, (view, condition)) in enumerate(
                [("mia", OWN), ("mia", OWN), ("owner", SERVICES)]
            ):
                assert history.devices[device].rows(view) == server.seen(person, view, condition)
        finally:
            history.close()
