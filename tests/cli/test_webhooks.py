"""What providers tell later is believed when it is signed, and only then."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import httpx
import psycopg
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from twilio.request_validator import RequestValidator

from cli.options import ROOT
from tests.harness.stack import RunningStack

PUBLIC, TOKEN = "https://salon.example", "twilio-token"
KEY = ec.generate_private_key(ec.SECP256R1())
SENT = """
    insert into engagement.notification_deliveries (
        message_id, event, audience, channel, subject, subject_id, address, locale, data, status,
        provider, provider_id
    )
    values (
        gen_random_uuid(), 'booking.confirmed', 'customer', 'sms', 'booking', gen_random_uuid(),
        '+491700000001', 'en', '{}', 'sent', %s, %s
    )
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """A stack that knows the providers' keys."""
    folder = tmp_path_factory.mktemp("webhooks")
    public = KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    config = (ROOT / "supabase-config.toml").read_text("utf-8")
    config += f"""
[auth.sms.twilio]
enabled = true
account_sid = "AC1"
message_service_sid = "MG1"
auth_token = "{TOKEN}"

[frontdesk.webhooks]
public_url = "{PUBLIC}"

[frontdesk.mail]
sendgrid_webhook_key = "{base64.b64encode(public).decode()}"
"""
    path = Path(folder) / "supabase-config.toml"
    path.write_text(config)
    with RunningStack.start(folder / "state", "--no-workers", "--config", path) as stack:
        yield stack


def sent(stack: RunningStack, provider: str, provider_id: str) -> None:
    with psycopg.connect(stack.endpoints.db_url) as connection:
        connection.execute(SENT, (provider, provider_id))


def status(stack: RunningStack, provider_id: str) -> tuple[str, str | None]:
    with psycopg.connect(stack.endpoints.db_url) as connection:
        row = connection.execute(
            "select status::text, reason from engagement.notification_deliveries"
            " where provider_id = %s",
            (provider_id,),
        ).fetchone()
    assert row
    return row


def by_twilio(stack: RunningStack, token: str = TOKEN, **fields: str) -> httpx.Response:
    signature = RequestValidator(token).compute_signature(
        f"{PUBLIC}/functions/v1/webhooks/twilio", fields
    )
    with stack.client(key="") as client:
        return client.post(
            "/functions/v1/webhooks/twilio",
            content=urlencode(fields),
            headers={
                "X-Twilio-Signature": signature,
                "Content-Type": "application/x-www-form-urlencoded",
            },
        )


def by_sendgrid(stack: RunningStack, events: object, *, tamper: bytes = b"") -> httpx.Response:
    body, stamp = json.dumps(events).encode(), "1767225600"
    signature = KEY.sign(stamp.encode() + body, ec.ECDSA(hashes.SHA256()))
    with stack.client(key="") as client:
        return client.post(
            "/functions/v1/webhooks/sendgrid",
            content=body + tamper,
            headers={
                "X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(signature).decode(),
                "X-Twilio-Email-Event-Webhook-Timestamp": stamp,
            },
        )


def test_twilio_tells_that_a_text_arrived(told: RunningStack) -> None:
    sent(told, "twilio", "SM1")
    assert by_twilio(told, MessageSid="SM1", MessageStatus="sent").status_code == 204
    assert status(told, "SM1") == ("sent", None)
    for _ in range(2):
        assert by_twilio(told, MessageSid="SM1", MessageStatus="delivered").status_code == 204
    assert status(told, "SM1") == ("delivered", None)


def test_twilio_tells_that_it_did_not(told: RunningStack) -> None:
    sent(told, "twilio", "SM2")
    fields = {"MessageSid": "SM2", "MessageStatus": "undelivered", "ErrorCode": "30003"}
    assert by_twilio(told, **fields).status_code == 204
    assert status(told, "SM2") == ("bounced", "Twilio's error 30003")


def test_sendgrid_tells_in_batches(told: RunningStack) -> None:
    sent(told, "sendgrid", "M1")
    sent(told, "sendgrid", "M2")
    events = [
        {"event": "delivered", "sg_message_id": "M1.filter0"},
        {"event": "bounce", "sg_message_id": "M2.filter0", "reason": "No such mailbox"},
        {"event": "open", "sg_message_id": "M1.filter0"},
        {"event": "delivered", "sg_message_id": "unknown"},
        "nonsense",
    ]
    assert by_sendgrid(told, events).status_code == 204
    assert status(told, "M1") == ("delivered", None)
    assert status(told, "M2") == ("bounced", "No such mailbox")


def test_a_webhook_without_a_valid_signature_changes_nothing(told: RunningStack) -> None:
    sent(told, "twilio", "SM3")
    refused = by_twilio(told, token="guess", MessageSid="SM3", MessageStatus="delivered")
    assert (refused.status_code, refused.json()["details"]) == (401, "invalid_signature")
    assert by_sendgrid(told, [], tamper=b" ").status_code == 401
    with told.client(key="") as client:
        assert client.post("/functions/v1/webhooks/twilio").status_code == 401
        assert client.post("/functions/v1/webhooks/sendgrid", content=b"\\x00").status_code == 401
        assert client.post("/functions/v1/webhooks/nobody").status_code == 404
    assert status(told, "SM3") == ("sent", None)


def test_without_a_key_there_is_nothing_at_the_path(stack: RunningStack) -> None:
    with stack.client(key="") as client:
        assert client.post("/functions/v1/webhooks/twilio").status_code == 404
