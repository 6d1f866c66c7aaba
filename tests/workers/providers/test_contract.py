"""What holds of every provider, whoever it is."""

from __future__ import annotations

import dataclasses

import pytest

from tests.harness.simulators import Answer
from tests.workers.providers.wired import MESSAGES, Wired
from workers.providers.failures import (
    DeadAddress,
    Misconfigured,
    Refused,
    TryLater,
    Unanswered,
)

# These say that an address is gone by a message to us, later.
SAYS_IT_LATER = ("sendgrid", "fast2sms")
LONG = "Grüße 漢字 🙂 " * 50_000  # more than 1 MB of UTF-8
TAKES_LONG = ("smtp", "sendgrid", "fast2sms")


def test_a_sent_message_arrives_and_has_the_providers_id(wired: Wired) -> None:
    sent = wired.send("See you at nine, Ada.")
    (received,) = wired.simulator.sent
    assert received.text.strip() == "See you at nine, Ada."
    assert any(who in received.to for who in ("ada@example.com", "+919876543210", "device-1"))
    assert sent.provider_id


def test_one_client_sends_many(wired: Wired) -> None:
    send = wired.sender(wired.providers())
    names = {send(MESSAGES[wired.kind](key=f"key-{n}")).provider_id for n in range(5)}
    assert (len(names), len(wired.simulator.keys)) == (5, 5)


def test_the_same_key_twice_is_the_same_message_to_the_provider(wired: Wired) -> None:
    wired.send(key="once")
    wired.send(key="once")
    wired.send(key="another")
    assert sorted(wired.simulator.keys.values()) == [1, 2]


def test_a_no_is_for_good(wired: Wired) -> None:
    wired.simulator.answer_next(wired.simulator.refusal())
    with pytest.raises(Refused) as failure:
        wired.send()
    assert not isinstance(failure.value, DeadAddress)
    assert wired.simulator.sent == []


def test_an_address_that_is_gone_is_named_as_such(wired: Wired) -> None:
    gone = wired.simulator.dead_address()
    if gone is None:
        assert wired.kind in SAYS_IT_LATER
        return
    wired.simulator.answer_next(gone)
    with pytest.raises(DeadAddress):
        wired.send()


def test_a_busy_provider_says_how_long_to_wait(wired: Wired) -> None:
    wired.simulator.answer_next(wired.simulator.busy(seconds=17))
    with pytest.raises(TryLater) as failure:
        wired.send()
    # SMTP has no such field.
    assert failure.value.retry_after == (None if wired.kind == "smtp" else 17)
    assert not isinstance(failure.value, Misconfigured | Unanswered)
    wired.send()
    assert len(wired.simulator.sent) == 1


def test_a_broken_provider_is_asked_again_later(wired: Wired) -> None:
    wired.simulator.answer_next(wired.simulator.broken())
    with pytest.raises(TryLater) as failure:
        wired.send()
    assert failure.value.retry_after is None
    assert wired.simulator.calls == 1, "it is the queue that tries again"


def test_a_provider_that_hangs_is_left_in_time(wired: Wired) -> None:
    wired.simulator.answer_next(Answer(hang=600, is_taken=False))
    with pytest.raises(Unanswered):
        wired.send(seconds=0.6)


def test_a_connection_that_drops_leaves_it_open_whether_it_was_taken(wired: Wired) -> None:
    wired.simulator.answer_next(Answer(drop=True, is_taken=True))
    with pytest.raises(Unanswered):
        wired.send(key="dropped")
    wired.send(key="dropped")
    assert list(wired.simulator.keys.values()) == [2]


def test_a_provider_that_is_not_there_is_tried_later(wired: Wired) -> None:
    message = MESSAGES[wired.kind]()
    send = wired.sender(wired.providers())
    wired.simulator.close()
    with pytest.raises(TryLater) as failure:
        send(message)
    assert not isinstance(failure.value, Unanswered | Misconfigured)


def test_wrong_credentials_are_the_operators_matter_and_lose_nothing(wired: Wired) -> None:
    with pytest.raises(Misconfigured) as failure:
        wired.send(good=False)
    assert failure.value.retry_after and failure.value.retry_after >= 60
    assert "wrong" not in failure.value.reason, "a secret was told"
    wired.send()
    assert len(wired.simulator.sent) == 1


def test_every_script_arrives_as_it_was_written(wired: Wired) -> None:
    text = "Grüße, Zoë 漢字 🙂\nשלום"
    wired.send(text)
    (received,) = wired.simulator.sent
    assert received.text.replace("\r\n", "\n").strip() == text


def test_a_megabyte_arrives_whole_or_is_refused(wired: Wired) -> None:
    if wired.kind in TAKES_LONG:
        wired.send(LONG)
        assert wired.simulator.sent[0].text.replace("\r\n", "\n").strip() == LONG.strip()
    else:
        with pytest.raises(Refused):
            wired.send(LONG)


@pytest.mark.parametrize("character", ["\n", "\r", "\r\n ", "\x00", "\u2028"])
def test_no_field_smuggles_in_another_header(wired: Wired, character: str) -> None:
    message = MESSAGES[wired.kind]()
    fields = {f.name for f in dataclasses.fields(message)}
    for name in fields & {"to", "sender", "subject", "reply_to", "token", "title"}:
        start = getattr(message, name) or "a@example.com"
        with pytest.raises(Refused):
            dataclasses.replace(message, **{name: f"{start}{character}Bcc: eve@example.com"})
