"""The configuration file, and what is said when it is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli import settings
from cli.options import DEFAULT_CONFIG, ROOT
from cli.refusal import Refusal


def loaded(tmp_path: Path, text: str) -> settings.Config:
    path = tmp_path / "config.toml"
    path.write_text(text)
    return settings.load(path)


def test_the_file_of_this_checkout_is_valid_and_is_supabases_too() -> None:
    config = settings.load(DEFAULT_CONFIG)
    assert config.api.schemas == ["public", "analytics"]
    assert (ROOT / "supabase" / "config.toml").resolve() == DEFAULT_CONFIG


@pytest.mark.parametrize(
    ("text", "message", "next_step"),
    [
        ("[api]\nmax_row = 5", "unknown key: api.max_row.", "Did you mean api.max_rows?"),
        ("[frontdesk.gatewy]\nx = 1", "unknown key: frontdesk.gatewy.", "frontdesk.gateway?"),
        ("[zebra]\nx = 1", "unknown key: zebra.", "Remove it."),
        ("[api]\nmax_rows = 'many'", "wrong value at api.max_rows", "Correct api.max_rows."),
        ("[auth]\njwt_secret = 'short'", "wrong value at auth.jwt_secret", "FRONTDESK_JWT_SECRET"),
        ("[db.settings]\nwork_mem = [1]", "wrong value at db.settings.work_mem", "Correct"),
        ("[auth.email.smtp]\nenabled = true", "auth.email.smtp: value error, it needs", "Correct"),
        ("[api\n", "not valid TOML", "Correct that line."),
        ("[auth]\njwt_secret = 'env(NOT_SET)'", "reads auth.jwt_secret from NOT_SET", "Set NOT"),
    ],
)
def test_a_wrong_key_is_named(tmp_path: Path, text: str, message: str, next_step: str) -> None:
    with pytest.raises(Refusal) as refusal:
        loaded(tmp_path, text)
    assert message in refusal.value.message
    assert next_step in refusal.value.next_step


def test_sections_that_are_supabases_alone_are_passed_over(tmp_path: Path) -> None:
    text = "[studio]\nopenai_api_key = 'env(NOT_SET)'\n[auth.sms.vonage]\nenabled = true"
    assert loaded(tmp_path, text).api.port == 54321


def test_values_come_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_PORT", "55000")
    monkeypatch.setenv("FRONTDESK_JWT_SECRET", "x" * 32)
    config = loaded(tmp_path, "[api]\nport = 'env(SOME_PORT)'\n[auth]\njwt_secret = 'y'")
    assert (config.api.port, config.auth.jwt_secret) == (55000, "x" * 32)
