"""The program `python -m workers.edge`."""

import resource

import uvicorn

from workers.edge.app import make
from workers.edge.realtime.protocol import Protocol
from workers.edge.settings import Settings

# Longer than the gateway keeps an idle connection, so that it never writes into a closed one.
KEEP_ALIVE = 30  # seconds

# Every client of Realtime holds a connection, and many systems allow 1,024 unless asked.
_soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

settings = Settings.of_environment()
uvicorn.run(
    make(settings),
    host="127.0.0.1",
    port=settings.port,
    log_level="warning",
    access_log=False,
    timeout_keep_alive=KEEP_ALIVE,
    timeout_graceful_shutdown=5,
    ws=Protocol,
    # Realtime ends silent sockets by their heartbeats. Compression would cost 60 kB a socket.
    ws_ping_interval=None,
    ws_per_message_deflate=False,
    ws_max_size=16 * 2**20,
)
