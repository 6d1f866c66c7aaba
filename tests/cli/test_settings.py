"""The configuration file, and what is said when it is wrong."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from cli import settings
from cli.options import DEFAULT_CONFIG, ROOT
from cli.refusal import Refusal
from cli.settings.not_offered import not_offered
from cli.stack import sign_in
from cli.stack.keys import keys_of
from cli.stack.ports import free_port
from cli.stack.secrets import secrets_at
from tests.harness.stack import RunningStack, run_cli
from workers.edge.auth.settings import Settings


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
        ("[auth.email.smtp]\nenabled = true", "auth.email.smtp: it needs a host.", "Correct"),
        ("[api]\nmax_rows = 1.5", "api.max_rows: it must be a whole number.", "Correct"),
        ("[api]\nmax_rows = 0", "api.max_rows: it must be more than 0.", "Correct"),
        ("[api]\nschemas = []", "api.schemas: it must have at least 1 entries.", "Correct"),
        ("[api]\nschemas = 'public'", "api.schemas: it must be a list.", "Correct"),
        ("[api]\nport = 80", "api.port: it must be at least 1024.", "Correct api.port"),
        ("[db]\nport = 70000", "db.port: it must be at most 65535.", "Correct db.port"),
        ("[auth]\nenabled = 'perhaps'", "auth.enabled: it must be true or false.", "Correct"),
        ("[auth]\nsite_url = 5", "auth.site_url: it must be text in quotes.", "Correct"),
        ("[auth.sessions]\ntimebox = 'long'", "it must be a duration such as 30s", "Correct"),
        ("auth = 5", "wrong value at auth: it must be a table.", "Correct auth."),
        ("[frontdesk.scheduler]\nevery_seconds = 'x'", "it must be a number.", "Correct"),
        ("[db.settings]\na = [1]", "it must be text, a number, true or false.", "Correct"),
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


NOT_OFFERED = """
[auth.web3.solana]
enabled = true
[auth.web3.ethereum]
enabled = false
[auth.third_party.firebase]
enabled = true
[auth.hook.send_email]
enabled = true
[auth.external.discord]
enabled = true
[auth.external.google]
enabled = true
[auth.email.notification.password_changed]
enabled = true
"""


def test_features_that_are_on_and_not_offered_are_named(tmp_path: Path) -> None:
    assert not_offered(loaded(tmp_path, NOT_OFFERED).auth) == [
        "auth.external.discord",
        "auth.hook.send_email",
        "auth.third_party.firebase",
        "auth.web3.solana",
    ]
    assert not_offered(loaded(tmp_path, "").auth) == []


def test_keys_and_clients_are_switched_on(tmp_path: Path) -> None:
    text = """
[auth.passkey]
enabled = true
[auth.webauthn]
rp_id = "example.com"
rp_origins = ["https://example.com", "https://app.example.com"]
[auth.mfa.web_authn]
enroll_enabled = true
verify_enabled = true
[auth.oauth_server]
enabled = true
authorization_url_path = "/agree"
"""
    auth = loaded(tmp_path, text).auth
    keys = keys_of(auth, secrets_at(tmp_path / "secrets.json"), tmp_path)
    found = Settings.of(sign_in.environment(auth, keys, auth_url="http://127.0.0.1/auth/v1"))
    assert found.passkeys_are_enabled and found.clients_are_enabled
    assert not found.clients_may_register
    assert (found.rp_id, found.consent_path) == ("example.com", "/agree")
    assert found.rp_origins == ("https://example.com", "https://app.example.com")
    assert found.factors == {"totp", "webauthn"}


def test_up_and_the_doctor_name_it(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text("[auth.web3.solana]\nenabled = true\n")
    place = ("--state", str(tmp_path / "state"))
    settings = ("--config", str(config))
    said = run_cli(*place, "up", "--detach", "--no-workers", "--port", str(free_port()), *settings)
    try:
        assert said.returncode == 0, said.stderr
        assert said.stderr.count("does not offer: auth.web3.solana.") == 1
        examined = json.loads(run_cli(*place, "doctor", *settings, "--json").stdout)
        (found,) = [finding for finding in examined if finding["check"] == "configuration"]
        assert found["result"] == "warn"
        assert "auth.web3.solana" in found["message"]
    finally:
        run_cli(*place, "down")


def test_a_stack_starts_with_the_file_that_the_official_cli_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("SMS_TWILIO_AUTH_TOKEN", "EXTERNAL_APPLE_SECRET"):
        monkeypatch.delenv(f"SUPABASE_AUTH_{variable}", raising=False)
    subprocess.run(
        [ROOT / "node_modules" / ".bin" / "supabase", "init", "--workdir", tmp_path],
        check=True,
        capture_output=True,
        stdin=subprocess.DEVNULL,
    )
    written = tmp_path / "supabase" / "config.toml"
    with (
        RunningStack.start(tmp_path / "state", "--no-workers", "--config", written) as running,
        running.client() as client,
    ):
        assert client.get("/rest/v1/currencies?code=eq.JPY").json()[0]["code"] == "JPY"
        offered = client.get("/auth/v1/settings").json()["external"]
        assert (offered["email"], offered["phone"], offered["apple"]) == (True, False, False)


def test_a_table_that_is_switched_on_needs_its_variables(tmp_path: Path) -> None:
    table = "[auth.external.apple]\nenabled = {}\nsecret = 'env(NOT_SET)'"
    assert loaded(tmp_path, table.format("false")).auth.external["apple"].secret == ""
    with pytest.raises(Refusal) as refusal:
        loaded(tmp_path, table.format("true"))
    assert "reads auth.external.apple.secret from NOT_SET" in refusal.value.message


def test_values_come_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_PORT", "55000")
    monkeypatch.setenv("FRONTDESK_JWT_SECRET", "x" * 32)
    config = loaded(tmp_path, "[api]\nport = 'env(SOME_PORT)'\n[auth]\njwt_secret = 'y'")
    assert (config.api.port, config.auth.jwt_secret) == (55000, "x" * 32)
