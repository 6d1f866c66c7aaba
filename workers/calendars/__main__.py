"""What `python -m workers.calendars` does: read one calendar, in a process of its own.

What strangers have written is fetched, parsed and expanded here, with a minute's work and a
gigabyte at most and no way to the database, so that no file can do more than fail. A job comes as
JSON on stdin, what came of it goes as JSON to stdout: {"error"}, {} for nothing new, or what
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
    """Read what the job says."""
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
    """What came of a job.

    Raises:
        Unreadable: it cannot be read.
    """
    if job["url"] is None:
        fetched: Fetched | None = Fetched(job["content"].encode(), Version())
    else:
        known = Version(job["etag"], job["last_modified"])
        fetched = Fetcher(job["private_hosts"]).fetch(job["url"], known)
    if fetched is None:
        return {}
    start, stop = (datetime.datetime.fromisoformat(job[key]) for key in ("from_at", "to_at"))
    busy = busy_time(fetched.content, start=start, stop=stop, time_zone=job.get("time_zone", "UTC"))
    return {
        **busy.as_json(),
        "etag": fetched.version.etag,
        "last_modified": fetched.version.last_modified,
    }


if __name__ == "__main__":
    main()
