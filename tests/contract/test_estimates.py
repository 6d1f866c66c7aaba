"""The planner's statistics cover every tenant's rows, so only servers may ask for them."""

from __future__ import annotations

import pytest

from tests.contract.conftest import Town
from tests.contract.test_bad_input import ARGUMENTS, assert_refused, good_arguments

VIEWS = """
    select nspname, relname
    from pg_class inner join pg_namespace on pg_namespace.oid = relnamespace
    where nspname in ('public', 'analytics') and relkind = 'v'
"""
SPELLINGS = [
    [("Prefer", "count=planned")],
    [("Prefer", "count=estimated")],
    [("Prefer", "return=minimal, count=estimated")],
    [("Prefer", "count=planned"), ("Prefer", "tx=commit")],
    [("Prefer", "tx=commit"), ("Prefer", "count=planned")],
]


@pytest.mark.parametrize("person", [None, "customer", "owner"])
@pytest.mark.parametrize("count", ["planned", "estimated"])
def test_no_view_is_counted_by_the_planner(town: Town, person: str | None, count: str) -> None:
    views = town.run(VIEWS)
    assert len(views) > 40
    with town.client(person, Prefer=f"count={count}") as client:
        for schema, view in views:
            for method in ("GET", "HEAD"):
                headers = {"Accept-Profile": str(schema)}
                answer = client.request(method, f"/{view}?limit=1", headers=headers)
                assert answer.status_code in (400, 401, 403), f"{schema}.{view}: {answer.text}"
                assert "content-range" not in answer.headers
                if method == "GET" and answer.status_code == 400:
                    assert_refused(answer, f"{schema}.{view}")


def test_no_function_is_counted_by_the_planner(town: Town) -> None:
    good = good_arguments(town)
    with town.client("owner", Prefer="count=planned") as client:
        for function, names, _types in town.run(ARGUMENTS):
            fixed = {name: good[name] for name in names if name in good}  # type: ignore[attr-defined]
            answer = client.post(f"/rpc/{function}", json=fixed)
            assert_refused(answer, str(function))


@pytest.mark.parametrize("headers", SPELLINGS)
def test_an_estimated_count_is_refused_however_it_is_spelled(
    town: Town, headers: list[tuple[str, str]]
) -> None:
    with town.client("stranger") as client:
        answer = client.get("/services?limit=1", headers=headers)
    assert_refused(answer, str(headers))
    assert answer.json()["message"] == "count must be exact."


@pytest.mark.parametrize("kind", ["plan", "plan+json"])
def test_no_query_plan_is_shown(town: Town, kind: str) -> None:
    for person in (None, "owner"):
        with town.client(person) as client:
            answer = client.get("/bookings", headers={"Accept": f"application/vnd.pgrst.{kind}"})
        assert answer.status_code in (400, 406, 415), answer.text
        assert "Cost" not in answer.text


def test_servers_may_and_exact_counts_are_for_everybody(town: Town) -> None:
    key = town.stack.endpoints.service_role_key
    for person, headers in (
        (None, {"apikey": key, "Prefer": "count=planned"}),
        (None, {"Prefer": "count=exact"}),
        ("owner", {"Prefer": "count=exact", "User-Agent": "planned/1.0 count=planned"}),
    ):
        with town.client(person, **headers) as client:
            answer = client.get("/services?limit=1")
        assert answer.status_code in (200, 206), answer.text
        assert not answer.headers["content-range"].endswith("/*")
