"""Unmodified clients of Storage: each method with success and with its typed error."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from storage3 import SyncStorageClient
from storage3.exceptions import StorageApiError

from tests.contract.storage.conftest import Files, story


def test_storage_js_does_all_that_it_can(files: Files) -> None:
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


@pytest.fixture(name="storage", scope="module")
def _storage(files: Files) -> SyncStorageClient:
    """The client as the operator."""
    key = files.stack.endpoints.service_role_key
    return SyncStorageClient(files.url + "/", {"apikey": key, "Authorization": f"Bearer {key}"})


@pytest.fixture(name="bucket", scope="module")
def _bucket(storage: SyncStorageClient) -> str:
    """A bucket with some objects."""
    name = f"py-{uuid.uuid4().hex[:8]}"
    storage.create_bucket(name, options={"public": True, "file_size_limit": 1000})
    files = storage.from_(name)
    for path in ("a/one.txt", "a/two.txt"):
        files.upload(path, path.encode(), {"content-type": "text/plain", "metadata": {"n": path}})
    return name


def refusal(call: Callable[[], Any]) -> tuple[str, str]:
    """The status and the code with which a call is refused."""
    with pytest.raises(StorageApiError) as refused:
        call()
    return str(refused.value.status), refused.value.code


def test_buckets(storage: SyncStorageClient, bucket: str) -> None:
    found = storage.get_bucket(bucket)
    assert (found.id, found.public, found.file_size_limit) == (bucket, True, 1000)
    assert bucket in [one.name for one in storage.list_buckets()]
    assert storage.update_bucket(bucket, {"public": True}) == {"message": "Successfully updated"}
    assert refusal(lambda: storage.get_bucket("nowhere")) == ("404", "Bucket not found")
    assert refusal(lambda: storage.create_bucket(bucket)) == ("409", "Duplicate")
    assert refusal(lambda: storage.update_bucket("nowhere", {})) == ("404", "Bucket not found")
    assert refusal(lambda: storage.empty_bucket("nowhere")) == ("404", "Bucket not found")
    assert refusal(lambda: storage.delete_bucket("nowhere")) == ("404", "Bucket not found")
    assert refusal(lambda: storage.delete_bucket(bucket)) == ("409", "ResourceNotEmpty")
    other = f"{bucket}-2"
    storage.create_bucket(other)
    storage.from_(other).upload("x", b"x")
    storage.empty_bucket(other)
    assert storage.delete_bucket(other) == {"message": "Successfully deleted"}


def test_a_statement_that_is_prepared_by_now_asks_as_everybody(storage: SyncStorageClient) -> None:
    """PostgreSQL plans a statement for all values after its tenth run on a connection."""
    for number in range(20):
        storage.create_bucket(f"prepared-{number}")
        storage.delete_bucket(f"prepared-{number}")


def test_uploads(storage: SyncStorageClient, bucket: str, tmp_path: Path) -> None:
    files = storage.from_(bucket)
    path = tmp_path / "file.bin"
    path.write_bytes(b"from a file")
    assert files.upload("b/file.bin", path).full_path == f"{bucket}/b/file.bin"
    assert refusal(lambda: files.upload("b/file.bin", b"again")) == ("409", "Duplicate")
    files.upload("b/file.bin", b"upserted", {"upsert": "true"})
    assert files.download("b/file.bin") == b"upserted"
    files.update("b/file.bin", b"updated")
    assert files.download("b/file.bin") == b"updated"
    assert refusal(lambda: files.upload("b/big", b"x" * 1001)) == ("413", "Payload too large")
    assert refusal(lambda: files.update("b/big", b"x" * 1001)) == ("413", "Payload too large")
    signed = files.create_signed_upload_url("b/signed.txt")
    assert files.upload_to_signed_url("b/signed.txt", signed["token"], b"signed").path
    again = refusal(lambda: files.upload_to_signed_url("b/signed.txt", signed["token"], b"x"))
    assert again == ("409", "Duplicate")
    taken = refusal(lambda: files.create_signed_upload_url("b/signed.txt"))
    assert taken == ("409", "Duplicate")


def test_reads(storage: SyncStorageClient, bucket: str) -> None:
    files = storage.from_(bucket)
    assert files.download("a/one.txt") == b"a/one.txt"
    assert refusal(lambda: files.download("a/none")) == ("404", "not_found")
    assert files.info("a/one.txt")["metadata"] == {"n": "a/one.txt"}
    assert refusal(lambda: files.info("a/none")) == ("404", "not_found")
    assert files.exists("a/one.txt")
    assert not files.exists("a/none")
    assert httpx.get(files.get_public_url("a/one.txt")).content == b"a/one.txt"
    signed = files.create_signed_url("a/one.txt", 60, {"download": "x.txt"})["signedURL"]
    assert httpx.get(str(signed)).headers["content-disposition"].startswith("attachment")
    assert refusal(lambda: files.create_signed_url("a/none", 60)) == ("404", "not_found")
    good, bad = files.create_signed_urls(["a/two.txt", "a/none"], 60)
    assert httpx.get(str(good["signedURL"])).content == b"a/two.txt"
    assert bad["signedURL"] is None
    assert refusal(lambda: files.create_signed_urls([], 60)) == ("400", "Error")


def test_lists(storage: SyncStorageClient, bucket: str) -> None:
    files = storage.from_(bucket)
    assert [one["name"] for one in files.list("a")] == ["one.txt", "two.txt"]
    wrong = {"sortBy": {"column": "color", "order": "asc"}}
    assert refusal(lambda: files.list("a", wrong)) == ("400", "Error")  # type: ignore[arg-type]
    page = files.list_v2({"prefix": "a/", "limit": 1})
    assert (page.hasNext, page.objects[0].key) == (True, "a/one.txt")
    following = files.list_v2({"prefix": "a/", "limit": 1, "cursor": str(page.nextCursor)})
    assert (following.hasNext, following.objects[0].key) == (False, "a/two.txt")
    assert refusal(lambda: files.list_v2({"cursor": "?"})) == ("400", "InvalidParameter")


def test_changes(storage: SyncStorageClient, bucket: str) -> None:
    files = storage.from_(bucket)
    files.upload("c/one", b"1")
    assert files.copy("c/one", "c/two")["Key"] == f"{bucket}/c/two"
    assert refusal(lambda: files.copy("c/none", "c/three")) == ("404", "not_found")
    assert files.move("c/two", "c/three")["message"] == "Successfully moved"
    assert refusal(lambda: files.move("c/two", "c/four")) == ("404", "not_found")
    assert [row["name"] for row in files.remove(["c/one", "c/none"])] == ["c/one"]
    assert refusal(lambda: files.remove([])) == ("400", "Error")


def test_every_error_has_the_four_parts(files: Files) -> None:
    with files.client(files.ada) as client:
        for answer in (
            client.get("/bucket/nowhere"),
            client.get(f"/object/{files.private}/nothing"),
            client.post(f"/object/{files.private}/elsewhere/x", content=b"x"),
            client.post("/object/move", json={}),
            client.post("/object/move", content=b"{"),
        ):
            assert answer.status_code == 400, answer.text
            assert set(answer.json()) == {"statusCode", "code", "error", "message"}
            assert answer.headers["cache-control"] == "no-store"


def test_a_request_without_a_token_is_told_so(files: Files) -> None:
    answer = httpx.get(f"{files.url}/bucket")
    assert answer.status_code == 400
    assert answer.json()["message"] == "headers must have required property 'authorization'"
    assert urlsplit(files.url).path == "/storage/v1"
    assert json.loads(answer.text)["statusCode"] == "400"
