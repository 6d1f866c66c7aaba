"""Follows closures as an edge does, and prints a line for each change, until it is killed."""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import dataclass

from workers.edge.realtime import changes
from workers.edge.realtime.interfaces import Change, Notice


@dataclass(frozen=True)
class Login:
    db_url: str


def show(found: Change | Notice) -> None:
    if isinstance(found, Notice):
        line = {"said": found.message}
    else:
        line = {"cursor": found.cursor, "title": json.loads(found.data)["record"]["title"]}
    print(json.dumps(line), flush=True)


async def main() -> None:
    binding = {"event": "INSERT", "schema": "public", "table": "closures"}
    async with changes.running(Login(sys.argv[1])) as feed:
        await feed.subscribe({"role": "service_role"}, [binding], show)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
