"""Storage as its clients use it, with a key of the project. It may be ours or Supabase's."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote

import httpx

from workers.providers.failures import TryLater

PATIENCE = httpx.Timeout(60.0, connect=5.0)


class Missing(Exception):
    """There is no such object."""


class Storage:
    """A pool of connections to one Storage; threads may share it."""

    def __init__(self, url: str, key: str) -> None:
        headers = {"Authorization": f"Bearer {key}", "apikey": key}
        self._client = httpx.Client(base_url=url, headers=headers, timeout=PATIENCE)

    def fetch(self, bucket: str, name: str, target: Path) -> None:
        """Write the bytes of an object into a file.

        Raises:
            Missing: when there is none.
            TryLater: when Storage does not answer as it should.
        """
        path = f"/object/authenticated/{bucket}/{quote(name)}"
        try:
            with self._client.stream("GET", path) as answer:
                _require_success(answer)
                with target.open("wb") as file:
                    for piece in answer.iter_raw():
                        file.write(piece)
        except httpx.HTTPError as error:
            raise TryLater(f"Storage did not answer: {type(error).__name__}.") from None

    def store(self, bucket: str, name: str, source: Path, *, content_type: str, kept: str) -> None:
        """Store a file under a name, in place of what is there. `kept` is its Cache-Control.

        Raises:
            TryLater: as above.
        """
        headers = {"Content-Type": content_type, "Cache-Control": kept, "x-upsert": "true"}
        path = f"/object/{bucket}/{quote(name)}"
        try:
            answer = self._client.post(path, headers=headers, content=source.read_bytes())
            _require_success(answer)
        except httpx.HTTPError as error:
            raise TryLater(f"Storage did not answer: {type(error).__name__}.") from None

    def remove(self, bucket: str, names: Iterable[str]) -> None:
        """Delete objects. Those that there are not are fine.

        Raises:
            TryLater: as above.
        """
        try:
            answer = self._client.request(
                "DELETE", f"/object/{bucket}", json={"prefixes": list(names)}
            )
            _require_success(answer)
        except httpx.HTTPError as error:
            raise TryLater(f"Storage did not answer: {type(error).__name__}.") from None


def _require_success(answer: httpx.Response) -> None:
    if answer.is_success:
        return
    answer.read()
    status = str(answer.status_code)
    if answer.headers.get("content-type", "").startswith("application/json"):
        # Storage's real status is in the body.
        status = str(answer.json().get("statusCode", status))
    if status == "404":
        raise Missing
    raise TryLater(f"Storage answered {status}.")
