"""The providers of notifications, simulated on sockets of this machine."""

from __future__ import annotations

from tests.harness.simulators.base import Answer, Received, Simulator
from tests.harness.simulators.fast2sms import Fast2SmsSimulator
from tests.harness.simulators.fcm import FcmSimulator
from tests.harness.simulators.sendgrid import SendGridSimulator
from tests.harness.simulators.smtp import SmtpSimulator
from tests.harness.simulators.twilio import TwilioSimulator

KINDS: dict[str, type[Simulator]] = {
    "smtp": SmtpSimulator,
    "sendgrid": SendGridSimulator,
    "twilio": TwilioSimulator,
    "fast2sms": Fast2SmsSimulator,
    "fcm": FcmSimulator,
}

__all__ = [
    "KINDS",
    "Answer",
    "Fast2SmsSimulator",
    "FcmSimulator",
    "Received",
    "SendGridSimulator",
    "Simulator",
    "SmtpSimulator",
    "TwilioSimulator",
]
