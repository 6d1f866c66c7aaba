"""A real client on its simulator, whichever it is."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa

from tests.harness.simulators import FcmSimulator, Simulator, fast2sms, sendgrid, twilio
from workers.providers.from_settings import Providers, Settings, build
from workers.providers.mail import Mail
from workers.providers.push import Push
from workers.providers.sent import Sent
from workers.providers.sms import Sms

NUMBER = "+919876543210"  # a number that both SMS providers serve
READ_SECONDS = 120.0  # long enough for any machine

Send = Callable[..., Sent]


def mail(text: str = "See you at nine.", *, key: str = "key-1", **fields: Any) -> Mail:
    given = {
        "sender": "Salon <salon@example.com>",
        "to": "Ada <ada@example.com>",
        "subject": "Your booking",
        **fields,
    }
    return Mail(text=text, idempotency_key=key, **given)


def sms(text: str = "See you at nine.", *, key: str = "key-1", to: str = NUMBER) -> Sms:
    return Sms(to=to, text=text, idempotency_key=key)


def push(text: str = "See you at nine.", *, key: str = "key-1", **fields: Any) -> Push:
    return Push(**{"token": "device-1", "title": "Salon", **fields}, body=text, idempotency_key=key)


MESSAGES: dict[str, Callable[..., Any]] = {
    "smtp": mail,
    "sendgrid": mail,
    "twilio": sms,
    "fast2sms": sms,
    "fcm": push,
}


@dataclass
class Wired:
    """A real client on its simulator; `send` makes a message of its kind and sends it."""

    kind: str
    simulator: Simulator

    def send(
        self,
        text: str = "See you at nine.",
        *,
        good: bool = True,
        seconds: float = READ_SECONDS,
        **fields: Any,
    ) -> Sent:
        """Send one message; `good` off means with credentials that are wrong."""
        message = MESSAGES[self.kind](text, **fields)
        return self.sender(self.providers(good=good, seconds=seconds))(message)

    def sender(self, providers: Providers) -> Send:
        """What sends this kind of message."""
        send: Send = getattr(providers, MESSAGES[self.kind].__name__).send
        return send

    def providers(self, *, good: bool = True, seconds: float = READ_SECONDS) -> Providers:
        """All providers, of which this kind's is the simulated one."""
        channel = MESSAGES[self.kind].__name__
        chosen = {channel: self._choice("" if good else "wrong")}
        limits = {"connect_seconds": seconds, "read_seconds": seconds}
        environment = {
            "FRONTDESK_SMTP_URL": "smtp+plain://127.0.0.1:9",
            "FRONTDESK_PROVIDERS": json.dumps({**chosen, **limits}),
        }
        return build(Settings.of(environment))

    def _choice(self, wrong: str) -> dict[str, Any]:
        url = {"provider": self.kind, "url": self.simulator.url}
        match self.kind:
            case "smtp":
                return {**url, "url": self.simulator.url.replace("p%40ss", wrong or "p%40ss")}
            case "sendgrid":
                return {**url, "api_key": sendgrid.API_KEY + wrong}
            case "fast2sms":
                return {**url, "api_key": fast2sms.API_KEY + wrong}
            case "twilio":
                token = twilio.AUTH_TOKEN + wrong
                account = {"account_sid": twilio.ACCOUNT_SID, "auth_token": token}
                return {**url, **account, "sender": "+15005550006"}
        assert isinstance(self.simulator, FcmSimulator)
        forged = rsa.generate_private_key(public_exponent=65537, key_size=2048) if wrong else None
        return {**url, "service_account": self.simulator.service_account(key=forged)}
