"""Two businesses on the running stack, and everyone who might knock at their doors."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psycopg
import pytest

from tests.harness.stack import RunningStack

# name → role in the first business; the second has an owner only, and is not open to the public.
PEOPLE = {
    "owner": "owner",
    "manager": "manager",
    "staff": "staff",
    "accountant": "accountant",
    "customer": None,
    "stranger": None,
    "other_owner": None,
}


@dataclass
class Town:
    """Ids by name, and clients by person."""

    stack: RunningStack
    ids: dict[str, str] = field(default_factory=dict)

    def client(self, person: str | None, **headers: str) -> httpx.Client:
        """The REST API as somebody; as nobody for null."""
        if person:
            user_id = self.ids[person]
            token = self.stack.token(user_id, email=f"{person}@town.example")
            headers["Authorization"] = f"Bearer {token}"
        client = self.stack.client(**headers)
        client.base_url = httpx.URL(self.stack.endpoints.rest_url)
        return client

    def run(self, query: str, *arguments: object) -> list[tuple[object, ...]]:
        """A statement as the database's owner."""
        with psycopg.connect(self.stack.endpoints.db_url, autocommit=True) as connection:
            cursor = connection.execute(query.encode(), arguments or None)
            return cursor.fetchall() if cursor.description else []

    def new(self, called: str, table: str, /, **values: object) -> str:
        """Insert a row under a name; values that are names of rows become their ids."""
        key = str(uuid.uuid4())
        row = {"id": key, **values}
        columns, marks = ", ".join(row), ", ".join(["%s"] * len(row))
        self.run(f"insert into {table} ({columns}) values ({marks})", *row.values())
        self.ids[called] = key
        return key

    def add_business(self, name: str, status: str, *, owner: str) -> None:
        """A business with one service, one person who gives it, and hours."""
        business_id = self.new(
            name,
            "business.businesses",
            slug=f"{name.replace('_', '-')}-{uuid.uuid4().hex[:6]}",
            name=name,
            vertical_id="salon",
            country="DE",
            latitude=52.52,
            longitude=13.405,
            time_zone="Europe/Berlin",
            currency="EUR",
            status=status,
        )
        mine = {"business_id": business_id}
        self.new(
            f"{name}_member",
            "business.business_members",
            **mine,
            user_id=self.ids[owner],
            role="owner",
            display_name=owner,
        )
        service_id = self.new(
            f"{name}_service",
            "catalog.services",
            **mine,
            name="Cut",
            duration_minutes=30,
            price_minor=3000,
            currency="EUR",
        )
        resource_id = self.new(
            f"{name}_resource", "catalog.resources", **mine, kind="staff", name="Ann"
        )
        self.new(f"{name}_policy", "catalog.cancellation_policies", **mine, name="Standard")
        self.run(
            "insert into catalog.service_resources (business_id, service_id, resource_id)"
            " values (%s, %s, %s)",
            business_id,
            service_id,
            resource_id,
        )
        self.run(
            "insert into catalog.working_hours (business_id, weekday, opens_at, closes_at)"
            " select %s, day, '08:00', '20:00' from generate_series(1, 7) as day",
            business_id,
        )


@pytest.fixture(scope="session")
def town(stack: RunningStack) -> Town:
    """The town, built once."""
    return built(stack)


def built(stack: RunningStack) -> Town:
    """A new town, with people and businesses of its own."""
    found = Town(stack)
    for person in PEOPLE:
        found.new(person, "auth.users", email=f"{person}-{uuid.uuid4().hex[:6]}@town.example")
    found.add_business("salon", "approved", owner="owner")
    found.add_business("secret", "draft", owner="other_owner")
    with psycopg.connect(stack.endpoints.db_url, cursor_factory=psycopg.ClientCursor) as connection:
        connection.execute(
            (Path(__file__).parent / "secret.sql").read_bytes(),
            {
                "business": found.ids["secret"],
                "owner": found.ids["other_owner"],
                "service": found.ids["secret_service"],
                "resource": found.ids["secret_resource"],
            },
        )
    for person, role in PEOPLE.items():
        if role and role != "owner":
            found.new(
                f"{person}_member",
                "business.business_members",
                business_id=found.ids["salon"],
                user_id=found.ids[person],
                role=role,
                display_name=person,
            )
    booked = found.client("customer").post(
        "/rpc/book",
        json={"service_id": found.ids["salon_service"], "starts_at": "2031-05-05T09:00:00Z"},
    )
    assert booked.status_code == 200, booked.text
    found.ids["booking"] = booked.json()["id"]
    found.new(
        "note",
        "scheduling.booking_notes",
        business_id=found.ids["salon"],
        booking_id=found.ids["booking"],
        body="Allergic to almonds.",
    )
    return found
