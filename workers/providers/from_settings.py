"""Builds the chosen providers from settings. Only entry points call it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, assert_never

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from workers.environment import required
from workers.providers import fast2sms, fcm, sendgrid, smtp, twilio
from workers.providers.http import Timeouts
from workers.providers.mail import Mailer
from workers.providers.mailbox import MailboxPusher, MailboxTexter
from workers.providers.push import Pusher
from workers.providers.sms import Texter
from workers.providers.smtp_connections import Server


class Choice(BaseModel):
    """One provider and its settings. Tests set the `url` of HTTP providers."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SmtpChoice(Choice):
    """`url`: see `smtp_connections.Server.of`."""

    provider: Literal["smtp"] = "smtp"
    url: SecretStr


class MailboxChoice(Choice):
    """`url` is that of the local mailbox, as for SMTP."""

    provider: Literal["mailbox"] = "mailbox"
    url: SecretStr


class SendGridChoice(Choice):
    """See `sendgrid.SendGrid`."""

    provider: Literal["sendgrid"]
    api_key: SecretStr
    url: str = sendgrid.URL


class TwilioChoice(Choice):
    """See `twilio.Twilio`."""

    provider: Literal["twilio"]
    account_sid: str
    auth_token: SecretStr
    sender: str
    url: str = twilio.URL


class Fast2SmsChoice(Choice):
    """See `fast2sms.Fast2Sms`."""

    provider: Literal["fast2sms"]
    api_key: SecretStr
    url: str = fast2sms.URL


class FcmChoice(Choice):
    """`service_account` is the content of Google's JSON file."""

    provider: Literal["fcm"]
    service_account: Annotated[dict[str, Any], Field(repr=False)]
    url: str = fcm.URL


class Settings(BaseModel):
    """The providers of mail, SMS and push. Limits are in seconds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    mail: Annotated[SmtpChoice | SendGridChoice, Field(discriminator="provider")]
    sms: Annotated[MailboxChoice | TwilioChoice | Fast2SmsChoice, Field(discriminator="provider")]
    push: Annotated[MailboxChoice | FcmChoice, Field(discriminator="provider")]
    connect_seconds: Annotated[float, Field(gt=0)] = 5.0
    read_seconds: Annotated[float, Field(gt=0)] = 15.0

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Settings:
        """Read FRONTDESK_PROVIDERS (JSON); a missing channel uses FRONTDESK_SMTP_URL."""
        chosen = json.loads(environment.get("FRONTDESK_PROVIDERS") or "{}")
        if chosen.keys() >= {"mail", "sms", "push"}:
            return cls.model_validate(chosen)
        url = required(environment, "FRONTDESK_SMTP_URL")
        mailbox = {"provider": "mailbox", "url": url}
        local = {"mail": {"provider": "smtp", "url": url}, "sms": mailbox, "push": mailbox}
        return cls.model_validate({**local, **chosen})


@dataclass(frozen=True)
class Providers:
    """One provider for each channel; threads may share them."""

    mail: Mailer
    sms: Texter
    push: Pusher


def build(settings: Settings) -> Providers:
    """Return the providers; they connect on first use.

    Raises:
        ValueError: when an SMTP address or a service account is malformed.
    """
    timeouts = Timeouts(settings.connect_seconds, settings.read_seconds)
    return Providers(
        mail=_mailer(settings.mail, timeouts),
        sms=_texter(settings.sms, timeouts),
        push=_pusher(settings.push, timeouts),
    )


def _mailer(choice: SmtpChoice | SendGridChoice | MailboxChoice, timeouts: Timeouts) -> Mailer:
    if isinstance(choice, SmtpChoice | MailboxChoice):
        server = Server.of(choice.url.get_secret_value())
        return smtp.Smtp(server, timeouts=timeouts)
    if isinstance(choice, SendGridChoice):
        key = choice.api_key.get_secret_value()
        return sendgrid.SendGrid(api_key=key, timeouts=timeouts, url=choice.url)
    assert_never(choice)


def _texter(choice: MailboxChoice | TwilioChoice | Fast2SmsChoice, timeouts: Timeouts) -> Texter:
    if isinstance(choice, MailboxChoice):
        return MailboxTexter(_mailer(choice, timeouts))
    if isinstance(choice, TwilioChoice):
        return twilio.Twilio(
            account_sid=choice.account_sid,
            auth_token=choice.auth_token.get_secret_value(),
            sender=choice.sender,
            timeouts=timeouts,
            url=choice.url,
        )
    if isinstance(choice, Fast2SmsChoice):
        key = choice.api_key.get_secret_value()
        return fast2sms.Fast2Sms(api_key=key, timeouts=timeouts, url=choice.url)
    assert_never(choice)


def _pusher(choice: MailboxChoice | FcmChoice, timeouts: Timeouts) -> Pusher:
    if isinstance(choice, MailboxChoice):
        return MailboxPusher(_mailer(choice, timeouts))
    if isinstance(choice, FcmChoice):
        return fcm.Fcm(account=choice.service_account, timeouts=timeouts, url=choice.url)
    assert_never(choice)
