"""Connections to a mail server, which are kept for the next mail."""

from __future__ import annotations

import contextlib
import smtplib
import ssl
import threading
import time
from dataclasses import dataclass, field
from typing import Literal, get_args
from urllib.parse import unquote, urlsplit

from workers.providers.http import Timeouts

Scheme = Literal["smtp", "smtps", "smtp+plain"]
PORTS: dict[Scheme, int] = {"smtp": 587, "smtps": 465, "smtp+plain": 25}
REST_SECONDS = 10.0  # how long a connection waits for the next mail


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


class Connections:
    """Makes connections and keeps those that have sent a mail. Thread-safe."""

    def __init__(self, server: Server, timeouts: Timeouts) -> None:
        self._server = server
        self._timeouts = timeouts
        self._lock = threading.Lock()
        self._resting: list[tuple[float, smtplib.SMTP]] = []
        self._timer: threading.Timer | None = None

    def kept(self) -> smtplib.SMTP | None:
        """Return a connection that rests, if there is one. The server may have closed it."""
        with self._lock:
            return self._resting.pop()[1] if self._resting else None

    def keep(self, session: smtplib.SMTP) -> None:
        """Keep a connection for the next mail. One that waits in vain is closed."""
        with self._lock:
            self._resting.append((time.monotonic() + REST_SECONDS, session))
            if self._timer is None:
                self._start_timer()

    def connect(self) -> smtplib.SMTP:
        """Return a new connection that may send.

        Raises:
            SMTPException, OSError, SSLError: when the server refuses, or is not reached.
        """
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
            session.ehlo_or_helo_if_needed()
            if server.user is not None:
                session.login(server.user, server.password or "")
            on_failure.pop_all()
        return session

    def _start_timer(self) -> None:
        self._timer = threading.Timer(REST_SECONDS, self._close_rested)
        self._timer.daemon = True
        self._timer.start()

    def _close_rested(self) -> None:
        with self._lock:
            now = time.monotonic()
            ended = [session for until, session in self._resting if until <= now]
            self._resting = [rest for rest in self._resting if rest[0] > now]
            self._timer = None
            if self._resting:
                self._start_timer()
        for session in ended:
            with contextlib.suppress(smtplib.SMTPException, OSError):
                session.quit()
            session.close()
