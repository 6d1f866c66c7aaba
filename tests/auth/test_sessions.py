"""Refresh tokens and sessions: rotation, reuse, theft, and the end of it all."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from tests.auth.conftest import Door, Person, code_of


@pytest.fixture
def ada(door: Door) -> Person:
    person = door.person()
    assert person.sign_up().status_code == 200
    return person


def later(door: Door, seconds: int = 11) -> None:
    """Let that much time pass over every refresh token that was used."""
    door.rows(
        "update auth.refresh_tokens set updated_at = updated_at - make_interval(secs => %s)",
        seconds,
    )


def test_a_refresh_gives_the_next_token_of_the_same_session(door: Door, ada: Person) -> None:
    answer = ada.refresh().json()
    assert answer["refresh_token"] != ada.session["refresh_token"]
    rows = door.rows(
        "select revoked, parent is not null from auth.refresh_tokens"
        " where user_id = %s order by id",
        ada.session["user"]["id"],
    )
    assert rows == [(True, False), (False, True)]


def test_fifty_refreshes_of_one_token_at_once_have_one_child(door: Door, ada: Person) -> None:
    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: ada.refresh(), range(50)))
    assert Counter(answer.status_code for answer in answers) == {200: 50}
    assert len({answer.json()["refresh_token"] for answer in answers}) == 1
    query = "select count(*) from auth.refresh_tokens where user_id = %s"
    assert door.rows(query, ada.session["user"]["id"]) == [(2,)]


def test_the_parent_of_the_active_token_gives_the_active_one_at_any_time(
    door: Door, ada: Person
) -> None:
    child = ada.refresh().json()["refresh_token"]
    later(door, 3600)
    assert ada.refresh().json()["refresh_token"] == child


def test_a_grandparent_is_forgiven_inside_the_window(door: Door, ada: Person) -> None:
    child = ada.refresh().json()["refresh_token"]
    grandchild = ada.refresh(child).json()["refresh_token"]
    later(door, -600)  # the window is ten seconds, and the machine may be slow
    assert ada.refresh().json()["refresh_token"] == grandchild


def test_an_older_token_kills_the_whole_family_at_once(door: Door, ada: Person) -> None:
    child = ada.refresh().json()
    grandchild = ada.refresh(child["refresh_token"]).json()
    later(door)
    assert code_of(ada.refresh()) == (400, "refresh_token_already_used")
    for token in (child["refresh_token"], grandchild["refresh_token"]):
        assert code_of(ada.refresh(token)) == (400, "refresh_token_already_used")
    assert ada.rest(token=grandchild["access_token"]).status_code == 401
    audited = door.rows(
        "select payload::jsonb #>> '{traits,reason}' from auth.audit_log_entries"
        " where payload ->> 'actor_id' = %s and payload ->> 'action' = 'token_revoked'",
        ada.session["user"]["id"],
    )
    assert audited == [("refresh_token_already_used",)]
    assert ada.sign_in().status_code == 200


@pytest.mark.parametrize("token", ["invalid", "a" * 48, "ü", "-" * 12])
def test_a_token_that_nobody_gave_out_is_not_found(ada: Person, token: str) -> None:
    assert code_of(ada.refresh(token)) == (400, "refresh_token_not_found")


def test_the_name_of_a_token_in_the_database_is_not_the_token(door: Door, ada: Person) -> None:
    rows = door.rows(
        "select token from auth.refresh_tokens where user_id = %s", ada.session["user"]["id"]
    )
    assert code_of(ada.refresh(rows[0][0])) == (400, "refresh_token_not_found")


@pytest.mark.parametrize(
    ("scope", "alive"),
    [("local", (True, False)), ("others", (False, True)), ("global", (False, False))],
)
def test_signing_out_ends_what_it_says(ada: Person, scope: str, alive: tuple[bool, bool]) -> None:
    elsewhere = ada.session
    ada.sign_in()
    assert ada.ask("POST", f"/logout?scope={scope}").status_code == 204
    for session, lives in zip((elsewhere, ada.session), alive, strict=True):
        token = session["access_token"]
        assert ada.ask("GET", "/user", token=token).status_code == (200 if lives else 403)
        assert ada.rest(token=token).status_code == (200 if lives else 401)
        refreshed = ada.refresh(session["refresh_token"])
        assert refreshed.status_code == (200 if lives else 400)


def test_one_lists_and_revokes_ones_own_sessions_and_no_others(door: Door, ada: Person) -> None:
    elsewhere = ada.session
    ada.sign_in()
    sessions = ada.ask("GET", "/user/sessions").json()
    assert [session["is_current"] for session in sessions] == [True, False]
    stranger = door.person("eve")
    stranger.sign_up()
    path = f"/user/sessions/{sessions[1]['id']}"
    assert code_of(stranger.ask("DELETE", path)) == (404, "session_not_found")
    assert ada.ask("DELETE", path).status_code == 204
    assert ada.rest(token=elsewhere["access_token"]).status_code == 401
    assert len(ada.ask("GET", "/user/sessions").json()) == 1


def test_sessions_that_ended_a_day_ago_are_forgotten_and_no_others(door: Door) -> None:
    ada, ben = door.person(), door.person("ben")
    for person, over in ((ada, "25 hours"), (ben, "23 hours")):
        person.sign_up()
        door.rows(
            f"update auth.sessions set not_after = now() - interval '{over}' where user_id = %s",
            person.session["user"]["id"],
        )
    with psycopg.connect(door.stack.endpoints.db_url, autocommit=True) as connection:
        connection.execute("set role edge")
        connection.execute("select auth.forget_what_is_over()")
    kept = door.rows(
        "select user_id::text from auth.sessions where user_id::text = any(%s)",
        [person.session["user"]["id"] for person in (ada, ben)],
    )
    assert kept == [(ben.session["user"]["id"],)]
