"""The WebSocket of a client below ASGI: frames are written at once, never queued without end.

ASGI's `send` waits while a client does not read, so every broadcast would need a queue and a task
for each socket. Writing to the transport needs neither: what a client has not read lies in its
buffer, whose size is known, and a socket that leaves too much unread is closed with a reason.
"""

from __future__ import annotations

from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

GRACE = 5.0  # seconds in which a client may read what was sent before the close
TOO_SLOW = 1013  # Try Again Later; clients reconnect after any code but 1000
KEY = "frontdesk.websocket"


class Protocol(WebSocketsSansIOProtocol):
    """Uvicorn's protocol, which the application finds in its scope."""

    max_unsent = 2**20

    def handle_connect(self, event: Request) -> None:
        """Start the application, as uvicorn does; it runs after this returns."""
        super().handle_connect(event)
        scope: Any = getattr(self, "scope", None)
        if scope is not None:
            scope["extensions"][KEY] = self

    def push(self, frame: bytes) -> None:
        """Write an encoded frame, or close the socket when its client reads too slowly."""
        if self.close_sent or self.transport.is_closing():
            return
        self.transport.write(frame)
        if self.transport.get_write_buffer_size() > self.max_unsent:
            self.end(TOO_SLOW, "The client reads too slowly; connect again.")

    def refused(self) -> None:
        """Tell uvicorn that a refused handshake is answered; it would log that it was forgotten."""
        self.handshake_complete = True

    def end(self, code: int, reason: str) -> None:
        """Close with a code and a reason of at most 123 bytes, and cut whoever does not answer."""
        if self.close_sent or self.transport.is_closing():
            return
        self.conn.send_close(code, reason)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.close_timer = self.loop.call_later(GRACE, self.transport.abort)
        if self.read_paused:  # or the client's own close would never be read
            self.read_paused = False
            self.transport.resume_reading()
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
