"""The local mailbox, from the message to the list."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiosmtpd.smtp import Envelope

from cli import settings
from cli.options import DEFAULT_CONFIG
from cli.refusal import Refusal
from cli.stack import mailing
from cli.stack.ports import free_port, is_free
from tests.harness.programs import running
from tests.harness.stack import RunningStack
from workers.mailbox import KEPT, Mailbox
from workers.providers.from_settings import Providers, Settings, build
from workers.providers.mail import Attachment, Mail
from workers.providers.push import Push
from workers.providers.sms import Sms

MAILBOX_URL = "smtp+plain://127.0.0.1:2500"
FULL = Mail(
    sender="Salon <salon@example.com>",
    to="Zoë <zoe@example.com>",
    subject="[Salon] Grüße \N{SNOWMAN}",
    text="See you at nine.\nBring \x1b[31mnothing.",
    html="<p>See you</p>",
    idempotency_key="k",
    attachments=(Attachment("booking.ics", "text/calendar; method=REQUEST", b"BEGIN"),),
)


def providers(url: str) -> Providers:
    return build(Settings.of({"FRONTDESK_SMTP_URL": url}))


@pytest.fixture
def mailbox(tmp_path: Path) -> Iterator[tuple[str, Path, int]]:
    """A mailbox process of one's own: its address, folder and process."""
    port, folder = free_port(), tmp_path / "mail"
    place = {"FRONTDESK_MAILBOX_PORT": str(port), "FRONTDESK_MAILBOX_DIR": str(folder)}
    arguments = [sys.executable, "-m", "workers.mailbox"]
    with running(arguments, ready=lambda _: not is_free(port), env=place) as program:
        yield f"smtp+plain://127.0.0.1:{port}", folder, program.process.pid
        assert program.terminate() == 0


def test_messages_that_the_stack_sends_are_listed_and_shown(stack: RunningStack) -> None:
    box = providers(stack.endpoints.services["mailbox"]["url"])
    before = len(json.loads(stack.cli("mail", "--json").stdout))
    box.mail.send(FULL)
    box.sms.send(Sms(to="+4917612345678", text="Code 123456", idempotency_key="s"))
    box.push.send(Push(token="device:1", title="Salon", body="At nine", idempotency_key="p"))

    rows = json.loads(stack.cli("mail", "--json").stdout)[before:]
    assert [(row["channel"], row["subject"]) for row in rows] == [
        ("mail", FULL.subject),
        ("sms", "Code 123456"),
        ("push", "Salon"),
    ]
    assert rows[1]["to"] == "+4917612345678@sms.localhost"
    assert "See you at nine.\n" in rows[0]["text"] and "123456" in rows[1]["text"]
    assert FULL.subject in stack.cli("mail").stdout, "a word in brackets is no markup"

    shown = json.loads(stack.cli("mail", str(rows[0]["id"]), "--json").stdout)
    assert shown["attachments"] == ["booking.ics"]
    assert shown["text"].startswith("See you at nine.\n")
    assert shown["headers"]["Message-ID"] == FULL.message_id
    page = stack.cli("mail", str(rows[0]["id"])).stdout
    assert "Attachments: booking.ics" in page and "\x1b" not in page


def test_a_message_that_is_not_there_is_refused(stack: RunningStack, tmp_path: Path) -> None:
    done = stack.cli("mail", "999999")
    assert (done.returncode, done.stdout) == (1, "") and "no message 999999" in done.stderr
    done = stack.cli("mail", "--state", tmp_path / "none")
    assert done.returncode == 1 and "no stack" in done.stderr
    assert not (tmp_path / "none").exists()


