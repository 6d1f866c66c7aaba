"""Mail on the wire."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.harness.simulators import Answer, SendGridSimulator, SmtpSimulator, sendgrid
from tests.harness.simulators.tls import certificate
from tests.harness.waiting import wait_until
from tests.workers.providers.wired import mail
from workers.providers import smtp_connections
from workers.providers.failures import Misconfigured, Refused, TryLater
from workers.providers.http import Timeouts
from workers.providers.mail import Attachment
from workers.providers.sendgrid import SendGrid
from workers.providers.smtp import Smtp
from workers.providers.smtp_connections import Server

PATIENT = Timeouts(connect=10, read=10)
INVITATION = Attachment("booking.ics", "text/calendar; method=REQUEST", b"BEGIN:VCALENDAR\r\n")
FULL = mail(
    subject="Grüße aus dem Salon 漢字 " + "und noch viel mehr " * 10,
    html="<p>See you at nine.</p>",
    reply_to="owner@example.com",
    headers={"List-Unsubscribe": "<https://example.com/u/1>"},
    attachments=(INVITATION,),
)


@pytest.fixture
def server() -> Iterator[SmtpSimulator]:
    with SmtpSimulator() as simulator:
        yield simulator


def smtp(simulator: SmtpSimulator) -> Smtp:
    return Smtp(Server.of(simulator.url), timeouts=PATIENT)


def test_a_mail_has_text_html_and_an_invitation(server: SmtpSimulator) -> None:
    sent = smtp(server).send(FULL)
    message = server.sent[0].raw
    assert isinstance(message, EmailMessage)
    assert message["Subject"] == FULL.subject
    assert (message["From"], message["To"]) == (FULL.sender, FULL.to)
    assert message["Reply-To"] == "owner@example.com"
    assert message["List-Unsubscribe"] == "<https://example.com/u/1>"
    assert message["Message-ID"] == sent.provider_id
    html, text = message.get_body(("html",)), message.get_body(("plain",))
    assert html is not None and html.get_content().strip() == "<p>See you at nine.</p>"
    assert text is not None and text.get_content().strip() == "See you at nine."
    (file,) = message.iter_attachments()
    assert (file.get_content_type(), file.get_filename()) == ("application/ics", "booking.ics")
    assert file.get_payload(decode=True) == INVITATION.content


def test_an_invitation_stands_beside_the_text_where_programs_look_for_it(
    server: SmtpSimulator,
) -> None:
    smtp(server).send(FULL)
    message = server.sent[0].raw
    assert isinstance(message, EmailMessage)
    beside = next(part for part in message.walk() if part.is_multipart() and part is not message)
    assert beside.get_content_type() == "multipart/alternative"
    parts = list(beside.iter_parts())
    kinds = [part.get_content_type() for part in parts]
    assert kinds == ["text/plain", "text/html", "text/calendar"]
    assert dict(parts[-1]["Content-Type"].params) == {"method": "REQUEST", "charset": "utf-8"}
    assert parts[-1].get_payload(decode=True) == INVITATION.content


def test_sendgrid_gets_the_same_mail() -> None:
    with SendGridSimulator() as simulator:
        mailer = SendGrid(api_key=sendgrid.API_KEY, timeouts=PATIENT, url=simulator.url)
        mailer.send(FULL)
    body = simulator.sent[0].raw
    assert body["from"] == {"email": "salon@example.com", "name": "Salon"}
    kinds = [content["type"] for content in body["content"]]
    assert kinds == ["text/plain", "text/html", "text/calendar; method=REQUEST"]
    assert body["content"][-1]["value"] == INVITATION.content.decode()
    assert body["headers"]["Message-ID"] == FULL.message_id
    assert body["custom_args"] == {"idempotency_key": "key-1"}
    (file,) = body["attachments"]
    assert (file["type"], file["filename"]) == ("application/ics", "booking.ics")
    assert body["reply_to"] == {"email": "owner@example.com"}


def test_the_message_id_follows_from_the_key_alone() -> None:
    assert mail("one", key="a").message_id == mail("two", key="a").message_id
    assert mail(key="a").message_id != mail(key="b").message_id


@pytest.mark.parametrize(
    "fields",
    [
        {"to": "a@example.com, b@example.com"},
        {"to": "nobody"},
        {"sender": ""},
        {"headers": {"Bcc": "eve@example.com"}},
        {"headers": {"X-Note: 1\r\nBcc": "eve@example.com"}},
        {"headers": {"X-Note": "1\r\nBcc: eve@example.com"}},
        {"reply_to": "a@example.com\nBcc: eve@example.com"},
        {"idempotency_key": ""},
    ],
)
def test_an_invalid_mail_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(Refused):
        dataclasses.replace(FULL, **fields)  # type: ignore[arg-type]


def test_an_attachment_smuggles_nothing() -> None:
    with pytest.raises(Refused):
        Attachment("a.ics\r\nX: 1", "text/calendar", b"")
    with pytest.raises(Refused):
        Attachment("a.ics", "text/calendar\r\nX: 1", b"")


def test_a_connection_is_kept_for_the_next_mail(server: SmtpSimulator) -> None:
    mailer = smtp(server)
    for number in range(3):
        mailer.send(mail(key=f"key-{number}"))
    assert (len(server.sent), len(server.connections)) == (3, 1)


@pytest.mark.parametrize(
    "answer", [Answer(drop=True), Answer(421, "4.4.2 Timeout")], ids=["gone", "421"]
)
def test_a_kept_connection_that_the_server_ended_costs_no_mail(
    server: SmtpSimulator, answer: Answer
) -> None:
    mailer = smtp(server)
    mailer.send(mail(key="one"))
    server.answer_next(answer)
    mailer.send(mail(key="two"))
    assert len(server.keys) == 2 and set(server.keys.values()) == {1}
    assert len(server.connections) == 2


def test_a_refused_mail_leaves_nothing_behind_for_the_next(server: SmtpSimulator) -> None:
    mailer = smtp(server)
    mailer.send(mail(key="one"))
    server.answer_next(server.refusal())
    with pytest.raises(Refused):
        mailer.send(mail(key="two"))
    mailer.send(mail(key="three"))
    assert len(server.keys) == 2


def test_a_connection_that_waits_in_vain_says_goodbye(
    server: SmtpSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp_connections, "REST_SECONDS", 0.05)
    smtp(server).send(mail())
    wait_until(lambda: server.ended == server.connections != set())


def test_lines_that_begin_with_a_dot_arrive_as_they_are(server: SmtpSimulator) -> None:
    smtp(server).send(dataclasses.replace(FULL, text=".\n..two\n.three"))
    assert server.sent[0].text.splitlines() == [".", "..two", ".three"]


def test_an_address_beyond_ascii_is_written_as_it_is(server: SmtpSimulator) -> None:
    smtp(server).send(dataclasses.replace(FULL, to="Zoë <zoë@example.com>"))
    assert server.sent[0].to == "zoë@example.com"
    (address,) = server.sent[0].raw["To"].addresses
    # Python reads bytes beyond ASCII in a header as surrogates.
    assert address.addr_spec.encode("utf-8", "surrogateescape").decode() == "zoë@example.com"


def test_a_mail_that_was_taken_counts_though_the_server_never_says_goodbye() -> None:
    with SmtpSimulator(quits=False) as simulator:
        smtp(simulator).send(mail())
        assert len(simulator.sent) == 1


@pytest.mark.parametrize("code", [421, 450, 451, 452])
def test_a_full_mailbox_is_tried_later(server: SmtpSimulator, code: int) -> None:
    server.answer_next(Answer(code, "4.2.2 Mailbox full"))
    with pytest.raises(TryLater):
        smtp(server).send(mail())


def test_starttls_is_demanded_and_the_certificate_is_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, context = certificate(tmp_path)
    with SmtpSimulator(tls=context) as simulator:
        with pytest.raises(Misconfigured):
            smtp(simulator).send(mail())
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
        smtp(simulator).send(mail())
        assert len(simulator.sent) == 1


def test_no_password_goes_out_in_the_clear_when_tls_was_asked_for(server: SmtpSimulator) -> None:
    url = server.url.replace("smtp+plain", "smtp")
    with pytest.raises(Misconfigured):
        Smtp(Server.of(url), timeouts=PATIENT).send(mail())
    assert server.sent == []


@pytest.mark.parametrize("url", ["http://a", "smtp://", "mail.example.com:25", ""])
def test_an_address_of_another_form_is_no_server(url: str) -> None:
    with pytest.raises(ValueError, match="smtp://"):
        Server.of(url)


def test_a_server_has_the_port_of_its_scheme_and_hides_its_password() -> None:
    server = Server.of("smtps://me:p%40ss@mail.example.com")
    assert (server.port, server.user, server.password) == (465, "me", "p@ss")
    assert "p@ss" not in repr(server)
