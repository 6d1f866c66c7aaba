"""What SMS and push providers do beyond the contract, and which providers settings build."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from tests.harness.simulators import (
    KINDS,
    Answer,
    Fast2SmsSimulator,
    FcmSimulator,
    SmtpSimulator,
    TwilioSimulator,
    fast2sms,
    twilio,
)
from tests.harness.simulators.remote import RemoteSimulator, remote
from tests.workers.providers.wired import push, sms
from workers.providers.failures import DeadAddress, Failure, Misconfigured, Refused, TryLater
from workers.providers.fast2sms import Fast2Sms
from workers.providers.fcm import Fcm
from workers.providers.from_settings import Settings, build
from workers.providers.http import Timeouts, retry_after
from workers.providers.twilio import Twilio

PATIENT = Timeouts(connect=10, read=10)


def texter(simulator: TwilioSimulator | RemoteSimulator, sender: str = "+15005550006") -> Twilio:
    return Twilio(
        account_sid=twilio.ACCOUNT_SID,
        auth_token=twilio.AUTH_TOKEN,
        sender=sender,
        timeouts=PATIENT,
        url=simulator.url,
    )


@pytest.mark.parametrize(
    ("code", "failure"),
    [
        (21211, Refused),
        (21610, DeadAddress),
        (21614, DeadAddress),
        (21408, Misconfigured),
        (21606, Misconfigured),
        (21611, TryLater),
    ],
)
def test_each_error_of_twilio_has_its_meaning(code: int, failure: type[Failure]) -> None:
    with TwilioSimulator() as simulator:
        simulator.answer_next(Answer(400, {"code": code, "message": "No", "status": 400}))
        with pytest.raises(Failure) as raised:
            texter(simulator).send(sms())
    assert type(raised.value) is failure


def test_twilio_sends_by_a_messaging_service_too() -> None:
    with TwilioSimulator() as simulator:
        texter(simulator, "MG" + "2" * 32).send(sms())
    assert simulator.sent[0].raw["MessagingServiceSid"] == "MG" + "2" * 32


@pytest.mark.parametrize(
    ("code", "failure"),
    [(411, Refused), (407, Refused), (416, Misconfigured), (995, TryLater)],
)
def test_each_error_of_fast2sms_has_its_meaning(code: int, failure: type[Failure]) -> None:
    with Fast2SmsSimulator() as simulator:
        said = {"return": False, "status_code": code, "message": "No"}
        simulator.answer_next(Answer(400, said))
        with pytest.raises(Failure) as raised:
            Fast2Sms(api_key=fast2sms.API_KEY, timeouts=PATIENT, url=simulator.url).send(sms())
    assert type(raised.value) is failure


def test_fast2sms_is_not_asked_about_numbers_of_other_countries() -> None:
    with Fast2SmsSimulator() as simulator:
        provider = Fast2Sms(api_key=fast2sms.API_KEY, timeouts=PATIENT, url=simulator.url)
        with pytest.raises(Refused):
            provider.send(sms(to="+4917612345678"))
    assert simulator.calls == 0


def fcm_error(status: int, name: str, *details: dict[str, Any], message: str = "No") -> Answer:
    error = {"code": status, "status": name, "message": message, "details": list(details)}
    return Answer(status, {"error": error})


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (fcm_error(403, "PERMISSION_DENIED", {"errorCode": "SENDER_ID_MISMATCH"}), DeadAddress),
        (fcm_error(403, "PERMISSION_DENIED"), Misconfigured),
        (fcm_error(404, "NOT_FOUND"), Misconfigured),
        (
            fcm_error(400, "INVALID_ARGUMENT", {"fieldViolations": [{"field": "message.token"}]}),
            DeadAddress,
        ),
        (
            fcm_error(
                400,
                "INVALID_ARGUMENT",
                {"errorCode": "INVALID_ARGUMENT"},
                message="The registration token is not a valid FCM registration token",
            ),
            DeadAddress,
        ),
        (
            fcm_error(
                400,
                "INVALID_ARGUMENT",
                {"fieldViolations": [{"field": "message.data[0].value"}]},
            ),
            Refused,
        ),
    ],
)
def test_each_error_of_fcm_has_its_meaning(answer: Answer, failure: type[Failure]) -> None:
    with FcmSimulator() as simulator:
        simulator.answer_next(answer)
        pusher = Fcm(account=simulator.service_account(), timeouts=PATIENT, url=simulator.url)
        with pytest.raises(Failure) as raised:
            pusher.send(push())
    assert type(raised.value) is failure


def test_one_token_of_google_serves_many_and_one_that_is_refused_is_replaced() -> None:
    with FcmSimulator() as simulator:
        pusher = Fcm(account=simulator.service_account(), timeouts=PATIENT, url=simulator.url)
        pusher.send(push())
        pusher.send(push())
        assert simulator.tokens_given == 1
        simulator.access_token = "ya29.rotated"
        with pytest.raises(Misconfigured):
            pusher.send(push())
        pusher.send(push())
        assert simulator.tokens_given == 2


def test_a_device_shows_one_message_once_however_often_it_comes() -> None:
    with FcmSimulator() as simulator:
        pusher = Fcm(account=simulator.service_account(), timeouts=PATIENT, url=simulator.url)
        for key in ("once", "once", "another"):
            pusher.send(push(key=key, data={"booking": "1"}))
    tags = [received.raw["android"]["notification"]["tag"] for received in simulator.sent]
    assert tags[0] == tags[1] != tags[2]
    assert simulator.sent[0].raw["data"] == {"booking": "1"}


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "12"}, 12),
        ({"Retry-After": "Thu, 01 Jan 2015 00:00:00 GMT"}, 0),
        ({"Retry-After": "soon"}, None),
        ({"X-RateLimit-Reset": "1"}, 0),
        ({}, None),
    ],
)
def test_every_form_of_a_wish_to_wait_is_read(
    headers: dict[str, str], seconds: float | None
) -> None:
    assert retry_after(headers) == seconds


@pytest.mark.parametrize("to", ["017612345678", "+0176", "+49 176 1234567", "+49176\n", ""])
def test_a_number_of_another_form_is_refused(to: str) -> None:
    with pytest.raises(Refused):
        sms(to=to)


def test_without_a_choice_everything_goes_to_the_mailbox() -> None:
    with SmtpSimulator() as simulator:
        providers = build(Settings.of({"FRONTDESK_SMTP_URL": simulator.url}))
        providers.sms.send(sms("Code 123456\nBye", to="+4917612345678"))
        providers.push.send(push("At nine", title="Salon", data={"booking": "1"}))
    text, device = simulator.sent
    assert (text.to, text.raw["Subject"]) == ("+4917612345678@sms.localhost", "Code 123456")
    assert (device.to, device.raw["Subject"]) == ("device-1@push.localhost", "Salon")
    assert "booking: 1" in device.text


@pytest.mark.parametrize(
    "chosen",
    [
        {"sms": {"provider": "pigeon"}},
        {"sms": {"provider": "twilio", "account_sid": "AC1"}},
        {"mail": {"provider": "sendgrid", "api_key": "k", "colour": "red"}},
        {"read_seconds": 0},
    ],
)
def test_a_choice_that_is_none_is_refused(chosen: dict[str, Any]) -> None:
    environment = {
        "FRONTDESK_SMTP_URL": "smtp+plain://127.0.0.1",
        "FRONTDESK_PROVIDERS": json.dumps(chosen),
    }
    with pytest.raises(ValidationError):
        Settings.of(environment)


def test_settings_hide_their_secrets() -> None:
    chosen = {
        "mail": {"provider": "sendgrid", "api_key": "SG.secret"},
        "push": {"provider": "fcm", "service_account": {"private_key": "secret"}},
    }
    url = "smtp+plain://me:hidden@127.0.0.1"
    settings = Settings.of({"FRONTDESK_SMTP_URL": url, "FRONTDESK_PROVIDERS": json.dumps(chosen)})
    assert "secret" not in repr(settings) and "hidden" not in repr(settings)


def test_a_simulator_in_a_process_of_its_own_counts_and_obeys() -> None:
    with remote("twilio") as simulator:
        texter(simulator).send(sms(key="one"))
        texter(simulator).send(sms(key="one"))
        assert simulator.keys == {"one": 2}
        simulator.answer_next(Answer(503, headers={"Retry-After": "3"}))
        with pytest.raises(TryLater) as raised:
            texter(simulator).send(sms(key="two"))
        assert raised.value.retry_after == 3
        assert simulator.keys == {"one": 2}


@pytest.mark.parametrize("kind", list(KINDS))
def test_every_simulator_runs_as_a_process(kind: str) -> None:
    with remote(kind) as simulator:
        assert simulator.keys == {}
        assert bool(simulator.service_account) is (kind == "fcm")
