"""A program with an API key does what its scopes name over HTTP, and nothing once it is revoked."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx
import psycopg
import pytest

from tests.contract.conftest import Town
from tests.harness.waiting import wait_until

SCOPES = "select array_agg(name order by name) from integrations.scopes"
# A picture is shown where its file is, a session where its class is.
ASKED_BY_OTHERS = ("files:read", "catalog:read")
OPENED = """
    select object, subject from integrations.scope_objects
    inner join pg_attribute
        on attrelid = to_regclass('public.' || quote_ident(object)) and attname = 'business_id'
    where object not like 'rpc/%'
    order by object
"""
# Every table that keys could reach, whether it has rows, and the subject that opens it.
TABLES = """
    select pg_class.oid::regclass::text, coalesce(subjects.subject, '')
    from pg_class
    left join integrations.schema_subjects() as subjects
        on subjects.schema_name = pg_class.relnamespace::regnamespace::text
    where
        relkind in ('r', 'p')
        and not relispartition
        and relnamespace::regnamespace::text not in ('pg_catalog', 'information_schema')
        and has_any_column_privilege('api_key', pg_class.oid, 'select')
        and pg_class.oid::regclass::text not in (
            'business.businesses', 'business.verticals', 'pricing.currencies'
        )
    order by 1
"""


def make(town: Town, *scopes: str, **more: object) -> dict[str, str]:
    """Create a key of the business that has a row in every table, as its owner."""
    wish = {"business_id": town.ids["secret"], "name": "Till", "scopes": scopes, **more}
    with town.client("other_owner") as owner:
        made = owner.post("/rpc/create_api_key", json=wish)
    assert made.status_code == 200, made.text
    answer: dict[str, str] = made.json()
    return answer


def program(town: Town, key: str, *, as_bearer: bool = False) -> httpx.Client:
    """The program that has the key."""
    headers = {"Authorization": f"Bearer {key}"} if as_bearer else {}
    return town.stack.client(key, **headers)


@pytest.fixture(scope="module")
def reader(town: Town) -> Iterator[httpx.Client]:
    """A program that reads bookings."""
    with program(town, make(town, "bookings:read")["key"]) as client:
        yield client


def token_of(answer: httpx.Response) -> str:
    """The token of a refusal."""
    found: str = answer.json()["details"]
    return found


def test_a_key_reads_what_a_manager_would_and_no_more(town: Town, reader: httpx.Client) -> None:
    with town.client("other_owner") as owner:
        expected = {row["id"] for row in owner.get("/bookings?select=id").json()}
    read = reader.get("/rest/v1/bookings?select=id,business_id")
    assert read.status_code == 200, read.text
    assert {row["id"] for row in read.json()} == expected != set()
    assert {row["business_id"] for row in read.json()} == {town.ids["secret"]}


def test_one_scope_is_enough_for_all_rows_of_its_views(town: Town) -> None:
    keys: dict[str, str] = {}
    differ = {}
    with town.client("other_owner") as owner, httpx.Client(base_url=owner.base_url) as programs:
        for view, subject in town.run(OPENED):
            if subject not in keys:
                keys[str(subject)] = make(town, f"{subject}:read", *ASKED_BY_OTHERS)["key"]
            path = f"/{view}?business_id=eq.{town.ids['secret']}"
            key = programs.get(path, headers={"apikey": keys[str(subject)]}).json()
            if len(key) != len(owner.get(path).json()):
                differ[view] = key
    assert differ == {}


def test_what_another_scope_opens_is_not_read_by_embedding_it(reader: httpx.Client) -> None:
    rows = reader.get("/rest/v1/booking_items?select=id,services(name)").json()
    assert rows
    assert {row["services"] for row in rows} == {None}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/rest/v1/customers"),
        ("GET", "/rest/v1/%62ookings"),
        ("GET", "/rest/v1/bookings/"),
        ("GET", "/rest/v1/api_keys"),
        ("POST", "/rest/v1/booking_notes"),
        ("POST", "/rest/v1/rpc/cancel_booking"),
        ("POST", "/rest/v1/rpc/create_api_key"),
        ("POST", "/rest/v1/rpc/me"),
    ],
)
def test_everything_else_is_refused(reader: httpx.Client, method: str, path: str) -> None:
    answer = reader.request(method, path, json={} if method == "POST" else None)
    assert answer.status_code in (403, 404), answer.text
    assert answer.status_code == 404 or token_of(answer) == "missing_scope"


def test_a_key_writes_with_the_scope_to_write(town: Town) -> None:
    with program(town, make(town, "catalog:write")["key"], as_bearer=True) as client:
        path = f"/rest/v1/services?id=eq.{town.ids['secret_service']}"
        changed = client.patch(
            path, json={"description": "By key"}, headers={"Prefer": "return=representation"}
        )
    assert changed.status_code == 200, changed.text
    assert [row["description"] for row in changed.json()] == ["By key"]


def test_no_scope_opens_a_table_of_another_subject(town: Town) -> None:
    """Table by table and scope by scope, past the gate and the views."""
    ((scopes,),) = town.run(SCOPES)
    tables = town.run(TABLES)
    opened = []
    with psycopg.connect(town.stack.endpoints.db_url) as connection:
        connection.execute("select set_config('role', 'api_key', true)")
        for scope in list(scopes):  # type: ignore[call-overload]
            admitted = {"id": town.ids["secret"], "business_id": town.ids["secret"]}
            connection.execute(
                "select set_config('auth.admitted_key', %s, true)",
                (json.dumps({**admitted, "scopes": [scope]}),),
            )
            subject = scope.partition(":")[0]
            others = [table for table, of in tables if of != subject]
            counted = connection.execute(
                " union all ".join(
                    f"select '{table}' where exists (select 1 from {table})" for table in others
                ).encode()
            )
            opened += [(scope, *row) for row in counted]
    assert opened == []


def test_a_revoked_key_is_refused_at_once_on_a_kept_connection(town: Town) -> None:
    made = make(town, "bookings:read", "files:read")
    with program(town, made["key"]) as client, town.client("other_owner") as owner:
        token = client.post("/functions/v1/token").json()["access_token"]
        bearer = {"Authorization": f"Bearer {token}", "apikey": ""}
        ways = [
            lambda: client.get("/rest/v1/bookings"),
            lambda: client.get("/rest/v1/bookings", headers=bearer),
            lambda: client.get("/storage/v1/bucket"),
            lambda: client.get("/storage/v1/bucket", headers=bearer),
        ]
        assert [ask().status_code for ask in ways] == [200] * 4
        owner.post("/rpc/revoke_api_key", json={"api_key_id": made["id"]})
        after = [ask().status_code for ask in ways]
    assert after[:3] == [401, 401, 401]
    assert after[3] in (400, 401, 403)


def test_a_key_is_exchanged_for_a_short_token(town: Town) -> None:
    with program(town, make(town, "bookings:read")["key"]) as client:
        answer = client.post("/functions/v1/token")
        assert answer.json()["expires_in"] == 300
        assert answer.headers["cache-control"] == "no-store"
        refused = client.post("/functions/v1/token", headers={"apikey": "fdk_00"})
    assert (refused.status_code, token_of(refused)) == (401, "invalid_api_key")


def test_the_role_of_keys_is_nothing_without_a_key(town: Town) -> None:
    token = town.stack.token("", role="api_key", sub=None, key_id=None)
    with town.stack.client(Authorization=f"Bearer {token}") as client:
        answers = [client.get("/rest/v1/bookings"), client.get("/rest/v1/services")]
    assert {(answer.status_code, token_of(answer)) for answer in answers} == {
        (401, "invalid_api_key")
    }


def test_clients_cannot_send_the_header_of_the_gateway(town: Town) -> None:
    key = make(town, "bookings:read")["key"]
    with town.client(None, **{"X-Api-Key": key}) as visitor:
        assert visitor.get("/bookings").status_code == 401


def test_a_key_of_other_addresses_is_refused_everywhere(town: Town) -> None:
    made = make(town, "bookings:read", allowed_addresses=["203.0.113.9"])
    with program(town, made["key"]) as client:
        for answer in (client.get("/rest/v1/bookings"), client.get("/storage/v1/bucket")):
            assert (answer.status_code, token_of(answer)) == (403, "address_not_allowed")


def test_the_last_use_is_noted(town: Town) -> None:
    made = make(town, "bookings:read")
    with program(town, made["key"]) as client:
        client.get("/rest/v1/bookings")
    with town.client("other_owner") as owner:
        wait_until(
            lambda: owner.get(f"/api_keys?id=eq.{made['id']}").json()[0]["last_used_at"] is not None
        )
