"""Names that somebody might mean badly."""

from __future__ import annotations

import http.client
from urllib.parse import urlsplit

import pytest

from tests.contract.storage.conftest import Files, blob_folder

# As they stand in the request line → the name that is stored.
STORED = {
    "a/../b": "a/../b",
    "%2e%2e/%2e%2e/etc": "../../etc",
    "..%2f..%2fpasswd": "../../passwd",
    "/leading": "/leading",
    "//two": "//two",
    "a//b": "a//b",
    "a/./b": "a/./b",
    "with%20space": "with space",
    "q%3Fmark": "q?mark",
    "plus+and&": "plus+and&",
    "x" * 1024: "x" * 1024,
}
REFUSED = (
    "nul%00",
    "%f0%9f%98%80",
    "%ff",
    "y" * 1025,
    "per%25cent",
    "back%5cslash",
    "%3Ch1%3E",
    "a%0Ab",
)


def ask(files: Files, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
    """A request whose line is sent exactly as it is written."""
    key = files.stack.endpoints.service_role_key
    connection = http.client.HTTPConnection(urlsplit(files.url).netloc, timeout=120)
    headers = {"Authorization": f"Bearer {key}", "x-upsert": "true", "Content-Type": "text/plain"}
    connection.request(method, f"/storage/v1/object/{path}", body or None, headers)
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, content


@pytest.mark.parametrize("written", list(STORED), ids=lambda text: text[:20])
def test_a_name_is_stored_as_it_is_and_is_no_path(files: Files, written: str) -> None:
    status, text = ask(files, "POST", f"{files.public}/{written}", b"here")
    assert status == 200, text
    found = files.rows(
        "select name from storage.objects where bucket_id = %s and name = %s",
        files.public,
        STORED[written],
    )
    assert found == [(STORED[written],)]
    assert ask(files, "GET", f"{files.public}/{written}") == (200, b"here")
    folder = blob_folder(files.stack)
    assert {path.parent.parent for path in folder.glob("*/*/*")} == {folder / "objects"}


@pytest.mark.parametrize("written", REFUSED, ids=lambda text: text[:20])
@pytest.mark.parametrize("method", ["POST", "GET", "DELETE"])
def test_a_name_that_cannot_be_is_refused(files: Files, method: str, written: str) -> None:
    body = b"here" if method == "POST" else b""
    status, text = ask(files, method, f"{files.public}/{written}", body)
    assert status in (400, 404), text
    assert b'"statusCode":"40' in text, text
    assert b"Traceback" not in text


def test_a_request_that_climbs_out_of_the_api_ends_there(files: Files) -> None:
    for path in ("../../../etc/passwd", "%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd"):
        status, text = ask(files, "GET", f"{files.public}/{path}")
        assert status in (400, 404)
        assert b"root:" not in text


def test_nobody_asks_the_gateway_for_bytes(files: Files) -> None:
    ask(files, "POST", f"{files.private}/guarded", b"guarded")
    ((version,),) = files.rows("select version from storage.objects where name = 'guarded'")
    with files.client(None) as anyone:
        for path in (f"/.blobs/objects/{version[:2]}/{version}", "/.blobs/", "/.s3/"):
            answer = anyone.get(files.stack.endpoints.api_url + path)
            assert answer.status_code == 404, path


def test_names_in_bodies_are_as_strict(files: Files) -> None:
    with files.operator() as operator:
        for name in ("nul\0", "😀", "y" * 1025, "", 7):
            moved = {"bucketId": files.public, "sourceKey": "x", "destinationKey": name}
            assert operator.post("/object/move", json=moved).json()["statusCode"] == "400"
            assert operator.post("/object/copy", json=moved).json()["statusCode"] == "400"
        listed = operator.post(f"/object/list/{files.public}", json={"prefix": "a\0"})
        assert listed.json()["statusCode"] == "400"
        signed = {"expiresIn": 60, "paths": ["nul\0", "../x"]}
        assert len(operator.post(f"/object/sign/{files.public}", json=signed).json()) == 2
