"""Downloads: parts, conditions, and what a browser is told."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.contract.storage.conftest import Files

CONTENT = bytes(range(256)) * 40


@pytest.fixture(name="url", scope="module")
def _url(files: Files) -> str:
    with files.operator() as client:
        headers = {"Content-Type": "application/x-thing", "Cache-Control": "max-age=31536000"}
        path = f"/object/{files.public}/down/load.bin"
        assert client.post(path, content=CONTENT, headers=headers).status_code == 200
    return f"{files.url}/object/public/{files.public}/down/load.bin"


@pytest.fixture(name="page")
def _page(files: Files) -> Iterator[httpx.Client]:
    with httpx.Client(headers={"Origin": "https://app.example"}) as client:
        yield client


def test_a_whole_object_may_be_kept_for_long(page: httpx.Client, url: str) -> None:
    answer = page.get(url)
    assert answer.content == CONTENT
    assert answer.headers["content-type"] == "application/x-thing"
    assert answer.headers["cache-control"] == "public, max-age=31536000"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "x-accel-redirect" not in answer.headers
    head = page.head(url)
    for name in ("etag", "last-modified", "content-length", "content-type", "cache-control"):
        assert head.headers[name] == answer.headers[name], name


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("0-0", 0, 0),
        ("10-19", 10, 19),
        ("10200-", 10200, 10239),
        ("-5", 10235, 10239),
        ("0-99999", 0, 10239),
    ],
)
def test_parts(page: httpx.Client, url: str, asked: str, first: int, last: int) -> None:
    answer = page.get(url, headers={"Range": f"bytes={asked}"})
    assert answer.status_code == 206
    assert answer.content == CONTENT[first : last + 1]
    assert answer.headers["content-range"] == f"bytes {first}-{last}/10240"
    tag = answer.headers["etag"]
    same = page.get(url, headers={"Range": f"bytes={asked}", "If-Range": tag})
    assert same.status_code == 206
    changed = page.get(url, headers={"Range": f"bytes={asked}", "If-Range": '"other"'})
    assert (changed.status_code, changed.content) == (200, CONTENT)


def test_a_part_behind_the_end_is_refused(page: httpx.Client, url: str) -> None:
    answer = page.get(url, headers={"Range": "bytes=10240-"})
    assert (answer.json()["code"], answer.json()["statusCode"]) == ("InvalidRange", "416")


def test_conditions(page: httpx.Client, url: str) -> None:
    first = page.get(url)
    tag, modified = first.headers["etag"], first.headers["last-modified"]
    for headers, status in (
        ({"If-None-Match": tag}, 304),
        ({"If-None-Match": f'"x", W/{tag}'}, 304),
        ({"If-None-Match": "*"}, 304),
        ({"If-None-Match": '"x"'}, 200),
        ({"If-Modified-Since": modified}, 304),
        ({"If-Modified-Since": "Mon, 01 Jan 2024 00:00:00 GMT"}, 200),
        ({"If-Modified-Since": "nonsense"}, 200),
        ({"If-None-Match": '"x"', "If-Modified-Since": modified}, 200),
    ):
        answer = page.get(url, headers=headers)
        assert answer.status_code == status, headers
        assert answer.headers["etag"] == tag
        assert answer.content == (b"" if status == 304 else CONTENT)


@pytest.mark.parametrize(
    ("asked", "disposition"),
    [
        ("", "attachment;"),
        ("plan.pdf", "attachment; filename=plan.pdf; filename*=UTF-8''plan.pdf;"),
        (
            'a"\r\nX: y',
            "attachment; filename=a%22%0D%0AX%3A%20y; filename*=UTF-8''a%22%0D%0AX%3A%20y;",
        ),
        ("Grüße", "attachment; filename=Gr%C3%BC%C3%9Fe; filename*=UTF-8''Gr%C3%BC%C3%9Fe;"),
    ],
)
def test_a_download_has_a_name(page: httpx.Client, url: str, asked: str, disposition: str) -> None:
    answer = page.get(url, params={"download": asked})
    assert answer.headers["content-disposition"] == disposition
    assert "x" not in answer.headers


@pytest.mark.parametrize("kind", ["text/html", "TEXT/HTML; charset=utf-8", "application/xhtml+xml"])
def test_a_page_is_shown_as_text(files: Files, page: httpx.Client, kind: str) -> None:
    with files.operator() as client:
        path = f"/object/{files.public}/down/page"
        client.put(path, content=b"<script>alert(1)</script>", headers={"Content-Type": kind})
    answer = page.get(f"{files.url}/object/public/{files.public}/down/page")
    assert answer.headers["content-type"] == "text/plain"


def test_a_drawing_runs_no_script(files: Files, page: httpx.Client) -> None:
    with files.operator() as client:
        headers = {"Content-Type": "image/svg+xml"}
        client.put(f"/object/{files.public}/down/x.svg", content=b"<svg/>", headers=headers)
    answer = page.get(f"{files.url}/object/public/{files.public}/down/x.svg")
    assert "sandbox" in answer.headers["content-security-policy"]


def test_a_type_cannot_break_out_of_its_header(files: Files) -> None:
    with files.operator() as client:
        for kind in ("text", "a/b/c", "text/plain;x=\x7f"):
            path = f"/object/{files.public}/down/kind"
            answer = client.put(path, content=b"x", headers={"Content-Type": kind.encode()})
            assert answer.status_code == 400, kind


def test_a_private_answer_is_kept_by_nobody_else(files: Files) -> None:
    with files.client(files.ada) as ada:
        path = f"/{files.private}/{files.ada}/kept"
        headers = {"Cache-Control": "max-age=60"}
        ada.post(f"/object{path}", content=b"x", headers=headers)
        assert ada.get(f"/object{path}").headers["cache-control"] == "max-age=60"
        url = ada.post(f"/object/sign{path}", json={"expiresIn": 30}).json()["signedURL"]
    answer = httpx.get(files.url + url)
    assert answer.headers["cache-control"].startswith("private, max-age=")
    assert answer.headers["expires"]
