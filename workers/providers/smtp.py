"""Mail by SMTP (RFC 5321), with STARTTLS or TLS from the start."""

from __future__ import annotations

import contextlib
import re
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Literal, get_args
from urllib.parse import unquote, urlsplit

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

Scheme = Literal["smtp", "smtps", "smtp+plain"]
PORTS: dict[Scheme, int] = {"smtp": 587, "smtps": 465, "smtp+plain": 25}
# Enhanced status codes of an address that is gone. Source: RFC 3463, RFC 7505 (5.1.10).
DEAD = re.compile(r"\b5\.(1\.(1|2|3|6|10)|2\.1)\b")
OPERATOR = (530, 534, 535, 538)  # our login was refused. Source: RFC 4954


@dataclass(frozen=True)
class Server:
    """A mail server. `smtp` demands STARTTLS, `smtps` starts with TLS, `smtp+plain` has neither."""

    scheme: Scheme
    host: str
    port: int
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    @classmethod
    def of(cls, url: str) -> Server:
        """Read `smtp://user:password@host:port`.

        Raises:
            ValueError: when it has another form.
        """
        parts = urlsplit(url)
        if parts.scheme not in get_args(Scheme) or not parts.hostname:
            raise ValueError("must be smtp://, smtps:// or smtp+plain:// with a host")
        scheme: Scheme = next(s for s in PORTS if s == parts.scheme)
        user = unquote(parts.username) if parts.username else None
        password = unquote(parts.password) if parts.password else None
        return cls(scheme, parts.hostname, parts.port or PORTS[scheme], user, password)


class Smtp:
    """A `Mailer` that opens a connection for each mail."""

    def __init__(self, server: Server, *, timeouts: Timeouts) -> None:
        self._server = server
        self._timeouts = timeouts

    def send(self, mail: Mail) -> Sent:
        """See `Mailer.send`."""
        with self._session() as session:
            _hand_over(session, compose(mail))
        return Sent(mail.message_id)

    @contextmanager
    def _session(self) -> Iterator[smtplib.SMTP]:
        """Yield a connection that may send. Closing it says nothing about the mail."""
        try:
            session = self._connect()
        except smtplib.SMTPResponseException as error:
            raise _failure(error.smtp_code, error.smtp_error) from None
        except (smtplib.SMTPNotSupportedError, ssl.SSLError) as error:
            raise Misconfigured(f"The mail server does not do as set: {error}.") from None
        except (smtplib.SMTPException, OSError) as error:
            raise TryLater(f"The mail server was not reached: {type(error).__name__}.") from None
        try:
            yield session
        finally:
            session.close()

    def _connect(self) -> smtplib.SMTP:
        server, limit = self._server, self._timeouts.connect
        session: smtplib.SMTP
        if server.scheme == "smtps":
            context = ssl.create_default_context()
            session = smtplib.SMTP_SSL(server.host, server.port, timeout=limit, context=context)
        else:
            session = smtplib.SMTP(server.host, server.port, timeout=limit)
        with contextlib.ExitStack() as on_failure:
            on_failure.callback(session.close)
            if session.sock is not None:
                session.sock.settimeout(self._timeouts.read)
            if server.scheme == "smtp":
                session.starttls(context=ssl.create_default_context())
            if server.user is not None:
                session.login(server.user, server.password or "")
            on_failure.pop_all()
        return session


def _hand_over(session: smtplib.SMTP, message: EmailMessage) -> None:
    try:
        session.send_message(message)
    except smtplib.SMTPRecipientsRefused as error:
        code, text = next(iter(error.recipients.values()))
        raise _failure(code, text) from None
    except smtplib.SMTPResponseException as error:
        raise _failure(error.smtp_code, error.smtp_error) from None
    except smtplib.SMTPNotSupportedError:
        raise Refused("The mail server takes no addresses beyond ASCII.") from None
    except (smtplib.SMTPException, OSError) as error:
        raise Unanswered(f"The mail server went silent: {type(error).__name__}.") from None
    with contextlib.suppress(smtplib.SMTPException, OSError):
        session.quit()


def _failure(code: int, text: bytes | str) -> Failure:
    """Return the failure that a reply means; the code -1 is a lost connection."""
    said = text.decode(errors="replace") if isinstance(text, bytes) else text
    reason = f"The mail server answered {code} {' '.join(said.split())[:200]}"
    if code in OPERATOR:
        return Misconfigured(reason)
    if code < 500:
        return TryLater(reason)
    return DeadAddress(reason) if DEAD.search(said) else Refused(reason)
