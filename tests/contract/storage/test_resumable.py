"""Resumable uploads: by the unmodified clients of tus, and step by step."""

from __future__ import annotations

import base64
import io
import uuid
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from tusclient.client import TusClient

from tests.contract.storage.conftest import Files, story

PART = 6 * 2**20
TUS = {"Tus-Resumable": "1.0.0"}
CHUNK = {**TUS, "Content-Type": "application/offset+octet-stream"}


def told(**values: str) -> str:
    """Upload-Metadata."""
    return ",".join(f"{k} {base64.b64encode(v.encode()).decode()}" for k, v in values.items())


def begin(
    client: httpx.Client, bucket: str, name: str, length: int, **headers: str
) -> httpx.Response:
    """Create an upload."""
    metadata = told(bucketName=bucket, objectName=name, contentType="text/plain")
    more = {"Upload-Length": str(length), "Upload-Metadata": metadata, **TUS, **headers}
    return client.post("/upload/resumable", headers=more)


def send(client: httpx.Client, url: str, offset: int, content: bytes) -> httpx.Response:
    """Send the next bytes."""
    headers = {**CHUNK, "Upload-Offset": str(offset)}
    return client.patch(_absolute(client, url), content=content, headers=headers)


def look(client: httpx.Client, url: str) -> httpx.Response:
    """Ask how far an upload is."""
    return client.head(_absolute(client, url), headers=TUS)


def _absolute(client: httpx.Client, url: str) -> str:
    return str(client.base_url.join(url))


def test_tus_js_client_stops_and_goes_on(files: Files) -> None:
    name, size = f"{files.ada}/film-{uuid.uuid4()}.mp4", 14_000_000
    story(
        "tus.mjs",
        {
            "url": files.url,
            "token": files.stack.token(files.ada),
            "bucket": files.private,
            "name": name,
            "size": size,
            "stopAt": PART,
        },
    )
    expected = bytes((i * 7 + (i >> 12)) % 251 for i in range(size))
    assert files.bytes_of(files.private, name) == expected
    ((metadata, own, owner),) = files.rows(
        "select metadata, user_metadata, owner_id from storage.objects where name = %s", name
    )
    assert (metadata["mimetype"], metadata["cacheControl"]) == ("video/mp4", "max-age=3600")
    assert (metadata["size"], own, owner) == (size, {"from": "tus"}, files.ada)
    files.require_whole()
    files.collect()
    files.require_whole()


@pytest.mark.parametrize("chunk_size", [PART, 1_000_000, None])
def test_tuspy_sends_chunks_of_any_size(files: Files, chunk_size: int | None) -> None:
    content = bytes(range(256)) * 40_000
    name = f"{files.ada}/tuspy-{chunk_size}"
    headers = {"Authorization": f"Bearer {files.stack.token(files.ada)}", "x-upsert": "true"}
    uploader = TusClient(f"{files.url}/upload/resumable", headers).uploader(
        file_stream=io.BytesIO(content),
        metadata={"bucketName": files.private, "objectName": name},
        **({"chunk_size": chunk_size} if chunk_size else {}),
    )
    uploader.upload()
    assert files.bytes_of(files.private, name) == content
    files.require_whole()


def test_step_by_step(files: Files) -> None:
    name = f"{files.ada}/steps-{uuid.uuid4()}"
    with files.client(files.ada) as ada:
        created = begin(ada, files.private, name, 10)
        assert created.status_code == 201
        url = created.headers["location"]
        assert created.headers["upload-expires"].endswith("GMT")
        assert send(ada, url, 0, b"hello").headers["upload-offset"] == "5"
        found = look(ada, url)
        assert (found.headers["upload-offset"], found.headers["upload-length"]) == ("5", "10")
        assert told(bucketName=files.private) in found.headers["upload-metadata"]
        assert found.headers["cache-control"] == "no-store"
        assert send(ada, url, 4, b"oworld").status_code == 409
        assert send(ada, url, 5, b"world!").status_code == 400
        assert look(ada, url).headers["upload-offset"] == "5"
        done = send(ada, url, 5, b"world")
        assert (done.status_code, done.headers["upload-offset"]) == (204, "10")
        assert look(ada, url).headers["upload-offset"] == "10", "it is known after its end"
        assert send(ada, url, 10, b"").status_code == 409
        assert ada.delete(_absolute(ada, url), headers=TUS).status_code == 400
        assert ada.get(f"/object/{files.private}/{name}").content == b"helloworld"


def test_an_empty_file_is_there_at_once(files: Files) -> None:
    name = f"{files.ada}/empty-{uuid.uuid4()}"
    with files.client(files.ada) as ada:
        assert begin(ada, files.private, name, 0).status_code == 201
    assert files.bytes_of(files.private, name) == b""


