"""Mail by SMTP (RFC 5321), with STARTTLS or TLS from the start."""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

from workers.providers import checks
from workers.providers.compose import compose
from workers.providers.failures import (
    DeadAddress,
    Failure,
    Misconfigured,
    Refused,
    TryLater,
    Unanswered,
)
from workers.providers.http import Timeouts
from workers.providers.mail import Mail
from workers.providers.sent import Sent
from workers.providers.smtp_connections import Connections, Server

# Enhanced status codes of an address that is gone. Source: RFC 3463, RFC 7505 (5.1.10).
DEAD = re.compile(r"\b5\.(1\.(1|2|3|6|10)|2\.1)\b")
OPERATOR = (530, 534, 535, 538)  # our login was refused. Source: RFC 4954
CLOSING = 421  # the server ends the connection. Source: RFC 5321, 3.8
LEADING_DOT = re.compile(rb"(?m)^\.")


class Smtp:
    """A `Mailer` that keeps its connections between mails."""

    def __init__(self, server: Server, *, timeouts: Timeouts) -> None:
        self._connections = Connections(server, timeouts)

    def send(self, mail: Mail) -> Sent:
        """See `Mailer.send`."""
        content = LEADING_DOT.sub(b"..", compose(mail))
        session = self._expectant(mail)
        with _closed_on_failure(session), _translated():
            session.send(content + b".\r\n")
            _require(session.getreply(), 250)
        self._connections.keep(session)
        return Sent(mail.message_id)

    def _expectant(self, mail: Mail) -> smtplib.SMTP:
        """Return a connection on which the server waits for the content of the mail.

        A kept connection may have ended meanwhile; then the mail has not begun, and goes through
        another one.
        """
        kept = self._connections.kept()
        if kept is not None:
            with _closed_on_failure(kept), _translated():
                if _announce_to_kept(kept, mail):
                    return kept
            kept.close()
        session = self._connect()
        with _closed_on_failure(session), _translated():
            _announce(session, mail)
        return session

    def _connect(self) -> smtplib.SMTP:
        try:
            return self._connections.connect()
        except smtplib.SMTPResponseException as error:
            raise _failure(error.smtp_code, error.smtp_error) from None
        except (smtplib.SMTPNotSupportedError, ssl.SSLError) as error:
            raise Misconfigured(f"The mail server does not do as set: {error}.") from None
        except (smtplib.SMTPException, OSError) as error:
            raise TryLater(f"The mail server was not reached: {type(error).__name__}.") from None


def _announce(session: smtplib.SMTP, mail: Mail) -> None:
    """Name the sender and the recipient, and announce the content."""
    sender = checks.address("sender", mail.sender).addr_spec
    recipient = checks.address("recipient", mail.to).addr_spec
    options: tuple[str, ...] = ()
    session.command_encoding = "ascii"
    if not (sender.isascii() and recipient.isascii()):
        if not session.has_extn("smtputf8"):
            raise Refused("The mail server takes no addresses beyond ASCII.")
        options = ("SMTPUTF8", "BODY=8BITMIME")
    _require(session.mail(sender, options), 250)
    _require(session.rcpt(recipient), 250, 251)
    _require(session.docmd("DATA"), 354)


def _announce_to_kept(session: smtplib.SMTP, mail: Mail) -> bool:
    """Announce a mail; return whether the connection was still there."""
    try:
        _announce(session, mail)
    except smtplib.SMTPResponseException as error:
        if error.smtp_code != CLOSING:
            raise
        return False
    except (smtplib.SMTPServerDisconnected, OSError):
        return False
    return True


def _require(reply: tuple[int, bytes], *codes: int) -> None:
    if reply[0] not in codes:
        raise smtplib.SMTPResponseException(*reply)


@contextmanager
def _closed_on_failure(session: smtplib.SMTP) -> Iterator[None]:
    try:
        yield
    except BaseException:
        session.close()
        raise


@contextmanager
def _translated() -> Iterator[None]:
    """Raise what a reply, or no reply, means."""
    try:
        yield
    except smtplib.SMTPResponseException as error:
        raise _failure(error.smtp_code, error.smtp_error) from None
    except (smtplib.SMTPException, OSError) as error:
        raise Unanswered(f"The mail server went silent: {type(error).__name__}.") from None


def _failure(code: int, text: bytes | str) -> Failure:
    """Return the failure that a reply means; the code -1 is a lost connection."""
    said = text.decode(errors="replace") if isinstance(text, bytes) else text
    reason = f"The mail server answered {code} {' '.join(said.split())[:200]}"
    if code in OPERATOR:
        return Misconfigured(reason)
    if code < 500:
        return TryLater(reason)
    return DeadAddress(reason) if DEAD.search(said) else Refused(reason)
