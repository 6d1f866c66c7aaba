"""The error contract holds when the database fails: nothing of its words reaches a client."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import httpx
import psycopg
import pytest

from tests.contract.conftest import built
from tests.harness.stack import RunningStack
from tests.harness.waiting import wait_until

USER = "00000000-0000-4000-8000-000000000001"
# Each failure as PostgreSQL or PostgREST would say it, with what must not be seen.
FAILING = """
create function public.fail(state text) returns void language plpgsql as $$
begin
    raise exception using errcode = state, message = 'could not extend file "base/5/16384"',
        detail = 'connection to 10.1.2.3:5432 failed', hint = 'Check free disk space.';
end;
$$;
create function public.wait_for_ever() returns void language sql as $$
    select pg_sleep(1000)
$$;
create function public.lose_the_connection() returns void language plpgsql security definer as $$
begin
    perform pg_terminate_backend(pg_backend_pid());
    perform pg_sleep(1000);
end;
$$;
grant execute on function public.fail, public.wait_for_ever, public.lose_the_connection
to anon, authenticated, service_role;
notify pgrst, 'reload schema';
"""
NOT_WRITABLE = """
select pg_class.relname, pg_attribute.attname
from pg_class
inner join pg_attribute on pg_attribute.attrelid = pg_class.oid
where
    pg_class.relnamespace = 'public'::regnamespace
    and pg_class.relkind = 'v'
    and pg_attribute.attnum > 0
    and not pg_column_is_updatable(pg_class.oid, pg_attribute.attnum, true)
"""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    with RunningStack.start(tmp_path_factory.mktemp("failures"), "--no-workers") as stack:
        with psycopg.connect(stack.endpoints.db_url, autocommit=True) as connection:
            connection.execute(FAILING)
        client = stack.client()
        wait_until(
            lambda: client.post("/rest/v1/rpc/fail", json={"state": "XX000"}).status_code == 500
        )
        yield stack


@pytest.fixture(scope="module")
def client(running: RunningStack) -> Iterator[httpx.Client]:
    with running.client(Authorization=f"Bearer {running.token(USER)}") as open_client:
        yield open_client


def assert_answer(answer: httpx.Response, status: int, token: str) -> None:
    """It is this refusal of ours, and a browser of any origin may read it."""
    assert (answer.status_code, answer.json()["details"]) == (status, token), answer.text
    assert answer.json()["code"] == f"PT{status}"
    assert answer.json()["hint"]
    assert answer.headers["access-control-allow-origin"] == "*"
    assert ("retry-after" in answer.headers) == (token == "unavailable")
    for secret in ("16384", "10.1.2.3", "127.0.0.1", "extend", "disk"):
        assert secret not in answer.text


@pytest.mark.parametrize(
    ("state", "status", "token"),
    [
        ("53100", 503, "unavailable"),  # the disk is full
        ("53200", 503, "unavailable"),  # no memory
        ("53300", 503, "unavailable"),  # too many connections
        ("08006", 503, "unavailable"),  # the connection is lost
        ("57P01", 503, "unavailable"),  # the server shuts down
        ("54001", 400, "too_complex"),  # too deep
        ("40P01", 500, "internal_error"),  # a deadlock
        ("55P03", 500, "internal_error"),  # a lock was not to be had
        ("58030", 500, "internal_error"),  # the disk is broken
        ("XX000", 500, "internal_error"),
        ("P0002", 500, "internal_error"),
    ],
)
def test_no_words_of_a_failure_reach_a_client(
    client: httpx.Client, state: str, status: int, token: str
) -> None:
    assert_answer(client.post("/rest/v1/rpc/fail", json={"state": state}), status, token)


def test_a_cancelled_statement_is_a_timeout(running: RunningStack, client: httpx.Client) -> None:
    assert_answer(client.post("/rest/v1/rpc/wait_for_ever", json={}), 504, "timeout")
    with running.client() as nobody:
        assert_answer(nobody.post("/rest/v1/rpc/wait_for_ever", json={}), 504, "timeout")


def test_a_search_that_takes_too_long_is_a_timeout(running: RunningStack) -> None:
    with psycopg.connect(running.endpoints.db_url) as rival, running.client() as nobody:
        rival.execute("lock table search.entries")
        answer = nobody.post("/rest/v1/rpc/search", json={"q": "haircut"})
        assert_answer(answer, 504, "timeout")


def test_a_series_that_waits_too_long_is_a_timeout_and_books_nothing(
    running: RunningStack,
) -> None:
    town = built(running)
    wish = {
        "service_id": town.ids["salon_service"],
        "starts_at": "2031-06-02T09:00:00Z",
        "rrule": "FREQ=DAILY;COUNT=3",
        "on_conflict": "skip",
    }
    with psycopg.connect(running.endpoints.db_url) as rival, town.client("customer") as customer:
        rival.execute(
            "select pg_advisory_xact_lock(hashtextextended(%s, 0))", (town.ids["salon_resource"],)
        )
        assert_answer(customer.post("/rpc/book_series", json=wish), 504, "timeout")
    booked = "select count(*) from scheduling.booking_series where business_id = %s"
    assert town.run(booked, town.ids["salon"]) == [(0,)]


def test_a_lost_connection_is_unavailable(client: httpx.Client) -> None:
    assert_answer(client.post("/rest/v1/rpc/lose_the_connection", json={}), 503, "unavailable")


@pytest.mark.parametrize(
    "path",
    ["name=eq.%ff", "%ff=eq.1", "select=%ff", "order=%c3%28", "name=in.(%ed%a0%80)"],
)
def test_a_url_that_is_not_utf8_is_refused(client: httpx.Client, path: str) -> None:
    assert_answer(client.get(f"/rest/v1/services?{path}"), 400, "invalid_input")


@pytest.mark.parametrize(
    "name", ["Accept", "Content-Type", "Prefer", "Range", "Accept-Profile", "X-Whatever"]
)
def test_a_header_that_is_not_utf8_is_refused(client: httpx.Client, name: str) -> None:
    answer = client.get("/rest/v1/services", headers=[(name.encode(), b"\xff")])
    assert_answer(answer, 400, "invalid_input")


def test_a_column_that_is_computed_cannot_be_written(
    running: RunningStack, client: httpx.Client
) -> None:
    with psycopg.connect(running.endpoints.db_url) as connection:
        columns = connection.execute(NOT_WRITABLE).fetchall()
    assert columns
    for view, column in columns:
        answer = client.patch(f"/rest/v1/{view}?{column}=is.null", json={column: None})
        assert answer.status_code in (400, 403), f"{view}.{column}: {answer.text}"


@pytest.mark.parametrize("number", ["1e400", "-1e400", "1e999999999"])
def test_a_number_beyond_measure_is_refused_by_sign_in(client: httpx.Client, number: str) -> None:
    answer = client.post(
        "/auth/v1/signup",
        content=f'{{"data": {{"x": {number}}}}}',
        headers={"Content-Type": "application/json"},
    )
    assert (answer.status_code, answer.json()["error_code"]) == (400, "bad_json")


def test_while_the_database_is_away_the_api_is_unavailable(
    running: RunningStack, client: httpx.Client
) -> None:
    """It runs last: the supervisor starts the database again."""
    pid = running.pid("postgres")
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    answers: list[httpx.Response] = []

    def is_back_after_a_failure() -> bool:
        answers.append(client.get("/rest/v1/currencies?limit=1"))
        return answers[-1].status_code == 200 and len({a.status_code for a in answers}) > 1

    wait_until(is_back_after_a_failure)
    for answer in answers:
        if answer.status_code != 200:
            assert_answer(answer, 503, "unavailable")
