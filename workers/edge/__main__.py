"""The program `python -m workers.edge`."""

import uvicorn

from workers.edge.app import make
from workers.edge.settings import Settings

# Longer than the gateway keeps an idle connection, so that it never writes into a closed one.
KEEP_ALIVE = 30  # seconds

settings = Settings.of_environment()
uvicorn.run(
    make(settings),
    host="127.0.0.1",
    port=settings.port,
    log_level="warning",
    access_log=False,
    timeout_keep_alive=KEEP_ALIVE,
    timeout_graceful_shutdown=5,
)
