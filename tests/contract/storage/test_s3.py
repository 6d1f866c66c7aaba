"""The whole protocol with the bytes on an S3 server, also when that server fails."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator

import httpx
import pytest

from cli.options import DEFAULT_CONFIG
from tests.contract.storage.conftest import Files, files_on, story
from tests.contract.storage.test_resumable import PART, begin, look, send
from tests.harness.s3 import S3Server, s3_server
from tests.harness.stack import RunningStack
from tests.harness.waiting import wait_until


@pytest.fixture(name="server", scope="module")
def _server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with s3_server(tmp_path_factory.mktemp("s3") / "bytes") as found:
        yield found


@pytest.fixture(name="files", scope="module")
def _files(server: S3Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Files]:
    """A stack of its own whose bytes lie there."""
    folder = tmp_path_factory.mktemp("stack")
    lines = [f"{name} = {json.dumps(value)}" for name, value in server.settings.items()]
    config = folder / "config.toml"
    table = "\n[frontdesk.storage.s3]\nenabled = true\n"
    config.write_text(DEFAULT_CONFIG.read_text() + table + "\n".join(lines) + "\n")
    with (
        RunningStack.start(folder / "state", "--config", config) as stack,
        files_on(stack) as found,
    ):
        yield found


@pytest.fixture(autouse=True)
def _healed(server: S3Server) -> Iterator[None]:
    yield
    server.fault = "none"


def require_whole(files: Files, server: S3Server) -> None:
    """No row is without its bytes, and what no row refers to is written down as left over."""
    stored = {key.rpartition("/")[2] for key in server.keys()}  # noqa: SIM118
    rows = {v for (v,) in files.rows("select version from storage.objects") if v}
    left = {v for (v,) in files.rows("select version from storage.leftovers")}
    assert rows <= stored, "a row without its bytes"
    assert {v for v in stored if not v.startswith(".")} - rows <= left


def test_storage_js_finds_no_difference(files: Files, server: S3Server) -> None:
    endpoints = files.stack.endpoints
    told = {
        "url": endpoints.api_url,
        "key": endpoints.anon_key,
        "serviceKey": endpoints.service_role_key,
        "adaToken": files.stack.token(files.ada),
        "ada": files.ada,
        "mark": uuid.uuid4().hex[:8],
        "privateBucket": files.private,
    }
    assert story("storage.mjs", told) == {"done": True}
    require_whole(files, server)
    files.collect()
    require_whole(files, server)


def test_downloads_have_the_headers_of_the_row(files: Files) -> None:
    content = bytes(range(256)) * 100
    with files.operator() as operator:
        headers = {"Content-Type": "image/x-thing", "Cache-Control": "max-age=60"}
        path = f"/object/{files.public}/on/s3.bin"
        assert operator.post(path, content=content, headers=headers).status_code == 200
    url = f"{files.url}/object/public/{files.public}/on/s3.bin"
    answer = httpx.get(url, params={"download": "x"}, headers={"Origin": "https://app.example"})
    assert answer.content == content
    assert answer.headers["content-type"] == "image/x-thing"
    assert answer.headers["cache-control"] == "public, max-age=60"
    assert answer.headers["content-disposition"].startswith("attachment; filename=x;")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert not [name for name in answer.headers if name.startswith("x-amz")]
    assert httpx.head(url).headers["etag"] == answer.headers["etag"]
    part = httpx.get(url, headers={"Range": "bytes=10-19"})
    assert part.content == content[10:20]
    assert part.headers["content-range"] == "bytes 10-19/25600"
    assert httpx.get(url, headers={"If-None-Match": answer.headers["etag"]}).status_code == 304


@pytest.mark.parametrize("fault", ["500", "half request", "half answer"])
@pytest.mark.parametrize("size", [1000, 15_000_000])
def test_an_upload_fails_as_a_whole(files: Files, server: S3Server, fault: str, size: int) -> None:
    name = f"{fault}-{uuid.uuid4()}"
    path = f"/object/{files.public}/{name}"
    with files.operator() as operator:
        server.fault = fault  # type: ignore[assignment]
        refused = operator.post(path, content=b"x" * size)
        server.fault = "none"
        assert (refused.status_code, refused.json()["code"]) == (500, "InternalError")
        assert operator.get(path).json()["code"] == "NoSuchKey"
        require_whole(files, server)
        assert operator.post(path, content=b"y" * size).status_code == 200
    assert files.bytes_of(files.public, name) == b"y" * size
    files.collect()
    require_whole(files, server)


def test_a_download_fails_in_words_of_storage(files: Files, server: S3Server) -> None:
    path = f"/object/{files.public}/away-{uuid.uuid4()}"
    with files.operator() as operator:
        operator.post(path, content=b"x")
        server.fault, server.methods = "500", {"GET"}
        answer = operator.get(path)
        server.fault, server.methods = "none", {"PUT", "POST"}
        assert (answer.status_code, answer.json()["code"]) == (500, "InternalError")
        assert operator.get(path).content == b"x"


def test_what_cannot_be_collected_is_collected_later(files: Files, server: S3Server) -> None:
    name = f"late-{uuid.uuid4()}"
    with files.operator() as operator:
        operator.post(f"/object/{files.public}/{name}", content=b"x")
        operator.delete(f"/object/{files.public}/{name}")
    server.fault, server.methods = "500", {"DELETE"}
    files.rows("update storage.leftovers set delete_after = now()")
    files.rows("select private.emit('tick.storage', '{}'::jsonb)")
    doomed = "select bool_and(doomed_at is not null) and count(*) > 0 from storage.leftovers"
    wait_until(lambda: files.rows(doomed) == [(True,)])
    server.fault, server.methods = "none", {"PUT", "POST"}
    files.collect()
    require_whole(files, server)


def test_a_resumable_upload_goes_on_after_a_fault(files: Files, server: S3Server) -> None:
    name = f"{files.ada}/film-{uuid.uuid4()}"
    content = bytes(range(256)) * 60_000
    with files.client(files.ada) as ada:
        url = begin(ada, files.private, name, len(content)).headers["location"]
        assert send(ada, url, 0, content[:PART]).headers["upload-offset"] == str(PART)
        server.fault = "500"
        assert send(ada, url, PART, content[PART : 2 * PART]).status_code == 500
        server.fault = "none"
        offset = int(look(ada, url).headers["upload-offset"])
        assert offset == PART
        assert send(ada, url, offset, content[offset:]).status_code == 204
    assert files.bytes_of(files.private, name) == content
    require_whole(files, server)
