"""Tells the worker which providers send mail, SMS and push.

A channel without a provider goes to the local mailbox.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from cli.refusal import Refusal
from cli.settings import Config
from cli.settings.auth import Smtp

TLS_PORT = 465  # where TLS begins with the first byte; elsewhere STARTTLS is demanded
THIS_MACHINE = ("127.0.0.1", "::1", "localhost")


def uses_mailbox(config: Config) -> bool:
    """Whether anything goes to the local mailbox."""
    return not (_has_mail(config) and _sms(config) and config.frontdesk.push.fcm_service_account)


def environment(config: Config, mailbox_url: str) -> Mapping[str, str]:
    """Return the worker's variables: the SMTP server and the chosen providers.

    Raises:
        Refusal: when the service account of push cannot be read.
    """
    smtp = config.auth.email.smtp
    mailbox = {"provider": "mailbox", "url": mailbox_url}
    chosen = {"sms": _sms(config) or mailbox, "push": _push(config) or mailbox}
    if key := config.frontdesk.mail.sendgrid_api_key:
        chosen["mail"] = {"provider": "sendgrid", "api_key": key}
    return {
        "FRONTDESK_SMTP_URL": _smtp_url(smtp) if smtp.enabled else mailbox_url,
        "FRONTDESK_PROVIDERS": json.dumps(chosen),
    }


def webhook_environment(config: Config) -> Mapping[str, str]:
    """Return the edge's variable: the keys that verify the providers' calls."""
    twilio = config.auth.sms.twilio
    keys = {
        "public_url": config.frontdesk.webhooks.public_url.rstrip("/"),
        "twilio": twilio.auth_token if twilio.enabled else "",
        "sendgrid": config.frontdesk.mail.sendgrid_webhook_key,
    }
    return {"FRONTDESK_WEBHOOKS": json.dumps(keys)}


def _has_mail(config: Config) -> bool:
    return config.auth.email.smtp.enabled or bool(config.frontdesk.mail.sendgrid_api_key)


def _smtp_url(smtp: Smtp) -> str:
    """Return the URL; only a server on this machine may be spoken to in the clear."""
    scheme = "smtps" if smtp.port == TLS_PORT else "smtp"
    if smtp.host in THIS_MACHINE:
        scheme = "smtp+plain"
    login = f"{quote(smtp.user, safe='')}:{quote(smtp.password, safe='')}@" if smtp.user else ""
    host = f"[{smtp.host}]" if ":" in smtp.host else smtp.host
    return f"{scheme}://{login}{host}:{smtp.port}"


def _sms(config: Config) -> dict[str, Any] | None:
    twilio = config.auth.sms.twilio
    if twilio.enabled:
        return {
            "provider": "twilio",
            "account_sid": twilio.account_sid,
            "auth_token": twilio.auth_token,
            "sender": twilio.message_service_sid,
        }
    key = config.frontdesk.sms.fast2sms_api_key
    return {"provider": "fast2sms", "api_key": key} if key else None


def _push(config: Config) -> dict[str, Any] | None:
    """Return the service account itself, because the worker's user may not read its file."""
    path = config.frontdesk.push.fcm_service_account
    if not path:
        return None
    try:
        account = json.loads(Path(path).expanduser().read_text("utf-8"))
    except (OSError, ValueError):
        raise Refusal(
            f"The service account {path} cannot be read.",
            "Correct frontdesk.push.fcm_service_account: the JSON file that Google gives.",
        ) from None
    return {"provider": "fcm", "service_account": account}
