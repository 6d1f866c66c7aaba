"""Queues and notifications on the command line, the metrics, and the way out of offers."""

from __future__ import annotations

import csv
import io
import json
import time
import uuid
from typing import Any

import psycopg
import pytest

from tests.harness.stack import RunningStack
from tests.harness.waiting import wait_until

TEST_QUEUE = """
    insert into private.queues (name, purpose) values ('tests', 'Tests') on conflict do nothing
"""
LOOKED = """
    select exists (
        select from pg_stat_activity
        where query like '%paused_queues()%' and pid <> pg_backend_pid()
            and state = 'idle' and query_start > '{}'
    )
"""
DEAD = """
    select pgmq.send(
        'tests_dead',
        '{"actor_name": "nobody", "message_id": "m", "options": {"retries": 3}}'::jsonb,
        '{"error": "Refused", "reason": "It said no.", "attempts": 4}'::jsonb
    )
"""


def run(stack: RunningStack, query: str) -> list[Any]:
    with psycopg.connect(stack.endpoints.db_url, autocommit=True) as connection:
        cursor = connection.execute(query.encode())
        return cursor.fetchall() if cursor.description else []


@pytest.fixture
def queue(stack: RunningStack) -> str:
    """A queue that no worker reads, with nothing in it."""
    run(stack, TEST_QUEUE)
    run(stack, "select private.purge_queue('tests', true), private.purge_queue('tests', false)")
    return "tests"


def listed(stack: RunningStack, *arguments: str) -> list[dict[str, Any]]:
    done = stack.cli(*arguments, "--json")
    assert done.returncode == 0, done.stderr
    return list(json.loads(done.stdout))


def test_the_messages_of_a_queue_can_be_listed(stack: RunningStack, queue: str) -> None:
    run(stack, "select private.send_message('tests', 'carry', '{\"to\": 1}')")
    (row,) = [row for row in listed(stack, "queues", "list") if row["name"] == queue]
    assert (row["ready"], row["running"], row["dead"]) == (1, 0, 0)
    (message,) = listed(stack, "queues", "show", queue)
    assert message["actor"] == "carry"
    assert message["message"]["kwargs"] == {"to": 1}
    rates = listed(stack, "queues", "rates", "--seconds", "0.2")
    assert {"name": queue, "in_per_second": 0.0, "out_per_second": 0.0, "waiting": 1} in rates
    table = csv.DictReader(io.StringIO(stack.cli("queues", "list", "--csv").stdout))
    assert queue in {row["name"] for row in table}


def test_dead_letters_say_why_and_get_another_try(stack: RunningStack, queue: str) -> None:
    run(stack, DEAD)
    (letter,) = listed(stack, "queues", "dead", queue)
    assert (letter["error"], letter["reason"], letter["attempts"]) == ("Refused", "It said no.", 4)
    unasked = stack.cli("queues", "replay", queue)
    assert unasked.returncode == 1
    assert stack.cli("queues", "replay", queue, "999999", "--yes").returncode == 0
    assert len(listed(stack, "queues", "dead", queue)) == 1
    done = stack.cli("queues", "replay", queue, str(letter["msg_id"]), "--yes")
    assert "1 went back to tests" in done.stderr
    assert listed(stack, "queues", "dead", queue) == []
    assert len(listed(stack, "queues", "show", queue)) == 1
    assert stack.cli("queues", "purge", queue, "--yes").returncode == 0
    assert listed(stack, "queues", "show", queue) == []


def test_doctor_names_dead_letters_and_what_to_do(stack: RunningStack, queue: str) -> None:
    run(stack, DEAD)
    (found,) = [
        finding
        for finding in json.loads(stack.cli("doctor", "--json").stdout)
        if finding["check"] == "queues"
    ]
    assert found["result"] == "warn", found
    assert queue in found["message"], found
    assert "queues dead" in found["next_step"]


def test_a_queue_that_there_is_not_is_refused_with_the_next_step(stack: RunningStack) -> None:
    for command in (("show",), ("dead",), ("pause",), ("resume",), ("replay", "--yes")):
        done = stack.cli("queues", command[0], "nowhere", *command[1:])
        assert done.returncode == 1
        assert "The queue nowhere does not exist." in done.stderr
        assert "queues list" in done.stderr


def test_workers_leave_a_paused_queue_alone(stack: RunningStack) -> None:
    assert stack.cli("queues", "pause", "push").returncode == 0
    try:
        # The workers look once a second. After the second look they do as the first one said.
        for _ in range(2):
            ((paused_at,),) = run(stack, "select clock_timestamp()")
            wait_until(lambda since=paused_at: run(stack, LOOKED.format(since)) == [(True,)])
        run(stack, "select private.send_message('push', 'deliver', '{\"delivery_id\": null}')")
        time.sleep(1.0)
        (row,) = [row for row in listed(stack, "queues", "list") if row["name"] == "push"]
        assert (row["ready"], row["is_paused"]) == (1, True)
    finally:
        assert stack.cli("queues", "resume", "push").returncode == 0
    wait_until(lambda: run(stack, "select count(*) from pgmq.q_push") == [(0,)])


def test_metrics_have_the_queues_and_the_workers(stack: RunningStack, queue: str) -> None:
    run(stack, "select private.send_message('tests', 'carry', '{}')")
    with stack.client() as client:
        wait_until(lambda: "dramatiq_messages_total{" in client.get("/metrics").text)
        text = client.get("/metrics").text
    assert 'frontdesk_queue_ready{queue="tests"} 1' in text
    assert 'actor_name="apply_due_transitions"' in text


def test_notifications_can_be_listed_and_counted(stack: RunningStack) -> None:
    assert stack.cli("tour").returncode == 0
    chosen = ("--limit", "1", "--channel", "in_app", "--status", "delivered")
    (newest,) = listed(stack, "notifications", "list", *chosen)
    assert (newest["channel"], newest["status"]) == ("in_app", "delivered")
    shown = stack.cli("notifications", "show", newest["id"])
    assert json.loads(shown.stdout)["data"]["reference"]
    assert any(row["channel"] == "mail" for row in listed(stack, "notifications", "stats"))
    events = listed(stack, "notifications", "events")
    assert {"name": "reminder.day", "audience": "customer", "channels": "mail, push"}.items() <= (
        next(row for row in events if row["name"] == "reminder.day").items()
    )
    missing = stack.cli("notifications", "show", str(uuid.uuid4()))
    assert missing.returncode == 1
    assert "notifications list" in missing.stderr


def test_the_link_of_an_offer_asks_and_its_button_ends_it(stack: RunningStack) -> None:
    ((token,),) = run(
        stack,
        """
        insert into engagement.marketing_consents (user_id, business_id)
        select users.id, businesses.id from auth.users, business.businesses limit 1
        on conflict (user_id, business_id) do update set withdrawn_at = null
        returning unsubscribe_token
        """,
    )
    ended = (
        "select withdrawn_at from engagement.marketing_consents"
        f" where unsubscribe_token = '{token}'"
    )
    path = f"/functions/v1/unsubscribe?token={token}"
    with stack.client(key="") as client:
        page = client.get(path)
        assert page.status_code == 200 and "<form" in page.text
        assert run(stack, ended) == [(None,)], "a mail scanner follows links too"
        assert client.post(path, content="List-Unsubscribe=One-Click").status_code == 200
        assert run(stack, ended) != [(None,)]
        assert client.post(f"/functions/v1/unsubscribe?token={uuid.uuid4()}").status_code == 200
        refused = client.get("/functions/v1/unsubscribe?token=no")
        assert (refused.status_code, refused.json()["details"]) == (400, "invalid_input")