def test_what_is_wrong_is_said_at_once(files: Files) -> None:
    with files.client(files.ada) as ada:
        mine = f"{files.ada}/x-{uuid.uuid4()}"
        assert begin(ada, files.private, f"{files.bob}/x", 5).status_code == 403
        assert begin(ada, "nowhere", mine, 5).status_code == 404
        assert begin(ada, files.private, mine, 10**12).status_code == 413
        assert begin(ada, files.private, "😀", 5).status_code == 400
        wrong = {"Upload-Metadata": "bucketName ???"}
        assert begin(ada, files.private, mine, 5, **wrong).status_code == 400
        assert begin(ada, files.private, mine, 5, **{"Upload-Length": "many"}).status_code == 400
        old = begin(ada, files.private, mine, 5, **{"Tus-Resumable": "0.2.0"})
        assert (old.status_code, old.headers["tus-resumable"]) == (412, "1.0.0")
        url = begin(ada, files.private, mine, 5).headers["location"]
        kind = {**TUS, "Upload-Offset": "0", "Content-Type": "text/plain"}
        assert ada.patch(_absolute(ada, url), content=b"x", headers=kind).status_code == 415
        for version in (uuid.uuid4(), "none"):
            assert look(ada, f"/storage/v1/upload/resumable/{version}").status_code == 404
    described = httpx.options(f"{files.url}/upload/resumable")
    assert described.headers["tus-extension"].split(",")[0] == "creation"


def test_nobody_continues_the_upload_of_another(files: Files) -> None:
    with files.client(files.ada) as ada, files.client(files.bob) as bob:
        name = f"{files.ada}/mine-{uuid.uuid4()}"
        url = begin(ada, files.private, name, 5).headers["location"]
        for other in (bob, files.client(None)):
            assert look(other, url).status_code == 404
            assert send(other, url, 0, b"stole").status_code == 404
            assert other.delete(_absolute(other, url), headers=TUS).status_code == 404
        assert httpx.head(_absolute(ada, url), headers=TUS).status_code == 400
        assert send(ada, url, 0, b"whole").status_code == 204
        assert look(bob, url).status_code == 404


def test_of_two_who_send_the_same_bytes_one_succeeds(files: Files) -> None:
    name = f"{files.ada}/twice-{uuid.uuid4()}"
    content = b"x" * 3_000_000
    with files.client(files.ada) as ada:
        url = begin(ada, files.private, name, len(content)).headers["location"]
        with ThreadPoolExecutor(4) as threads:
            answers = list(threads.map(lambda _: send(ada, url, 0, content).status_code, range(4)))
    assert 204 in answers
    assert set(answers) <= {204, 409, 404}
    assert files.bytes_of(files.private, name) == content
    files.require_whole()


def test_a_signed_upload_may_be_resumable(files: Files) -> None:
    name = f"{files.ada}/signed-{uuid.uuid4()}"
    with files.client(files.ada) as ada:
        token = ada.post(f"/object/upload/sign/{files.private}/{name}").json()["token"]
    signed = {**TUS, "x-signature": token}
    with httpx.Client(base_url=files.url) as anyone:
        metadata = told(bucketName=files.private, objectName=name)
        headers = {**signed, "Upload-Length": "6", "Upload-Metadata": metadata}
        created = anyone.post("/upload/resumable/sign", headers=headers)
        assert created.status_code == 201, created.text
        url = _absolute(anyone, created.headers["location"])
        more = {**CHUNK, **signed, "Upload-Offset": "0"}
        assert (
            anyone.patch(url, content=b"x", headers={**more, "x-signature": ""}).status_code == 400
        )
        assert anyone.patch(url, content=b"signed", headers=more).status_code == 204
        again = anyone.post("/upload/resumable/sign", headers=headers)
        assert again.status_code == 409
    assert files.bytes_of(files.private, name) == b"signed"


def test_an_upload_that_has_expired_is_gone_and_collected(files: Files) -> None:
    with files.client(files.ada) as ada:
        url = begin(ada, files.private, f"{files.ada}/late-{uuid.uuid4()}", 9).headers["location"]
        send(ada, url, 0, b"some")
        files.rows(
            "update storage.resumable_uploads set expires_at = now() where version = %s",
            url.rpartition("/")[2],
        )
        assert look(ada, url).status_code == 404
        assert send(ada, url, 4, b"more!").status_code == 404
    files.collect()
    assert files.rows("select from storage.resumable_uploads") == []
    files.require_whole()
