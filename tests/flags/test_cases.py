"""SQL, OFREP and a Python SDK give the published answer to every published case."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from openfeature import api
from openfeature.client import OpenFeatureClient
from openfeature.contrib.provider.ofrep import OFREPProvider
from openfeature.evaluation_context import EvaluationContext
from openfeature.exception import ErrorCode
from openfeature.flag_evaluation import FlagEvaluationDetails
from psycopg.types.json import Jsonb

from tests.flags.cases import Case, load, questions
from tests.harness.database import Database
from tests.harness.stack import RunningStack

Answer = tuple[bool, str | None, Any]
Ask = Callable[[Case, dict[str, Any]], Answer]
OFF: dict[str, Any] = {"is_on": False, "variant": "off", "value": None}

# Flags that cannot be written here, so that they are off: an operator, a version, a segment and a
# prerequisite that do not exist, and prerequisites that have prerequisites.
REFUSED = {
    "F7.invalid-operator",
    "F8.invalidSemverWithLeadingV",
    "F9.withMissingSegment",
    "parents.not.exist.child.enabled",
    "parent.with.cycle",
    "child.with.cycle",
    "child.with.transitive.dependency",
}


def different(ask: Ask) -> list[tuple[str, str, Answer, Answer]]:
    """The cases that are answered otherwise."""
    asked = [(case, ask(case, context)) for case, context in questions()]
    assert len(asked) == 242
    return [
        (case.key, case.sentence, answer, case.wanted)
        for case, answer in asked
        if answer != case.wanted
    ]


def test_sql_gives_the_published_answers(db: Database) -> None:
    with psycopg.connect(db.dsn) as connection:
        refused = load(connection)

        def ask(case: Case, context: dict[str, Any]) -> Answer:
            subject = context.pop("targetingKey", None)
            found = connection.execute(
                "select is_on, variant, value from flags.evaluate(%s, %s, %s)",
                (case.key, subject, Jsonb(context)),
            ).fetchone()
            assert found
            if found[0] is None:
                return case.seen(**OFF)
            return case.seen(is_on=found[0], variant=found[1], value=found[2])

        assert different(ask) == []
    assert set(refused) == REFUSED


@pytest.fixture(scope="module")
def published(stack: RunningStack) -> Iterator[RunningStack]:
    """The stack with the flags of all cases, for as long as this file runs."""
    with psycopg.connect(stack.endpoints.db_url) as connection:
        load(connection)
    yield stack
    with psycopg.connect(stack.endpoints.db_url) as connection:
        connection.execute("delete from flags.prerequisites")
        connection.execute("delete from flags.flags")
        connection.execute("delete from flags.segments")


def test_ofrep_gives_the_published_answers(published: RunningStack) -> None:
    with published.client(published.endpoints.service_role_key) as http:

        def ask(case: Case, context: dict[str, Any]) -> Answer:
            path = f"/ofrep/v1/evaluate/flags/{case.key}"
            answer = http.post(path, json={"context": context})
            if answer.status_code == 404:
                assert answer.json()["errorCode"] == "FLAG_NOT_FOUND"
                return case.seen(**OFF)
            found = answer.json()
            is_on = found["metadata"]["isOn"]
            return case.seen(is_on=is_on, variant=found["variant"], value=found["value"])

        assert different(ask) == []


def test_a_python_sdk_gives_the_published_answers(published: RunningStack) -> None:
    key = published.endpoints.service_role_key
    provider = OFREPProvider(published.endpoints.api_url, headers_factory=lambda: {"apikey": key})
    api.set_provider(provider, domain="frontdesk")
    client = api.get_client(domain="frontdesk")

    def ask(case: Case, context: dict[str, Any]) -> Answer:
        found = details(client, case, context)
        if found.error_code == ErrorCode.FLAG_NOT_FOUND:
            return case.seen(**OFF)
        is_on = bool(found.flag_metadata["isOn"])
        return case.seen(is_on=is_on, variant=found.variant or "", value=found.value)

    assert different(ask) == []


def details(
    client: OpenFeatureClient, case: Case, context: dict[str, Any]
) -> FlagEvaluationDetails[Any]:
    """Ask for the flag in its type: an SDK refuses a value of another one."""
    where = EvaluationContext(context.pop("targetingKey", None), context)
    asks: list[tuple[Callable[..., FlagEvaluationDetails[Any]], Any]] = [
        (client.get_boolean_details, False),
        (client.get_string_details, ""),
        (client.get_integer_details, 0),
        (client.get_float_details, 0.0),
    ]
    for ask, default in asks:
        found = ask(case.key, default, where)
        if found.error_code != ErrorCode.TYPE_MISMATCH:
            break
    return found
