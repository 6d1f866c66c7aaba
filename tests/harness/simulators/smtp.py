"""A mail server: SMTP with AUTH, and STARTTLS where it has a certificate."""

from __future__ import annotations

import asyncio
import ssl
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from cli.stack.ports import free_port
from tests.harness.simulators.base import Answer, Received, Simulator

USER, PASSWORD = "frontdesk", "p@ss word"


class SmtpSimulator(Simulator):
    """One account. A planned answer is given to RCPT, or after the data when it `is_taken`.

    With `quits` off, the server never answers to QUIT.
    """

    def __init__(self, *, tls: ssl.SSLContext | None = None, quits: bool = True) -> None:
        super().__init__()
        # The port of each client's connection, and of each that said goodbye.
        self.connections: set[int] = set()
        self.ended: set[int] = set()
        self._quits = quits
        self._planned: Answer | None = None
        self._tls = tls
        self._controller: Controller | None = None

    @property
    def port(self) -> int:
        """Where it listens."""
        assert self._controller is not None, "it is not open"
        return int(self._controller.port)

    @property
    def url(self) -> str:
        scheme = "smtp" if self._tls else "smtp+plain"
        return f"{scheme}://frontdesk:p%40ss%20word@127.0.0.1:{self.port}"

    def refusal(self) -> Answer:
        return Answer(554, "5.7.1 Refused by policy")

    def dead_address(self) -> Answer:
        return Answer(550, "5.1.1 No such user here")

    def busy(self, *, seconds: int) -> Answer:
        return Answer(451, f"4.7.1 Greylisted, try again in {seconds} seconds")

    def broken(self) -> Answer:
        return Answer(421, "4.3.0 Service not available")

    def open(self) -> None:
        self._controller = Controller(
            self,
            hostname="127.0.0.1",
            port=free_port(),
            authenticator=_authenticate,
            auth_required=True,
            auth_require_tls=self._tls is not None,
            tls_context=self._tls,
            require_starttls=self._tls is not None,
            enable_SMTPUTF8=True,
        )
        self._controller.start()

    def close(self) -> None:
        is_open = self._controller is not None and not self._closing.is_set()
        super().close()
        if is_open and self._controller:
            self._controller.stop()

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        address: str,
        _options: list[str],
    ) -> str:
        """Take the recipient, or do what was planned."""
        assert session.peer is not None
        self.connections.add(session.peer[1])
        planned = await asyncio.to_thread(self.called)
        self._planned = planned if planned and planned.is_taken else None
        if planned and not planned.is_taken:
            return _reply(server, planned)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """Take the message."""
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, policy=policy.default)
        text = _text(message)
        self.take(Received(message["Message-ID"], envelope.rcpt_tos[0], text, message))
        planned, self._planned = self._planned, None
        return _reply(server, planned) if planned else "250 OK"

    async def handle_QUIT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, session: Session, _envelope: Envelope
    ) -> str:
        """Say goodbye, or nothing."""
        assert session.peer is not None
        self.ended.add(session.peer[1])
        while not self._quits and not self._closing.is_set():
            await asyncio.sleep(0.05)
        return "221 Bye"


def _reply(server: SMTP, planned: Answer) -> str:
    if planned.drop and isinstance(server.transport, asyncio.Transport):
        server.transport.abort()
    return f"{planned.status} {planned.body}"


def _text(message: Any) -> str:
    assert isinstance(message, EmailMessage)
    part = message.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def _authenticate(
    _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any
) -> AuthResult:
    is_known = isinstance(data, LoginPassword) and (data.login, data.password) == (
        USER.encode(),
        PASSWORD.encode(),
    )
    return AuthResult(success=is_known, handled=False)
