"""Webhooks arrive at least once with one id each, whatever receivers and workers do."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from standardwebhooks import Webhook

from tests.harness.database import Database
from tests.harness.waiting import wait_until
from tests.workers.notifications.running import workers
from tests.workers.webhooks.house import House, house
from tests.workers.webhooks.receiver import Receiver
from workers.public_addresses import is_public
from workers.webhooks.signing import headers

EVENT_IDS = "select array_agg(id::text order by position) from integrations.events"
ENDPOINT = "select is_enabled, disabled_reason, failures from integrations.webhook_endpoints"
ARRIVED = """
    select count(*) from integrations.webhook_deliveries
    where status = 'delivered' and webhook_endpoint_id = %s
"""
FAILED = """
    select distinct split_part(url, '/', 4) from integrations.webhook_endpoints
    inner join integrations.webhook_deliveries
        on webhook_deliveries.webhook_endpoint_id = webhook_endpoints.id
    where last_error is not null
"""
ERRORS = "select array_agg(distinct last_error) from integrations.webhook_deliveries"


@pytest.fixture
def salon(db: Database, tmp_path: Path) -> Iterator[House]:
    with house(db, tmp_path) as opened:
        yield opened


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as serving:
        yield serving


def event_ids(salon: House) -> list[str]:
    """The ids of all events, the earliest first."""
    ((found,),) = salon.db.rows(EVENT_IDS)
    assert isinstance(found, list)
    return found


def test_a_signature_is_that_of_standard_webhooks() -> None:
    """Source: the test vector of Standard Webhooks' own libraries."""
    secret, body = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", b'{"test": 2432232314}'
    signed = headers("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body, [secret])
    assert signed["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_events_arrive_signed_by_every_valid_secret(salon: House, receiver: Receiver) -> None:
    key, old = salon.endpoint(f"{receiver.url}/ok")
    ((_, new),) = salon.db.rows("select * from public.rotate_webhook_secret(%s)", key)
    salon.endpoint(f"{receiver.url}/other", events='["order.*"]')
    with salon.sending():
        salon.happen(3)
        wait_until(lambda: salon.statuses() == {"delivered": 3})
    assert {came.id for came in receiver.came["/ok"]} == set(event_ids(salon))
    for came in receiver.came["/ok"]:
        for secret in (old, str(new)):
            body = Webhook(secret).verify(came.body, came.headers)
            assert (body["type"], body["version"]) == ("booking.confirmed", 1)
    assert "/other" not in receiver.came


def test_a_failure_is_retried_with_the_same_id_and_a_new_time(
    salon: House, receiver: Receiver
) -> None:
    salon.endpoint(f"{receiver.url}/down")
    receiver.statuses["/down"] = 503
    with salon.sending():
        salon.happen(1)
        wait_until(lambda: len(receiver.came["/down"]) == 1)
        receiver.statuses["/down"] = 200
        wait_until(lambda: salon.statuses() == {"delivered": 1})
    first, second = receiver.came["/down"]
    assert first.id == second.id
    assert int(first.headers["webhook-timestamp"]) + 4 < int(second.headers["webhook-timestamp"])


@pytest.mark.parametrize(
    ("status", "becomes"), [(400, "failed"), (404, "failed"), (425, "pending")]
)
def test_only_what_may_pass_is_retried(
    salon: House, receiver: Receiver, status: int, becomes: str
) -> None:
    salon.endpoint(f"{receiver.url}/path")
    receiver.statuses["/path"] = status
    with salon.sending():
        salon.happen(1)
        wait_until(lambda: salon.db.rows("select 1 from integrations.webhook_attempts") != [])
    assert salon.statuses() == {becomes: 1}


def test_an_endpoint_that_is_gone_is_disabled(salon: House, receiver: Receiver) -> None:
    salon.endpoint(f"{receiver.url}/gone")
    receiver.statuses["/gone"] = 410
    with salon.sending():
        salon.happen(1)
        wait_until(lambda: salon.db.rows(ENDPOINT) == [(False, "gone", 1)])
        salon.happen(1)
    assert salon.statuses() == {"pending": 1}


def test_bad_receivers_slow_no_others_down(salon: House, receiver: Receiver) -> None:
    """One hangs, one breaks off, one sends a byte at a time, one sends ten gigabytes."""
    for path in ("hang", "half", "drip"):
        salon.endpoint(f"{receiver.url}/{path}")
    salon.endpoint(f"{receiver.url}/flood")
    good, _ = salon.endpoint(f"{receiver.url}/ok")
    with salon.sending():
        salon.happen(50)
        wait_until(lambda: salon.db.rows(ARRIVED, good) == [(50,)])
        wait_until(lambda: {"hang", "half", "drip"} <= {path for (path,) in salon.db.rows(FAILED)})
    ((errors,),) = salon.db.rows(ERRORS)
    assert {"No answer within 2 seconds.", "It did not answer as a web server."} <= set(errors)
    # A slow machine may send one again, with the same id.
    assert len({came.id for came in receiver.came["/ok"]}) == 50


def test_nothing_inside_is_reached(salon: House, receiver: Receiver) -> None:
    """Neither by another way to write an address, nor by a redirect."""
    port = receiver.url.rpartition(":")[2]
    insides = ["2130706433", "0177.0.0.1", "127.1", "[::ffff:127.0.0.1]", "localhost"]
    for inside in insides:
        salon.endpoint(f"https://{inside}:{port}/inside")
    salon.endpoint("http://example.com/plain")
    salon.endpoint(f"{receiver.url}/redirect")
    with salon.sending():
        salon.happen(1)
        wait_until(lambda: salon.statuses() == {"failed": len(insides) + 2})
    ((errors,),) = salon.db.rows(ERRORS)
    assert "It answered 302" in errors
    assert sum("is not on the public internet" in error for error in errors) == len(insides)
    assert "example.com is not addressed by https." in errors
    assert "/inside" not in receiver.came


@pytest.mark.parametrize("address", ["::127.0.0.1", "64:ff9b:1::a00:1", "fec0::1"])
def test_other_ways_into_our_network_are_known(address: str) -> None:
    assert not is_public(address)


def test_the_events_of_a_row_keep_their_order_where_asked(salon: House, receiver: Receiver) -> None:
    salon.endpoint(f"{receiver.url}/row", is_ordered="true")
    receiver.statuses["/row"] = 500
    with salon.sending():
        salon.happen(5)
        wait_until(lambda: len(receiver.came["/row"]) == 1)
        receiver.statuses["/row"] = 200
        wait_until(lambda: salon.statuses() == {"delivered": 5})
    first, *others = [came.id for came in receiver.came["/row"]]
    assert first == event_ids(salon)[0]
    assert others == event_ids(salon)


def test_a_period_is_replayed_with_the_same_ids(salon: House, receiver: Receiver) -> None:
    key, secret = salon.endpoint(f"{receiver.url}/ok")
    with salon.sending():
        salon.happen(4)
        wait_until(lambda: salon.statuses() == {"delivered": 4})
        time.sleep(1.1)  # the timestamps are whole seconds
        ((count,),) = salon.db.rows(
            "select public.replay_webhook(%s, from_at => '2000-01-01T00:00:00Z')", key
        )
        wait_until(lambda: len(receiver.came["/ok"]) == 8)
    assert count == 4
    ids = [came.id for came in receiver.came["/ok"]]
    assert sorted(ids[:4]) == sorted(ids[4:]) == sorted(event_ids(salon))
    times = [int(came.headers["webhook-timestamp"]) for came in receiver.came["/ok"]]
    assert max(times[:4]) < min(times[4:])
    Webhook(secret).verify(receiver.came["/ok"][-1].body, receiver.came["/ok"][-1].headers)


def test_every_event_arrives_although_workers_are_killed(
    salon: House, receiver: Receiver, tmp_path: Path
) -> None:
    paths = [f"/ok/{number}" for number in range(8)]
    for path in paths:
        salon.endpoint(receiver.url + path)

    def requests() -> int:
        return sum(len(receiver.came[path]) for path in paths)

    with workers(
        salon.db.dsn, tmp_path / "log", {}, count=2, private_hosts="127.0.0.1"
    ) as processes:
        salon.happen(40)
        wait_until(lambda: requests() > 80)
        processes.kill(processes.running[0])
        # An endpoint that a slow machine made fail rests for minutes.
        wait_until(lambda: salon.statuses() == {"delivered": 320}, seconds=400)
    for path in paths:
        bodies = {came.id: came.body for came in receiver.came[path]}
        assert bodies.keys() == set(event_ids(salon))
        numbers = [json.loads(body)["data"]["number"] for body in bodies.values()]
        assert sorted(numbers) == list(range(1, 41))
