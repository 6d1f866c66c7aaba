"""API keys and webhooks on the command line, and a real booking on its way to a receiver."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from standardwebhooks import Webhook

from cli.options import ROOT
from tests.contract.conftest import Town, built
from tests.harness.stack import RunningStack
from tests.harness.waiting import wait_until
from tests.workers.webhooks.receiver import Receiver

BOOKINGS = "/rest/v1/bookings?select=id"


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A town on a stack whose workers may call this machine."""
    folder = tmp_path_factory.mktemp("integrations")
    config = (ROOT / "supabase-config.toml").read_text("utf-8")
    path = folder / "supabase-config.toml"
    path.write_text(f'{config}\n[frontdesk.webhooks]\nprivate_hosts = ["127.0.0.1"]\n')
    with RunningStack.start(folder / "state", "--config", path) as stack:
        yield built(stack)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as serving:
        yield serving


def slug(town: Town) -> str:
    ((found,),) = town.run("select slug from business.businesses where id = %s", town.ids["salon"])
    return str(found)


def shown(town: Town, *arguments: str) -> Any:
    """What a command prints as JSON."""
    done = town.stack.cli(*arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def refused(town: Town, *arguments: str) -> str:
    """What a command says that is refused."""
    done = town.stack.cli(*arguments)
    assert (done.returncode, done.stdout) == (1, ""), done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


def status(town: Town, key: str) -> int:
    """The status of a read with this key."""
    with town.stack.client(key) as program:
        return program.get(BOOKINGS).status_code


def test_a_key_is_created_listed_rotated_and_revoked(town: Town) -> None:
    (made,) = shown(town, "keys", "create", slug(town), "Till", "--scope", "bookings:read")
    assert status(town, made["key"]) == 200
    (row,) = shown(town, "keys", "list", "--business", slug(town))
    assert (row["id"], row["scopes"], row["status"]) == (made["id"], "bookings:read", "active")
    assert made["key"] not in json.dumps(row)
    (rotated,) = shown(town, "keys", "rotate", made["id"], "--overlap-hours", "1", "--yes")
    assert (status(town, made["key"]), status(town, rotated["key"])) == (200, 200)
    done = town.stack.cli("keys", "revoke", made["id"], "--yes")
    assert "The key is revoked." in done.stderr
    assert (status(town, made["key"]), status(town, rotated["key"])) == (401, 401)
    listed = shown(town, "keys", "list", "--business", slug(town))
    assert {row["status"] for row in listed} == {"revoked"}


def test_what_cannot_be_a_key_is_refused(town: Town) -> None:
    create = ("keys", "create", slug(town), "Till", "--scope")
    assert "scopes must be names" in refused(town, *create, "nonsense:read")
    assert refused(town, *create, "bookings:read", "--expires-at", "2001-01-01T00:00:00Z")
    assert refused(town, *create, "bookings:read", "--address", "nowhere")
    assert refused(town, "keys", "create", "no-such-business", "Till", "--scope", "bookings:read")
    assert refused(town, "keys", "revoke", str(uuid.uuid4()), "--yes")


def test_a_booking_reaches_the_receiver_and_is_sent_again(town: Town, receiver: Receiver) -> None:
    url = f"{receiver.url}/bookings"
    (made,) = shown(town, "webhooks", "create", slug(town), url, "--event", "booking.*")
    booked = town.client("customer").post(
        "/rpc/book",
        json={"service_id": town.ids["salon_service"], "starts_at": "2031-05-05T12:00:00Z"},
    )
    assert booked.status_code == 200, booked.text
    came = receiver.came["/bookings"]
    wait_until(lambda: came != [])
    body = Webhook(made["secret"]).verify(came[0].body, came[0].headers)
    assert body["data"]["booking_id"] == booked.json()["id"]
    wait_until(lambda: delivered(town) != [])

    tested = town.stack.cli("webhooks", "test", made["id"])
    assert "The event is on its way" in tested.stderr
    wait_until(lambda: b"webhook.test" in came[-1].body)
    event, before = came[0].id, len(came)
    again = town.stack.cli("webhooks", "replay", made["id"], "--event", event, "--yes")
    assert "1 events are on their way." in again.stderr
    wait_until(lambda: len(came) > before)
    assert came[-1].id == event
    (endpoint,) = shown(town, "webhooks", "list", "--business", slug(town))
    assert (endpoint["url"], endpoint["status"]) == (url, "enabled")


def delivered(town: Town) -> Any:
    """The deliveries of the salon that have arrived."""
    return shown(town, "webhooks", "deliveries", "--business", slug(town), "--status", "delivered")


def test_what_cannot_be_an_endpoint_is_refused(town: Town) -> None:
    create = ("webhooks", "create", slug(town))
    assert "url" in refused(town, *create, "no address", "--event", "booking.*")
    assert "events" in refused(town, *create, "https://example.com/", "--event", "nonsense.*")
    nobody = str(uuid.uuid4())
    assert refused(town, "webhooks", "test", nobody)
    assert refused(town, "webhooks", "enable", nobody)
    assert refused(town, "webhooks", "replay", nobody, "--from", "2031-05-05T00:00:00Z", "--yes")
    assert "event_id" in refused(town, "webhooks", "replay", nobody, "--yes")
