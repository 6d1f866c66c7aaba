"""What sign-in announces reaches people, once, and its secrets stay nowhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from tests.harness.database import Database
from tests.harness.simulators import SmtpSimulator, TwilioSimulator
from tests.harness.simulators.twilio import ACCOUNT_SID, AUTH_TOKEN
from tests.harness.waiting import wait_until
from tests.workers.notifications.running import queue, workers

SECRET = "493817"
LINK = "http://127.0.0.1:54321/auth/v1/verify?token=abc"
NOTICES = (
    *("password_changed", "email_changed", "phone_changed", "new_sign_in", "factor_added"),
    *(
        "factor_removed",
        "passkey_added",
        "passkey_removed",
        "recovery_codes_made",
        "recovery_code_used",
        "identity_linked",
    ),
)


def announce(db: Database, topic: str, **payload: Any) -> None:
    db.connection.execute("select private.emit(%s, %s)", (topic, Jsonb(payload)))


@pytest.mark.parametrize("kind", ["signup", "invite", "magiclink", "recovery", "email_change"])
def test_a_link_and_a_code_come_by_mail(db: Database, tmp_path: Path, kind: str) -> None:
    with SmtpSimulator() as server, workers(db.dsn, tmp_path / "log", {}, smtp_url=server.url):
        announce(
            db, "auth.mail", kind=kind, to="a@b.example", code=SECRET, link=LINK, expires_in=600
        )
        wait_until(lambda: len(server.sent) == 1)
        wait_until(lambda: queue(db.dsn, "mail")["running"] == 0)
    assert SECRET in server.sent[0].text and LINK in server.sent[0].text
    assert "10 minutes" in server.sent[0].text
    assert SECRET not in (tmp_path / "log").read_text()
    kept = db.rows(
        "select count(*) from private.effects as kept where kept::text like '%493817%' union all"
        " select count(*) from pgmq.q_mail union all select count(*) from pgmq.a_mail union all"
        " select count(*) from engagement.notification_deliveries"
    )
    assert [count for (count,) in kept] == [0, 0, 0, 0]


def test_an_undeliverable_mail_is_kept_without_its_code(db: Database, tmp_path: Path) -> None:
    with SmtpSimulator() as server, workers(db.dsn, tmp_path / "log", {}, smtp_url=server.url):
        server.answer_next(server.dead_address())
        announce(
            db, "auth.mail", kind="signup", to="a@b.example", code=SECRET, link=LINK, expires_in=600
        )
        wait_until(lambda: queue(db.dsn, "mail")["dead"] == 1)
    ((letter, headers),) = db.rows("select message::text, headers from pgmq.q_mail_dead")
    assert "a@b.example" in letter and headers["withheld"] is True
    for text in (letter, str(headers), (tmp_path / "log").read_text()):
        assert SECRET not in text and "token=abc" not in text


def test_a_code_comes_by_text_in_the_reader_s_language(db: Database, tmp_path: Path) -> None:
    db.connection.execute("select tests.person('ada')")
    db.connection.execute("update identity.profiles set locale = 'de' where id = tests.id('ada')")
    ((user_id,),) = db.rows("select tests.id('ada')::text")
    choice = {"provider": "twilio", "account_sid": ACCOUNT_SID, "auth_token": AUTH_TOKEN}
    with TwilioSimulator() as twilio:
        settings = {"sms": {**choice, "sender": "+15005550006", "url": twilio.url}}
        with workers(db.dsn, tmp_path / "log", settings):
            announce(
                db,
                "auth.sms",
                kind="sms",
                to="491700000001",
                user_id=user_id,
                code=SECRET,
                expires_in=300,
            )
            wait_until(lambda: len(twilio.sent) == 1)
    assert twilio.sent[0].to == "+491700000001"
    assert twilio.sent[0].text.startswith(f"Ihr Code\n{SECRET}\nGültig für 5 Minuten.")


def test_every_notice_has_its_words(db: Database, tmp_path: Path) -> None:
    with SmtpSimulator() as server, workers(db.dsn, tmp_path / "log", {}, smtp_url=server.url):
        for kind in NOTICES:
            announce(
                db,
                "auth.mail",
                kind=kind,
                to="a@b.example",
                at="2031-05-01T08:00:00Z",
                ip="192.0.2.1",
                agent="curl",
            )
        wait_until(lambda: len(server.sent) == len(NOTICES))
    assert all("192.0.2.1" in mail.text and "May 1, 2031" in mail.text for mail in server.sent)
