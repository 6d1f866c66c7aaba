"""Mail by SendGrid's v3 API.

It uses plain HTTP, because the SDK changes headers that its threads share and has a single time
limit.
Source: https://docs.sendgrid.com/api-reference/mail-send/mail-send
"""

from __future__ import annotations

import base64
from email.headerregistry import Address
from typing import Any

from workers.providers import checks
from workers.providers.failures import Misconfigured, Refused
from workers.providers.http import KEY_HEADER, Http, Timeouts, json_of
from workers.providers.mail import FILE_OF_INVITATION, Mail
from workers.providers.sent import Sent

URL = "https://api.sendgrid.com"


class SendGrid:
    """A `Mailer`."""

    def __init__(self, *, api_key: str, timeouts: Timeouts, url: str = URL) -> None:
        self._headers = {"Authorization": f"Bearer {api_key}", "Accept": "application/json"}
        self._url = f"{url}/v3/mail/send"
        self._http = Http(timeouts)

    def send(self, mail: Mail) -> Sent:
        """See `Mailer.send`."""
        headers = {**self._headers, KEY_HEADER: mail.idempotency_key}
        answer = self._http.post(self._url, headers=headers, json=_payload(mail))
        if answer.status_code == 202:
            return Sent(answer.headers.get("X-Message-Id") or mail.message_id)
        said = [str(e.get("message")) for e in json_of(answer).get("errors") or []]
        reason = f"SendGrid answered {answer.status_code} {' '.join(said)[:200]}"
        raise Misconfigured(reason) if answer.status_code in (401, 403) else Refused(reason)


def _payload(mail: Mail) -> dict[str, Any]:
    content = [{"type": "text/plain", "value": mail.text or " "}]
    if mail.html:
        content.append({"type": "text/html", "value": mail.html})
    # Source: https://github.com/sendgrid/sendgrid-ruby/issues/298
    content += [
        {
            "type": f"text/calendar; method={file.parameters['method']}",
            "value": file.content.decode(),
        }
        for file in mail.attachments
        if file.is_invitation
    ]
    payload: dict[str, Any] = {
        "personalizations": [{"to": [_person(checks.address("recipient", mail.to))]}],
        "from": _person(checks.address("sender", mail.sender)),
        "subject": mail.subject,
        "content": content,
        "headers": {**mail.headers, "Message-ID": mail.message_id},
        "custom_args": {"idempotency_key": mail.idempotency_key},
    }
    if mail.reply_to is not None:
        payload["reply_to"] = _person(checks.address("reply address", mail.reply_to))
    if mail.attachments:
        payload["attachments"] = [
            {
                "content": base64.b64encode(attachment.content).decode(),
                "type": FILE_OF_INVITATION if attachment.is_invitation else attachment.media_type,
                "filename": attachment.filename,
                "disposition": "attachment",
            }
            for attachment in mail.attachments
        ]
    return payload


def _person(address: Address) -> dict[str, str]:
    named = {"name": address.display_name} if address.display_name else {}
    return {"email": address.addr_spec, **named}
