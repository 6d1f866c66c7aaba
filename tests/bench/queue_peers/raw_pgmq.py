"""The limit: pgmq read and deleted in batches, by a loop that does nothing else."""

from __future__ import annotations

import sys
import time

import meter
import psycopg
from psycopg import sql

BATCH = 100
READ = sql.SQL("select msg_id, message from pgmq.read('bench', 60, %s)")
DELETE = sql.SQL("select pgmq.delete('bench', %s::bigint[])")

meter.watch()
with psycopg.connect(sys.argv[1], autocommit=True, prepare_threshold=1) as connection:
    connection.execute("set synchronous_commit = off")
    while True:
        rows = connection.execute(READ, (BATCH,)).fetchall()
        for _ in rows:
            meter.done()
        if rows:
            connection.execute(DELETE, ([msg_id for msg_id, _ in rows],))
        else:
            time.sleep(0.01)
