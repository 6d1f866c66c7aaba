"""Sends one delivery through its channel's provider."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import formataddr
from typing import Any

from workers.actors import calendar
from workers.actors.rendering import Rendered
from workers.providers import checks
from workers.providers.from_settings import Providers
from workers.providers.mail import Mail
from workers.providers.push import Push
from workers.providers.sent import Sent
from workers.providers.sms import Sms


@dataclass(frozen=True)
class Outbox:
    """The providers and the constants of every mail.

    `mail_address` is the sender's address; a path is appended to `api_url`, and a token to
    `unsubscribe_url`.
    """

    providers: Providers
    mail_address: str
    unsubscribe_url: str
    api_url: str

    def send(self, job: Mapping[str, Any], rendered: Rendered) -> Sent:
        """Send a delivery.

        Raises:
            Failure: one of workers.providers.failures.
        """
        match job["channel"]:
            case "mail":
                return self.providers.mail.send(self._mail(job, rendered))
            case "sms":
                return self.providers.sms.send(_sms(job, rendered))
            case "push":
                return self.providers.push.send(_push(job, rendered))
            case channel:
                raise ValueError(f"There is no provider for {channel}.")

    def _mail(self, job: Mapping[str, Any], rendered: Rendered) -> Mail:
        data, headers = job["data"], {}
        if path := job["link_path"]:
            rendered = Rendered(rendered.title, f"{rendered.text}\n\n{self.api_url}{path}")
        if token := job["unsubscribe_token"]:
            url = f"{self.unsubscribe_url}{token}"
            rendered = Rendered(rendered.title, f"{rendered.text}\n\n{url}")
            headers = {
                "List-Unsubscribe": f"<{url}>",
                "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            }
        attachment = None
        if job["audience"] == "customer":
            attachment = calendar.entry(
                job["event"], data, sender=self.mail_address, recipient=job["address"]
            )
        return Mail(
            sender=formataddr((checks.one_line(data.get("business_name", "")), self.mail_address)),
            to=job["address"],
            subject=checks.one_line(rendered.title),
            text=rendered.text,
            html=rendered.as_html(job["locale"]),
            reply_to=data.get("business_email") if job["audience"] == "customer" else None,
            headers=headers,
            attachments=(attachment,) if attachment else (),
            idempotency_key=job["idempotency_key"],
        )


def _sms(job: Mapping[str, Any], rendered: Rendered) -> Sms:
    # Sign-in stores numbers without the plus, as Supabase Auth does.
    number = "+" + job["address"].removeprefix("+")
    return Sms(number, f"{rendered.title}\n{rendered.text}", job["idempotency_key"])


def _push(job: Mapping[str, Any], rendered: Rendered) -> Push:
    about = {"event": job["event"], "delivery_id": job["id"]}
    if booking_id := job["data"].get("booking_id"):
        about["booking_id"] = booking_id
    return Push(
        token=job["address"],
        title=rendered.title,
        body=rendered.text,
        data=about,
        idempotency_key=job["idempotency_key"],
    )
