"""The edge is killed in the middle of uploads, and the disk becomes full."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from tests.contract.storage.conftest import Files, blob_folder, files_on
from tests.harness.stack import RunningStack
from tests.harness.waiting import wait_until


@pytest.fixture(name="files", scope="module")
def _files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Files]:
    """A stack of its own, which may be hurt."""
    folder = tmp_path_factory.mktemp("hurt") / "state"
    with RunningStack.start(folder) as stack, files_on(stack) as found:
        yield found


@dataclass
class Uploader:
    """Somebody who uploads one file after another, and keeps what was acknowledged."""

    files: Files
    number: int
    acknowledged: dict[str, bytes] = field(default_factory=dict)
    tried: set[str] = field(default_factory=set)
    stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Upload new objects, and every third time upsert one that all upload."""
        with self.files.operator() as client:
            for turn in range(100_000):
                if self.stop.is_set():
                    return
                name = "shared" if turn % 3 == 0 else f"{self.number}/{uuid.uuid4()}"
                content = uuid.uuid4().bytes * 60_000
                self.tried.add(name)
                with contextlib.suppress(httpx.HTTPError):
                    answer = client.put(f"/object/{self.files.public}/{name}", content=content)
                    if answer.status_code == 200 and name != "shared":
                        self.acknowledged[name] = content


@dataclass
class Edge:
    """The edge of a stack whose supervisor does not look: it starts again at once."""

    arguments: list[bytes]
    environment: dict[bytes, bytes]
    user: int
    group: int
    pid: int
    process: subprocess.Popen[bytes] | None = None

    @classmethod
    def of(cls, stack: RunningStack) -> Edge:
        """The edge that runs now."""
        pid = stack.pid("edge")
        place = Path(f"/proc/{pid}")
        pairs = (place / "environ").read_bytes().rstrip(b"\0").split(b"\0")
        owner = place.stat()
        return cls(
            arguments=(place / "cmdline").read_bytes().rstrip(b"\0").split(b"\0"),
            environment=dict(pair.partition(b"=")[::2] for pair in pairs),
            user=owner.st_uid,
            group=owner.st_gid,
            pid=pid or 0,
        )

    def kill_and_start(self) -> None:
        """Kill it (-9), and start it as it was started."""
        os.kill(self.pid, signal.SIGKILL)
        if self.process:
            self.process.wait()
        who = {} if os.geteuid() else {"user": self.user, "group": self.group}
        self.process = subprocess.Popen(
            self.arguments,
            env=self.environment,
            cwd="/",
            **who,  # type: ignore[call-overload]
        )
        self.pid = self.process.pid

    def __enter__(self) -> None:
        """Nothing is to be done before the first kill."""

    def __exit__(self, *_failure: object) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()


def answers(files: Files) -> bool:
    """Whether Storage answers."""
    with files.operator() as client:
        return client.get("/bucket").status_code == 200


def upload_while_the_edge_is_killed(files: Files, *, kills: int) -> None:
    """Kill the edge again and again, each time with uploads under way."""
    uploaders = [Uploader(files, number) for number in range(4)]
    threads = [threading.Thread(target=uploader.run) for uploader in uploaders]
    for thread in threads:
        thread.start()
    edge = Edge.of(files.stack)
    under_way = "select count(*) >= 2 from storage.leftovers where delete_after > now() + '1 hour'"
    try:
        with files.stack.left_alone(), edge:
            for _ in range(kills):
                before = sum(len(uploader.acknowledged) for uploader in uploaders)

                def has_moved_on(before: int = before) -> bool:
                    done = sum(len(uploader.acknowledged) for uploader in uploaders)
                    return done > before and files.rows(under_way) == [(True,)]

                wait_until(has_moved_on)
                edge.kill_and_start()
    finally:
        for uploader in uploaders:
            uploader.stop.set()
        for thread in threads:
            thread.join()
    wait_until(lambda: answers(files))
    for uploader in uploaders:
        for name, content in uploader.acknowledged.items():
            assert files.bytes_of(files.public, name) == content, "acknowledged and not there"
    shared = files.bytes_of(files.public, "shared")
    assert shared == shared[:16] * 60_000, "a body of two uploads"
    files.require_whole()
    files.collect()
    files.require_whole()
    assert not list(blob_folder(files.stack).glob("drafts/*")), "a draft that nobody collects"


def test_no_kill_of_the_edge_leaves_a_half_object(files: Files) -> None:
    upload_while_the_edge_is_killed(files, kills=3)


@pytest.mark.root
def test_a_full_disk_stores_nothing_by_halves(files: Files) -> None:
    folder = blob_folder(files.stack)
    owner = folder.stat()
    options = f"size=8m,mode=700,uid={owner.st_uid},gid={owner.st_gid}"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], check=True)
    name = f"full-{uuid.uuid4()}"
    path = f"/object/{files.public}/{name}"
    try:
        with files.operator() as client:
            refused = client.post(path, content=b"x" * 20_000_000)
            assert (refused.status_code, refused.json()["code"]) == (500, "InternalError")
            assert client.get(path).json()["code"] == "NoSuchKey"
            assert not [found for found in folder.rglob("*") if found.is_file()]
            assert client.post(path, content=b"y" * 1_000_000).status_code == 200
            assert client.get(path).content == b"y" * 1_000_000
            client.delete(path)
    finally:
        subprocess.run(["umount", folder], check=True)
