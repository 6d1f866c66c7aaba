"""A mail is sent whatever the rows behind it hold."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, cast

import pytest

from workers.actors.rendering import render
from workers.actors.sending import Outbox
from workers.providers.compose import compose
from workers.providers.from_settings import Providers
from workers.providers.mail import Mail
from workers.providers.sent import Sent

API = "https://example.com"


class Kept:
    """Providers that keep the mails that they are given."""

    def __init__(self) -> None:
        self.mails: list[Mail] = []
        self.mail = self

    def send(self, mail: Mail) -> Sent:
        self.mails.append(mail)
        return Sent("1")


def job(words: str) -> dict[str, Any]:
    """A confirmed booking whose every text is of somebody's making."""
    names = ("business_name", "customer_name", "service_names", "reference", "address")
    return {
        "id": "1",
        "channel": "mail",
        "audience": "customer",
        "event": "booking.confirmed",
        "address": "carl@example.com",
        "locale": "en",
        "reader_locale": "en",
        "link_path": None,
        "unsubscribe_token": None,
        "idempotency_key": "1",
        "types": dict.fromkeys(names, "text"),
        "title": "{{ service_names }} at {{ business_name }}",
        "body": "Hello {{ customer_name }},\n{{ service_names }}: {{ address }}",
        "data": {
            **dict.fromkeys(names, words),
            "booking_id": "00000000-0000-4000-8000-000000000001",
            "sequence": 1,
            "starts_at": "2031-03-10T08:00:00+00:00",
            "ends_at": "2031-03-10T09:00:00+00:00",
            "time_zone": "Europe/Berlin",
            "business_email": None,
        },
    }


@pytest.mark.parametrize(
    "words",
    [
        "Salon\r\nBcc: eve@example.com",
        "Sal\x00on\x07\x1b[1m",
        "Salon\u2028\x85\x0b",
        'Salon "Ann" <b@example.com>, Ben;',
        "\\",
        "",
        "x" * 2000,
        "Salón 漢字 🎉",
    ],
)
def test_names_and_notes_may_hold_anything(words: str) -> None:
    kept = Kept()
    wanted = job(words)
    Outbox(cast(Providers, kept), "mail@example.com", "https://example.com/u/", API).send(
        wanted, render(wanted)
    )
    (mail,) = kept.mails
    message = message_from_bytes(compose(mail), policy=policy.default)
    assert isinstance(message, EmailMessage)
    assert message["To"] == "carl@example.com" and message["Bcc"] is None
    assert message["From"].addresses[0].addr_spec == "mail@example.com"
    (file,) = message.iter_attachments()
    assert file.get_filename() == "booking.ics"
    assert all(len(line) <= 998 for line in compose(mail).split(b"\r\n"))


def test_a_link_stands_at_the_end_of_the_mail() -> None:
    kept = Kept()
    wanted = {**job("Salon"), "link_path": "/functions/v1/review?token=1"}
    Outbox(cast(Providers, kept), "mail@example.com", "https://example.com/u/", API).send(
        wanted, render(wanted)
    )
    assert kept.mails[0].text.endswith("\n\nhttps://example.com/functions/v1/review?token=1")
