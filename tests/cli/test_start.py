"""A state remembers how it was started, and refuses to become something else."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.options import DEFAULT_CONFIG
from cli.refusal import Refusal
from cli.stack.start import Start, config_path, last_start, remember, settle
from cli.stack.state import State

OWN = "postgresql://admin:old@db.example:5433/shop"


@pytest.fixture
def state(tmp_path: Path) -> State:
    return State(tmp_path)


def test_options_that_are_left_out_are_those_of_the_last_start(state: State) -> None:
    asked = Start(db_url=OWN, port=4000, config=Path("/etc/frontdesk.toml"))
    assert settle(state, asked) == asked
    remember(state, asked)
    assert settle(state, Start()) == last_start(state) == asked
    assert settle(state, Start(port=5000)).port == 5000
    assert config_path(state, None) == asked.config_path
    assert config_path(state, Path("/other.toml")) == Path("/other.toml")
    assert ((state.path / "start.json").stat().st_mode & 0o777) == 0o600


def test_a_fresh_state_has_the_checkouts_configuration(state: State) -> None:
    assert config_path(state, None) == DEFAULT_CONFIG


def test_another_password_is_the_same_database_and_another_database_is_refused(
    state: State,
) -> None:
    remember(state, Start(db_url=OWN))
    changed = OWN.replace("old", "new")
    assert settle(state, Start(db_url=changed)).db_url == changed
    for other in ("db.example:5433/spa", "db.example/shop", "127.0.0.1:5433/shop"):
        with pytest.raises(Refusal) as refused:
            settle(state, Start(db_url=f"postgresql://admin:secret@{other}"))
        assert "the database shop at db.example:5433" in refused.value.message
        assert "secret" not in refused.value.message and "old" not in refused.value.message
        assert "--state DIR" in refused.value.next_step


def test_a_state_with_an_embedded_database_takes_no_other(state: State) -> None:
    remember(state, Start(port=4000))
    with pytest.raises(Refusal, match="an embedded database of its own"):
        settle(state, Start(db_url=OWN))


def test_an_invalid_connection_url_is_refused_in_our_words(state: State) -> None:
    remember(state, Start(db_url=OWN))
    with pytest.raises(Refusal, match="is not a connection URL"):
        settle(state, Start(db_url="postgresql://host:port:more/%%"))
