"""A program with an API key hears what its scopes name, and nothing once the key is revoked."""

from __future__ import annotations

from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.contract.conftest import Town
from tests.contract.realtime.conftest import Live, Raw, events
from tests.contract.test_api_keys import make

WORDS = "This API key is not valid."
ROWS = [{"event": "*", "schema": "public", "table": "customer_groups"}]


def add(town: Town, business: str, name: str) -> None:
    """Insert a row that keys with customers:read see in their own business."""
    town.run(
        "insert into customers.customer_groups (business_id, name) values (%s, %s)",
        town.ids[business],
        name,
    )


def revoke(town: Town, made: dict[str, str]) -> None:
    """Revoke a key as the owner."""
    with town.client("other_owner") as owner:
        assert owner.post("/rpc/revoke_api_key", json={"api_key_id": made["id"]}).is_success


def closing(raw: Raw) -> tuple[list[dict[str, Any]], int, str]:
    """What still comes until the server closes the socket, and how it does."""
    found: list[dict[str, Any]] = []
    with pytest.raises(ConnectionClosed) as closed:
        while True:
            found.append(raw.read())
    assert closed.value.rcvd
    return found, closed.value.rcvd.code, closed.value.rcvd.reason


def refused(town: Town, raw: Raw, topic: str, **binding: object) -> str:
    """Why a view cannot be followed: the channel is joined, and told so."""
    given = {"event": "*", "schema": "public", **binding}
    assert raw.join(topic, postgres_changes=[given])["status"] == "ok"
    told: str = raw.until("system")["payload"]["message"]
    return told


def test_a_key_hears_its_business_and_sees_the_rows_that_its_scopes_name(
    live: Live, town: Town
) -> None:
    topic = f"business:{town.ids['secret']}"
    with live.socket(key=make(town, "realtime:read", "customers:read")["key"]) as raw:
        assert raw.join(topic, private=True, postgres_changes=ROWS)["status"] == "ok"
        assert raw.until("system")["payload"]["message"] == "Subscribed to PostgreSQL"
        live.send(topic, "news", {"n": 1})
        assert raw.until("broadcast")["payload"]["event"] == "news"
        add(town, "salon", "Of another business")
        add(town, "secret", "Of its own")
        assert raw.until("postgres_changes")["payload"]["data"]["record"]["name"] == "Of its own"
        other = raw.join(f"business:{town.ids['salon']}", private=True)
        assert other["response"]["reason"].startswith("Unauthorized")
        assert "no scope" in refused(town, raw, "bookings", table="bookings")
        assert "by their names" in refused(town, raw, "all", table="*")


def test_a_key_without_the_scope_joins_no_private_topic(live: Live, town: Town) -> None:
    topic = f"business:{town.ids['secret']}"
    made = make(town, "customers:read")
    with live.socket() as raw:
        answer = raw.join(topic, made["key"], private=True)
        assert answer["response"]["reason"].startswith("Unauthorized: You do not have permissions")
        unknown = raw.join(topic, "fdk_00", private=True)
        assert unknown["response"]["reason"] == f"InvalidApiKey: {WORDS}"
        elsewhere = make(town, "realtime:read", allowed_addresses=["203.0.113.9"])
        answer = raw.join(topic, elsewhere["key"], private=True)
        assert answer["response"]["reason"].startswith("AddressNotAllowed: ")


def test_a_revoked_key_gets_nothing_more_and_is_disconnected_in_words(
    live: Live, town: Town
) -> None:
    topic = f"business:{town.ids['secret']}"
    made = make(town, "realtime:read", "customers:read")
    with town.stack.client(made["key"]) as client:
        token = client.post("/functions/v1/token").json()["access_token"]
    with (
        live.socket(key=made["key"]) as by_key,
        live.socket() as by_token,
        events(live, topic=topic, private="true", apikey=made["key"]) as stream,
    ):
        assert by_key.join(topic, private=True, postgres_changes=ROWS)["status"] == "ok"
        assert by_token.join(topic, token, private=True, postgres_changes=ROWS)["status"] == "ok"
        for raw in (by_key, by_token):
            assert raw.until("system")["payload"]["status"] == "ok"
        revoke(town, made)
        live.send(topic, "after", {})
        add(town, "secret", "After")
        found, code, reason = closing(by_key)
        assert [one["event"] for one in found] == ["system", "phx_close"]
        assert found[0]["payload"]["message"] == WORDS
        assert (code, reason) == (1008, WORDS)
        told = by_token.read()
        assert (told["event"], told["payload"]["message"]) == ("system", WORDS)
        assert by_token.read()["event"] == "phx_close"
        assert [data for _, name, data in stream if name] == [{"status": "error", "message": WORDS}]
    with pytest.raises(InvalidStatus) as refusal, live.socket(key=made["key"]):
        pass
    assert refusal.value.response.status_code == 401
    with town.stack.client(made["key"]) as client:
        answer = client.post("/realtime/v1/api/broadcast", json={"messages": []})
        assert (answer.status_code, answer.json()) == (401, {"error": WORDS})


def test_a_revoked_key_is_disconnected_where_nothing_happens_too(live: Live, town: Town) -> None:
    made = make(town, "customers:read")
    with live.socket(key=made["key"]) as raw:
        assert raw.join("public room")["status"] == "ok"
        revoke(town, made)
        found, code, _ = closing(raw)
        assert found[0]["payload"]["message"] == WORDS
        assert code == 1008


def test_policies_find_headers_and_claims(live: Live) -> None:
    name = f"{live.name}:device"
    policy = f"""
        create policy "{name}" on realtime.messages for select to authenticated using (
            (select realtime.topic()) = '{name}'
            and current_setting('request.headers', true)::json ->> 'x-device' = 'till'
            and (select auth.jwt()) ->> 'tier' = 'gold'
            and (select auth.uid()) = '{live.ada}'
            and (select auth.role()) = 'authenticated'
        );
        create policy "{name}:insert" on realtime.messages for insert to authenticated with check (
            topic = '{name}'
            and current_setting('request.headers', true)::json ->> 'x-device' = 'till'
        )
    """
    gold = live.stack.token(live.ada, tier="gold")
    with live.database() as connection:
        connection.execute(policy.encode())
    try:
        with live.socket(**{"X-Device": "till"}) as till, live.socket() as other:
            assert till.join(name, gold, private=True)["status"] == "ok"
            assert till.join(name, live.token(), private=True)["status"] == "error"
            assert other.join(name, gold, private=True)["status"] == "error"
            live.send(name, "news", {})
            assert till.until("broadcast")["payload"]["event"] == "news"
        path = f"/realtime/v1/api/broadcast/{name}/events/x?private=true"
        with live.stack.client(Authorization=f"Bearer {gold}") as client:
            assert client.post(path, json={}).status_code == 403
            assert client.post(path, json={}, headers={"X-Device": "till"}).status_code == 202
    finally:
        with live.database() as connection:
            for suffix in ("", ":insert"):
                connection.execute(f'drop policy "{name}{suffix}" on realtime.messages'.encode())
