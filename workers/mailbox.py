"""The local mailbox: a mail server that stores every message as a file and delivers none.

Messages are numbered from 1, and the newest `KEPT` are kept. `frontdesk mail` reads them.
"""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import structlog
from aiosmtpd.smtp import SMTP, Envelope, Session

from workers import log

HOST = "127.0.0.1"
KEPT = 2_000
LARGEST = 32 * 1024 * 1024  # bytes of a message

logger = structlog.get_logger("mailbox")


class Mailbox:
    """Stores messages in a folder, which it creates if needed."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = folder
        self._last = max((int(path.stem) for path in folder.glob("[0-9]*.eml")), default=0)

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """Store a message, completely or not at all."""
        content = envelope.original_content or b""
        try:
            number = self._keep(content)
        except OSError as error:
            logger.error("not_kept", reason=error.strerror)
            return "452 4.3.1 The message could not be written"
        logger.info("kept", number=number, to=envelope.rcpt_tos, bytes=len(content))
        return f"250 2.0.0 Kept as {number}"

    def _keep(self, content: bytes) -> int:
        number = self._last + 1
        draft = self._folder / f".{number}.draft"
        draft.write_bytes(content)
        draft.replace(self._folder / f"{number}.eml")
        self._last = number
        (self._folder / f"{number - KEPT}.eml").unlink(missing_ok=True)
        return number


async def serve(mailbox: Mailbox, *, port: int) -> None:
    """Accept mail on this port of 127.0.0.1 until SIGTERM or SIGINT."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)

    def session() -> SMTP:
        return SMTP(mailbox, enable_SMTPUTF8=True, data_size_limit=LARGEST, hostname="localhost")

    server = await loop.create_server(session, HOST, port)
    logger.info("started", port=port)
    await stop.wait()
    server.close()
    logger.info("stopped")


def main() -> None:
    """Run with the settings of the environment."""
    log.configure()
    mailbox = Mailbox(Path(os.environ["FRONTDESK_MAILBOX_DIR"]))
    asyncio.run(serve(mailbox, port=int(os.environ["FRONTDESK_MAILBOX_PORT"])))


if __name__ == "__main__":
    main()
