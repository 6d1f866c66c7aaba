"""`python -m workers.calendars` reads one calendar in a process of its own.

This process fetches, parses and expands the text of strangers. It has limits of time and memory and
no access to the database, so a file can make it fail and nothing else. It reads a job as JSON from
stdin and writes the outcome as JSON to stdout: {"error"}, {} when nothing is new, or what
catalog.finish_import takes.
"""

from __future__ import annotations

import datetime
import json
import resource
import sys
from typing import Any

from workers.calendars.expanding import busy_time
from workers.calendars.fetching import Fetched, Fetcher, Version
from workers.calendars.unreadable import Unreadable

MEMORY = 1024**3  # bytes
SECONDS = 25  # of the processor


def main() -> None:
    """Do the job on stdin."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    job = json.load(sys.stdin)
    try:
        outcome = read(job)
    except Unreadable as error:
        outcome = {"error": str(error)}
    except MemoryError:
        outcome = {"error": "It is too large to be understood."}
    json.dump(outcome, sys.stdout)


def read(job: dict[str, Any]) -> dict[str, Any]:
    """Return the outcome of a job.

    Raises:
        Unreadable: the calendar cannot be read.
    """
    if job["url"] is None:
        fetched: Fetched | None = Fetched(job["content"].encode(), Version())
    else:
        known = Version(job["etag"], job["last_modified"])
        fetched = Fetcher(job["private_hosts"]).fetch(job["url"], known)
    if fetched is None:
        return {}
    start, stop = (datetime.datetime.fromisoformat(job[key]) for key in ("from_at", "to_at"))
    busy = busy_time(fetched.content, start=start, stop=stop, time_zone=job["time_zone"])
    return {
        **busy.as_json(),
        "etag": fetched.version.etag,
        "last_modified": fetched.version.last_modified,
    }


if __name__ == "__main__":
    main()
