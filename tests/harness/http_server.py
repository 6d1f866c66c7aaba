"""An HTTP server for tests, to which a crowd may connect at once."""

from __future__ import annotations

from http.server import ThreadingHTTPServer


class HttpServer(ThreadingHTTPServer):
    """A thread for each connection.

    The standard library lets five connections wait; of more, some are reset on a busy machine.
    """

    request_queue_size = 128
    daemon_threads = True
