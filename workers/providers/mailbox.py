"""SMS and push as mails to the local mailbox, for development."""

from __future__ import annotations

import re

from workers.providers.mail import Mail, Mailer
from workers.providers.push import Push
from workers.providers.sent import Sent
from workers.providers.sms import Sms

SENDER = "frontdesk@localhost"
SMS_DOMAIN, PUSH_DOMAIN = "sms.localhost", "push.localhost"
TOKEN_LENGTH = 40  # characters of a token, enough to distinguish devices


class MailboxTexter:
    """A `Texter` that mails to +4917612345678@sms.localhost."""

    def __init__(self, mailer: Mailer) -> None:
        self._mailer = mailer

    def send(self, sms: Sms) -> Sent:
        """See `Texter.send`."""
        subject = sms.text.splitlines()[0][:60] if sms.text.strip() else "SMS"
        return self._mailer.send(
            Mail(
                sender=SENDER,
                to=f"{sms.to}@{SMS_DOMAIN}",
                subject=re.sub(r"[\x00-\x1f\x7f]", " ", subject),
                text=sms.text,
                idempotency_key=sms.idempotency_key,
            )
        )


class MailboxPusher:
    """A `Pusher` that mails to the start of the token, @push.localhost."""

    def __init__(self, mailer: Mailer) -> None:
        self._mailer = mailer

    def send(self, push: Push) -> Sent:
        """See `Pusher.send`."""
        local = re.sub(r"[^A-Za-z0-9_-]", "-", push.token)[:TOKEN_LENGTH]
        data = "".join(f"\n{name}: {value}" for name, value in push.data.items())
        return self._mailer.send(
            Mail(
                sender=SENDER,
                to=f"{local}@{PUSH_DOMAIN}",
                subject=push.title,
                text=f"{push.body}\n{data}",
                idempotency_key=push.idempotency_key,
            )
        )