def kept(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def take(box: Mailbox) -> str:
    """Hand it one message, as the SMTP server does."""
    envelope = Envelope()
    envelope.original_content = b"Subject: new\r\n\r\n"
    return asyncio.run(box.handle_DATA(None, None, envelope))  # type: ignore[arg-type]


def test_numbers_go_on_after_a_restart_and_the_oldest_makes_room(tmp_path: Path) -> None:
    for number in (1, 2, KEPT):
        (tmp_path / f"{number}.eml").write_bytes(b"Subject: old\r\n\r\n")
    assert take(Mailbox(tmp_path)).startswith("250")
    assert kept(tmp_path) == sorted(["2.eml", f"{KEPT}.eml", f"{KEPT + 1}.eml"])


def test_a_mail_that_cannot_be_written_is_tried_later(tmp_path: Path) -> None:
    box = Mailbox(tmp_path / "mail")
    (tmp_path / "mail").rmdir()
    assert take(box).startswith("452")


def test_a_message_is_kept_byte_for_byte(mailbox: tuple[str, Path, int]) -> None:
    url, folder, _ = mailbox
    box = providers(url)
    box.mail.send(FULL)
    raw = (folder / "1.eml").read_bytes()
    assert b"\r\nMessage-ID: " + FULL.message_id.encode() in raw and raw.endswith(b"--\r\n")
    assert oct(folder.stat().st_mode)[-3:] == "700"


CHOSEN = """
[auth.email.smtp]
enabled = true
host = "{host}"
port = {port}
user = "me"
pass = "p@ss/word"
[auth.sms.twilio]
enabled = true
account_sid = "AC1"
message_service_sid = "MG1"
auth_token = "t"
"""


def config(tmp_path: Path, text: str) -> settings.Config:
    path = tmp_path / "config.toml"
    path.write_text(text)
    return settings.load(path)


@pytest.mark.parametrize(
    ("host", "port", "url"),
    [
        ("smtp.example.com", 587, "smtp://me:p%40ss%2Fword@smtp.example.com:587"),
        ("smtp.example.com", 465, "smtps://me:p%40ss%2Fword@smtp.example.com:465"),
        ("127.0.0.1", 25, "smtp+plain://me:p%40ss%2Fword@127.0.0.1:25"),
    ],
)
def test_a_mail_server_of_ones_own_is_used(tmp_path: Path, host: str, port: int, url: str) -> None:
    chosen = config(tmp_path, CHOSEN.format(host=host, port=port))
    environment = mailing.environment(chosen, MAILBOX_URL)
    assert environment["FRONTDESK_SMTP_URL"] == url
    read = Settings.of(environment)
    assert (read.mail.provider, read.sms.provider, read.push.provider) == (
        "smtp",
        "twilio",
        "mailbox",
    )
    assert mailing.uses_mailbox(chosen), "push still goes there"
    build(read)


def test_no_mailbox_runs_when_every_channel_has_a_provider(tmp_path: Path) -> None:
    account = tmp_path / "firebase.json"
    account.write_text('{"project_id": "p"}')
    text = (
        '[frontdesk.mail]\nsendgrid_api_key = "SG"\n[frontdesk.sms]\nfast2sms_api_key = "F"\n'
        f'[frontdesk.push]\nfcm_service_account = "{account}"\n'
    )
    chosen = config(tmp_path, text)
    assert not mailing.uses_mailbox(chosen)
    read = Settings.of(mailing.environment(chosen, MAILBOX_URL))
    assert (read.mail.provider, read.sms.provider, read.push.provider) == (
        "sendgrid",
        "fast2sms",
        "fcm",
    )
    account.unlink()
    with pytest.raises(Refusal, match="cannot be read"):
        mailing.environment(chosen, MAILBOX_URL)


def test_this_checkout_sends_nothing_out() -> None:
    read = Settings.of(mailing.environment(settings.load(DEFAULT_CONFIG), MAILBOX_URL))
    urls = [choice.url.get_secret_value() for choice in (read.sms, read.push)]  # type: ignore[union-attr]
    assert (read.mail.provider, urls) == ("smtp", [MAILBOX_URL, MAILBOX_URL])
