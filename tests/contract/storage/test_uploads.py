"""Uploads that meet each other, or break off."""

from __future__ import annotations

import socket
import uuid
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import httpx

from tests.contract.storage.conftest import Files
from tests.harness.waiting import wait_until


def send_half(files: Files, name: str, *, form: bool = False) -> socket.socket:
    """Begin an upload of 4 MB and send the half of it."""
    address = urlsplit(files.url)
    key = files.stack.endpoints.service_role_key
    kind = "multipart/form-data; boundary=line" if form else "text/plain"
    begin = (
        b'--line\r\nContent-Disposition: form-data; name=""; filename="x"\r\n\r\n' if form else b""
    )
    head = (
        f"POST {address.path}/object/{files.public}/{name} HTTP/1.1\r\nHost: x\r\n"
        f"Authorization: Bearer {key}\r\nContent-Type: {kind}\r\nContent-Length: 4000000\r\n\r\n"
    )
    connection = socket.create_connection((str(address.hostname), int(address.port or 80)))
    connection.sendall(head.encode() + begin + b"x" * 2_000_000)
    return connection


def is_under_way(files: Files) -> bool:
    """Whether a version waits for its row, and is not due."""
    query = "select count(*) from storage.leftovers where delete_after > now() + interval '1 hour'"
    return files.rows(query) != [(0,)]


def test_a_cut_upload_leaves_nothing(files: Files) -> None:
    for form in (False, True):
        name = f"cut-{uuid.uuid4()}"
        connection = send_half(files, name, form=form)
        wait_until(lambda: is_under_way(files))
        connection.close()
        wait_until(lambda: not is_under_way(files))
        assert files.rows("select from storage.objects where name = %s", name) == []
        files.require_whole()
    files.collect()
    files.require_whole()


def test_twenty_uploads_to_one_name_leave_one_row_and_one_body(files: Files) -> None:
    name = f"race-{uuid.uuid4()}"

    def upload(number: int) -> tuple[int, str]:
        with files.operator() as client:
            answer = client.post(f"/object/{files.public}/{name}", content=b"%d" % number * 9999)
            return number, answer.json().get("statusCode", "200")

    with ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(upload, range(20)))
    (winner,) = [number for number, status in answers if status == "200"]
    assert {status for number, status in answers if number != winner} == {"409"}
    assert files.bytes_of(files.public, name) == b"%d" % winner * 9999
    files.require_whole()


def test_twenty_upserts_of_one_name_leave_one_row_and_one_whole_body(files: Files) -> None:
    name = f"race-{uuid.uuid4()}"

    def upload(number: int) -> str:
        with files.operator() as client:
            answer = client.put(f"/object/{files.public}/{name}", content=b"%02d" % number * 9999)
            return str(answer.json().get("Id") or answer.text)

    with ThreadPoolExecutor(20) as threads:
        assert len(set(threads.map(upload, range(20)))) == 1
    found = files.bytes_of(files.public, name)
    assert found == found[:2] * 9999
    files.require_whole()
    files.collect()
    files.require_whole()
    assert files.bytes_of(files.public, name) == found


def test_a_signed_upload_works_once_even_twenty_times_at_once(files: Files) -> None:
    name = f"signed-{uuid.uuid4()}"
    with files.operator() as client:
        signed = client.post(
            f"/object/upload/sign/{files.public}/{name}", headers={"x-upsert": "true"}
        ).json()

    def upload(number: int) -> str:
        answer = httpx.put(files.url + signed["url"], content=b"%d" % number)
        return str(answer.json().get("statusCode", "200"))

    with ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(upload, range(20)))
    assert sorted(answers) == ["200", *["409"] * 19]
    with files.operator() as client:
        client.delete(f"/object/{files.public}/{name}")
    assert upload(99) == "409", "not even when the object is gone"
    files.require_whole()


def test_what_replaced_rows_and_deletes_leave_is_collected(files: Files) -> None:
    name = f"gone-{uuid.uuid4()}"
    with files.operator() as client:
        client.post(f"/object/{files.public}/{name}", content=b"one")
        client.put(f"/object/{files.public}/{name}", content=b"two")
        client.delete(f"/object/{files.public}/{name}")
    files.require_whole()
    files.collect()
    files.require_whole()


def test_sql_cannot_part_rows_from_bytes(files: Files) -> None:
    import psycopg
    import pytest

    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        files.rows("delete from storage.objects")
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState):
        files.rows(
            "insert into storage.objects (bucket_id, name, version) values (%s, 'x', 'never')",
            files.public,
        )


def test_a_refused_upload_is_told_why_although_much_is_still_coming(files: Files) -> None:
    with files.operator() as operator:
        bucket = f"small-{uuid.uuid4().hex[:8]}"
        operator.post("/bucket", json={"name": bucket, "file_size_limit": 10})
        raw = operator.post(f"/object/{bucket}/x", content=b"x" * 20_000_000)
        form = operator.post(f"/object/{bucket}/x", files={"": ("x", b"x" * 20_000_000)})
        empty = operator.post(f"/object/{bucket}/x", data={"cacheControl": "1"}, files={})
    with files.client(files.ada) as ada:
        denied = ada.post(f"/object/{files.public}/x", content=b"x" * 20_000_000)
    assert [raw.json()["statusCode"], form.json()["statusCode"]] == ["413", "413"]
    assert denied.json()["statusCode"] == "403"
    assert empty.status_code in (200, 400)
    files.require_whole()
