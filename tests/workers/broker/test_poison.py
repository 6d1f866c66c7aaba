"""What no actor can take goes to the dead letters with its reason, and the worker lives."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from tests.harness.database import Database
from tests.harness.waiting import wait_until
from tests.workers.broker.programs import Programs

Send = Callable[..., Any]

GOOD: dict[str, Any] = {
    "queue_name": "work",
    "actor_name": "note",
    "args": ["poison"],
    "kwargs": {},
    "options": {},
    "message_id": "m",
    "message_timestamp": 0,
}
POISON: dict[str, tuple[object, str, str]] = {
    "a string": ("mail for you", "It is no message of an actor.", "DecodeError"),
    "a number": (7, "It is no message of an actor.", "DecodeError"),
    "null": (None, "It is no message of an actor.", "DecodeError"),
    "a list": ([1, 2], "It is no message of an actor.", "DecodeError"),
    "another object": ({"to": "anna"}, "It is no message of an actor.", "DecodeError"),
    "a megabyte": ({"x": "y" * 1_000_000}, "It is no message of an actor.", "DecodeError"),
    "too little": (
        {name: value for name, value in GOOD.items() if name != "args"},
        "It is no message of an actor.",
        "DecodeError",
    ),
    "too much": ({**GOOD, "cc": "x"}, "It is no message of an actor.", "DecodeError"),
    "options of a wrong type": (
        {**GOOD, "options": [1]},
        "It is no message of an actor.",
        "DecodeError",
    ),
    "packed, and then not": ({"packed": "?"}, "It is no message of an actor.", "DecodeError"),
    "packed wrongly": ({"packed": 7}, "It is no message of an actor.", "DecodeError"),
    "of another queue": (
        {**GOOD, "queue_name": "nowhere"},
        "It is no message of an actor.",
        "DecodeError",
    ),
    "an unknown actor": ({**GOOD, "actor_name": "nobody"}, "nobody", "ActorNotFound"),
    "too many arguments": (
        {**GOOD, "args": ["a", "b"]},
        "note does not take this: too many positional arguments",
        "WrongArguments",
    ),
    "an unknown argument": (
        {**GOOD, "kwargs": {"color": "red"}},
        "note does not take this: got an unexpected keyword argument 'color'",
        "WrongArguments",
    ),
}


@pytest.fixture
def running(programs: Programs, send: Send) -> Programs:
    """A worker with one thread, so that one dead thread would be noticed, and a queue."""
    programs.start(threads=1, poll=0.2)
    return programs


def test_messages_that_no_actor_can_take_become_dead_letters(
    db: Database, running: Programs, send: Send
) -> None:
    for poison, _, _ in POISON.values():
        db.rows("select pgmq.send('work', %s::jsonb)", Jsonb(poison))
    send("note", "after")
    wait_until(lambda: running.happened("after") == ["done"])
    wait_until(lambda: dead(db) >= len(POISON))

    letters = db.rows("select message, headers from pgmq.q_work_dead")
    for name, (poison, reason, error) in POISON.items():
        (headers,) = [headers for message, headers in letters if message == poison]
        assert isinstance(headers, dict), name
        assert reason in headers["reason"], name
        assert headers["error"] == error, name
        assert (headers["queue"], headers["attempts"]) == ("work", 1), name
        assert headers["dead_at"].startswith("20"), name
    assert running.happened("poison") == []


@pytest.mark.parametrize("words", ["a\0b", "a\ud800b", "x" * 100_000, ""])
def test_no_exception_of_an_actor_stops_the_worker(
    db: Database, running: Programs, send: Send, words: str
) -> None:
    send("fail", "bad", words)
    send("note", "after")
    wait_until(lambda: running.happened("after") == ["done"])
    wait_until(lambda: dead(db) == 1)
    ((headers,),) = db.rows("select headers from pgmq.q_work_dead")
    assert isinstance(headers, dict)
    assert headers["error"] == "ValueError"
    assert len(headers["reason"]) <= 1000
    assert headers["reason"]
    send("note", "later")
    wait_until(lambda: db.rows("select 1 from pgmq.q_work") == [])


def test_odd_options_lose_nothing(db: Database, running: Programs, send: Send) -> None:
    """Retries cannot count on from a word; the message must not vanish, nor stop the others."""
    odd = {**GOOD, "actor_name": "fail", "args": ["odd", "words"], "options": {"retries": "many"}}
    db.rows("select pgmq.send('work', %s::jsonb)", Jsonb(odd))
    send("note", "after")
    wait_until(lambda: running.happened("after") == ["done"])
    wait_until(lambda: dead(db) == 1)
    send("note", "later")
    wait_until(lambda: db.rows("select 1 from pgmq.q_work") == [])
    ((message,),) = db.rows("select message from pgmq.q_work_dead")
    assert isinstance(message, dict)
    assert message["args"] == json.loads(json.dumps(odd))["args"]


def test_good_messages_pass_those_that_no_actor_can_take(
    db: Database, running: Programs, send: Send
) -> None:
    for number in range(200):
        db.rows("select pgmq.send('work', '{\"no\": \"message\"}')")
        send("note", f"good {number}")
    wait_until(lambda: len(running.happened()) == 200)
    wait_until(lambda: dead(db) == 200)


def dead(db: Database) -> int:
    return int(str(db.rows("select count(*) from pgmq.q_work_dead")[0][0]))
