"""Buckets of two tenants on the running stack, and those who knock at them."""

from __future__ import annotations

import json
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from cli.options import ROOT
from tests.contract.test_clients import node
from tests.harness.stack import RunningStack
from tests.harness.waiting import wait_until

# Users read and write below a folder of their own, as Supabase's guides have it.
POLICIES = """
    create policy "{name}_select" on storage.objects for select to authenticated
    using (bucket_id = '{name}' and (storage.foldername(name))[1] = (select auth.uid()::text));
    create policy "{name}_insert" on storage.objects for insert to authenticated
    with check (bucket_id = '{name}' and (storage.foldername(name))[1] = (select auth.uid()::text));
    create policy "{name}_update" on storage.objects for update to authenticated
    using (bucket_id = '{name}' and (storage.foldername(name))[1] = (select auth.uid()::text));
    create policy "{name}_delete" on storage.objects for delete to authenticated
    using (bucket_id = '{name}' and (storage.foldername(name))[1] = (select auth.uid()::text));
"""


@dataclass
class Files:
    """A stack, a private bucket whose folders belong to users, and a public one."""

    stack: RunningStack
    private: str
    public: str
    ada: str = field(default_factory=lambda: str(uuid.uuid4()))
    bob: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def url(self) -> str:
        """The address of Storage."""
        return self.stack.endpoints.storage_url

    def client(self, user: str | None, **headers: str) -> httpx.Client:
        """HTTP as a user, or as nobody."""
        if user:
            headers["Authorization"] = f"Bearer {self.stack.token(user)}"
        client = self.stack.client(**headers)
        client.base_url = httpx.URL(self.url)
        return client

    def operator(self) -> httpx.Client:
        """HTTP with the operator's key."""
        client = self.stack.client(self.stack.endpoints.service_role_key)
        client.base_url = httpx.URL(self.url)
        return client

    def rows(self, query: str, *arguments: object) -> list[tuple[Any, ...]]:
        """A statement as the database's owner."""
        with psycopg.connect(self.stack.endpoints.db_url, autocommit=True) as connection:
            cursor = connection.execute(query.encode(), arguments or None)
            return cursor.fetchall() if cursor.description else []

    def bytes_of(self, bucket: str, name: str) -> bytes:
        """What the operator downloads."""
        with self.operator() as client:
            answer = client.get(f"/object/{bucket}/{name}")
        assert answer.status_code == 200, answer.text
        return answer.content

    def require_whole(self) -> None:
        """No row is without its bytes, and what no row refers to is written down as left over."""
        folder = blob_folder(self.stack)
        stored = {path.name: path.stat().st_size for path in folder.glob("objects/*/*")}
        drafts = {path.name.rsplit("%", 1)[-1].split(".")[0] for path in folder.glob("drafts/*")}
        rows = self.rows(
            "select version, (metadata ->> 'size')::bigint from storage.objects"
            " where version is not null"
        )
        for version, size in rows:
            assert stored.get(version) == size, "a row without its bytes"
        left = {version for (version,) in self.rows("select version from storage.leftovers")}
        assert (stored.keys() | drafts) - dict(rows).keys() <= left, "bytes that nobody knows of"

    def collect(self) -> None:
        """Wait until the workers have collected what is left over, as if its time had come."""
        self.rows(
            "update storage.leftovers"
            " set delete_after = now(), doomed_at = doomed_at - interval '1 hour'"
        )
        self.rows("select private.emit('tick.storage', '{}'::jsonb)")
        wait_until(lambda: self.rows("select count(*) from storage.leftovers") == [(0,)])


def blob_folder(stack: RunningStack) -> Path:
    """Where the stack keeps its bytes."""
    from cli.stack.account import server_account

    return server_account().folder(stack.state.blobs)


@contextmanager
def files_on(stack: RunningStack) -> Iterator[Files]:
    """New buckets on a stack."""
    mark = uuid.uuid4().hex[:8]
    found = Files(stack, private=f"private-{mark}", public=f"public-{mark}")
    with found.operator() as client:
        for name, public in ((found.private, False), (found.public, True)):
            answer = client.post("/bucket", json={"name": name, "public": public})
            assert answer.status_code == 200, answer.text
    found.rows(POLICIES.format(name=found.private))
    yield found


@pytest.fixture(scope="session")
def files(stack: RunningStack) -> Iterator[Files]:
    """The buckets of the session's stack."""
    with files_on(stack) as found:
        yield found


def story(script: str, told: dict[str, Any]) -> Any:
    """Run a script of Node that gets one object and prints another one."""
    done = subprocess.run(
        [node(), "--experimental-websocket", Path(__file__).with_name(script), json.dumps(told)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
