"""Both places for bytes keep the same promises, also when they fail."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.s3 import BUCKET, S3Server, s3_server
from workers.providers.blobs.folder import Folder
from workers.providers.blobs.protocol import (
    PART,
    Absent,
    Blobs,
    Failed,
    derived_prefix,
    discard,
    object_key,
    put,
)
from workers.providers.blobs.settings import Settings, build

VERSION = "0ad6250d-7088-4167-923a-2a8c1c226a3a"
LARGE = [bytes([n]) * 1_000_000 for n in range(20)]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with s3_server(tmp_path_factory.mktemp("s3") / "bytes") as found:
        yield found


@pytest.fixture(params=["folder", "s3"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Blobs:
    """Each place in turn."""
    if request.param == "folder":
        return build(Settings(folder=tmp_path))
    server: S3Server = request.getfixturevalue("server")
    server.fault = "none"
    return build(Settings.model_validate({"s3": server.settings}))


def content(blobs: Blobs, key: str) -> bytes:
    """The bytes under a key."""
    return b"".join(blobs.read(key))


def is_absent(blobs: Blobs, key: str) -> bool:
    """Whether there are none."""
    try:
        content(blobs, key)
    except Absent:
        return True
    return False


def test_bytes_come_back(blobs: Blobs) -> None:
    stored = put(blobs, "objects/aa/one", [b"hello ", b"world"])
    assert stored.size == 11
    assert stored.tag == hashlib.md5(b"hello world", usedforsecurity=False).hexdigest()
    assert content(blobs, "objects/aa/one") == b"hello world"
    assert b"".join(blobs.read("objects/aa/one", start=6)) == b"world"
    assert b"".join(blobs.read("objects/aa/one", start=2, length=3)) == b"llo"
    assert b"".join(blobs.read("objects/aa/one", start=2, length=0)) == b""
    assert put(blobs, "objects/aa/empty", []).size == 0
    assert content(blobs, "objects/aa/empty") == b""
    assert put(blobs, "objects/aa/large", LARGE).size == 20_000_000
    assert content(blobs, "objects/aa/large") == b"".join(LARGE)


def test_what_is_not_there_is_absent(blobs: Blobs) -> None:
    assert is_absent(blobs, "objects/aa/none")
    with pytest.raises(Absent):
        blobs.copy("objects/aa/none", "objects/aa/other")
    blobs.delete("objects/aa/none")
    blobs.delete_below("derived/aa/none/")


def test_a_copy_stands_alone(blobs: Blobs) -> None:
    put(blobs, "objects/aa/source", LARGE)
    assert blobs.copy("objects/aa/source", "objects/bb/copy").size == 20_000_000
    blobs.delete("objects/aa/source")
    assert is_absent(blobs, "objects/aa/source")
    assert content(blobs, "objects/bb/copy") == b"".join(LARGE)


def test_a_draft_that_is_given_up_leaves_nothing(blobs: Blobs) -> None:
    for pieces in ([b"small"], LARGE):
        draft = blobs.draft("objects/aa/draft")
        for piece in pieces:
            draft.write(piece)
        assert is_absent(blobs, "objects/aa/draft")
        draft.abort()
        assert is_absent(blobs, "objects/aa/draft")


def test_parts_come_together_in_their_order(blobs: Blobs) -> None:
    key = "objects/cc/parts"
    handle = blobs.begin(key)
    if isinstance(blobs, Folder):
        # As S3 itself; rclone takes each part once.
        blobs.add_part(key, handle, 1, b"x" * PART)
    tags = [blobs.add_part(key, handle, 1, b"a" * PART), blobs.add_part(key, handle, 2, b"tail")]
    assert blobs.finish(key, handle, tags).size == PART + 4
    assert blobs.finish(key, handle, tags).size == PART + 4, "again, after a crash"
    assert content(blobs, key) == b"a" * PART + b"tail"


def test_an_upload_that_was_deleted_takes_no_parts(blobs: Blobs) -> None:
    key = "objects/cc/deleted"
    handle = blobs.begin(key)
    tags = [blobs.add_part(key, handle, 1, b"a" * PART)]
    blobs.delete(key)
    with pytest.raises(Absent):
        blobs.add_part(key, handle, 2, b"b")
    with pytest.raises(Absent):
        blobs.finish(key, handle, tags)


def test_an_object_goes_with_all_that_was_derived_from_it(blobs: Blobs) -> None:
    put(blobs, object_key(VERSION), [b"picture"])
    other = VERSION.replace("0ad", "0ae")
    for owner in (VERSION, other):
        for size in ("small.webp", "large.webp"):
            put(blobs, derived_prefix(owner) + size, [b"rendition"])
    discard(blobs, VERSION)
    assert is_absent(blobs, object_key(VERSION))
    assert is_absent(blobs, f"{derived_prefix(VERSION)}small.webp")
    assert content(blobs, f"{derived_prefix(other)}large.webp") == b"rendition"


@pytest.mark.parametrize("key", ["", "../x", "a/../b", "/a", "a/", "a//b", ".a", "a b", "a\0", "ä"])
def test_a_key_that_is_no_path_of_ours_is_a_defect(blobs: Blobs, key: str) -> None:
    for call in (blobs.delete, blobs.draft, blobs.begin, blobs.address, lambda k: [*blobs.read(k)]):
        with pytest.raises(ValueError, match="not a key"):
            call(key)  # type: ignore[operator]


@pytest.mark.parametrize("fault", ["500", "half request", "half answer"])
@pytest.mark.parametrize("pieces", [[b"small"], LARGE], ids=["small", "large"])
def test_a_server_that_fails_stores_nothing_by_halves(
    server: S3Server, fault: str, pieces: list[bytes]
) -> None:
    blobs = build(Settings.model_validate({"s3": server.settings}))
    key = f"objects/ff/{fault.replace(' ', '-')}-{len(pieces)}"
    server.fault = fault  # type: ignore[assignment]
    with pytest.raises(Failed):
        put(blobs, key, pieces)
    server.fault = "none"
    stored = server.folder / BUCKET / key
    assert not stored.exists() or stored.read_bytes() == b"".join(pieces), "all or nothing"
    blobs.delete(key)
    assert is_absent(blobs, key)
    assert put(blobs, key, pieces).size == sum(map(len, pieces))


def test_a_server_that_fails_is_no_absence(server: S3Server) -> None:
    blobs = build(Settings.model_validate({"s3": server.settings}))
    put(blobs, "objects/ff/read", [b"here"])
    server.fault, server.methods = "500", {"GET", "DELETE"}
    try:
        with pytest.raises(Failed):
            content(blobs, "objects/ff/read")
        with pytest.raises(Failed):
            blobs.delete("objects/ff/read")
    finally:
        server.fault, server.methods = "none", {"PUT", "POST"}
    assert content(blobs, "objects/ff/read") == b"here"


def test_a_folder_that_is_gone_fails(tmp_path: Path) -> None:
    blobs = Folder(tmp_path / "gone")
    with pytest.raises(Failed):
        put(blobs, "objects/aa/x", [b"x"])
    with pytest.raises(Failed):
        blobs.begin("objects/aa/x")
