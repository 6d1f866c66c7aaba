"""Another tenant's object cannot be listed, read, signed, moved, overwritten or probed."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.contract.storage.conftest import Files

SECRET = b"the secret of Bob"


@pytest.fixture(name="secret", scope="module")
def _secret(files: Files) -> str:
    """The name of an object of Bob's."""
    name = f"{files.bob}/secret.txt"
    with files.client(files.bob) as bob:
        assert bob.post(f"/object/{files.private}/{name}", content=SECRET).status_code == 200
    return name


# What Ada, or nobody, may try with the name of an object.
TRIES: dict[str, Callable[[httpx.Client, str, str], httpx.Response]] = {
    "download": lambda c, b, n: c.get(f"/object/{b}/{n}"),
    "download authenticated": lambda c, b, n: c.get(f"/object/authenticated/{b}/{n}"),
    "download a part": lambda c, b, n: c.get(f"/object/{b}/{n}", headers={"Range": "bytes=0-3"}),
    "download public": lambda c, b, n: c.get(f"/object/public/{b}/{n}"),
    "download signed": lambda c, b, n: c.get(f"/object/sign/{b}/{n}", params={"token": "x.y.z"}),
    "look": lambda c, b, n: c.head(f"/object/{b}/{n}"),
    "describe": lambda c, b, n: c.get(f"/object/info/{b}/{n}"),
    "describe public": lambda c, b, n: c.get(f"/object/info/public/{b}/{n}"),
    "sign": lambda c, b, n: c.post(f"/object/sign/{b}/{n}", json={"expiresIn": 60}),
    "sign an upload": lambda c, b, n: c.post(f"/object/upload/sign/{b}/{n}"),
    "upload": lambda c, b, n: c.post(f"/object/{b}/{n}", content=b"x"),
    "upsert": lambda c, b, n: c.post(
        f"/object/{b}/{n}", content=b"x", headers={"x-upsert": "true"}
    ),
    "update": lambda c, b, n: c.put(f"/object/{b}/{n}", content=b"x"),
    "remove": lambda c, b, n: c.delete(f"/object/{b}/{n}"),
    "move away": lambda c, b, n: _move(c, "move", b, n, "{me}/stolen"),
    "move onto": lambda c, b, n: _move(c, "move", b, "{me}/own", n),
    "copy": lambda c, b, n: _move(c, "copy", b, n, "{me}/copied"),
    "copy onto": lambda c, b, n: _move(c, "copy", b, "{me}/own", n),
    "copy upserting": lambda c, b, n: _move(c, "copy", b, "{me}/own", n, upsert="true"),
}


def _move(
    client: httpx.Client, verb: str, bucket: str, source: str, target: str, **more: str
) -> Any:
    me = client.headers.get("x-me", "nobody")
    body = {
        "bucketId": bucket,
        "sourceKey": source.replace("{me}", me),
        "destinationKey": target.replace("{me}", me),
    }
    return client.post(f"/object/{verb}", json=body, headers={f"x-{k}": v for k, v in more.items()})


@pytest.mark.parametrize("who", ["ada", None])
@pytest.mark.parametrize("tried", list(TRIES))
def test_absent_and_forbidden_answer_alike(
    files: Files, secret: str, tried: str, who: str | None
) -> None:
    with files.client(files.ada if who else None, **{"x-me": files.ada}) as client:
        if who:
            own = f"/object/{files.private}/{files.ada}/own"
            client.post(own, content=b"own", headers={"x-upsert": "true"})
        there = TRIES[tried](client, files.private, secret)
        absent_name = f"{files.bob}/{'a' * 6}.txt"
        absent = TRIES[tried](client, files.private, absent_name)
    assert there.status_code == absent.status_code == 400
    assert there.text.replace(secret, absent_name) == absent.text
    assert SECRET.decode() not in there.text
    assert files.bytes_of(files.private, secret) == SECRET
    assert files.rows("select from storage.objects where name like %s", "%stolen") == []


def test_no_list_shows_it(files: Files, secret: str) -> None:
    lists = [
        ("list", {"prefix": ""}),
        ("list", {"prefix": files.bob}),
        ("list", {"prefix": files.bob, "search": "sec"}),
        ("list", {"prefix": files.bob, "sortBy": {"column": "created_at", "order": "asc"}}),
        ("list-v2", {}),
        ("list-v2", {"with_delimiter": True}),
        ("list-v2", {"prefix": f"{files.bob}/"}),
        ("list-v2", {"sortBy": {"column": "updated_at", "order": "desc"}}),
    ]
    for who in (files.ada, None):
        with files.client(who) as client:
            for kind, body in lists:
                shown = client.post(f"/object/{kind}/{files.private}", json=body)
                assert shown.status_code == 200
                assert files.bob not in shown.text, body
            signed = client.post(
                f"/object/sign/{files.private}", json={"expiresIn": 60, "paths": [secret]}
            )
            assert signed.json()[0]["signedURL"] is None
            gone = client.request("DELETE", f"/object/{files.private}", json={"prefixes": [secret]})
            assert gone.json() == []
    assert files.bytes_of(files.private, secret) == SECRET


def test_a_bucket_is_the_operators(files: Files) -> None:
    with files.client(files.ada) as ada:
        name = f"mine-{uuid.uuid4().hex[:8]}"
        for answer in (
            ada.get(f"/bucket/{files.private}"),
            ada.put(f"/bucket/{files.private}", json={"public": True}),
            ada.post(f"/bucket/{files.private}/empty"),
            ada.delete(f"/bucket/{files.private}"),
        ):
            assert answer.json()["error"] == "Bucket not found"
        assert ada.post("/bucket", json={"name": name}).json()["statusCode"] == "403"
        assert ada.get("/bucket").json() == []


def test_a_token_of_another_kind_opens_nothing(files: Files, secret: str) -> None:
    """Signed addresses and access tokens are not worth each other."""
    path = f"/object/sign/{files.private}/{secret}"
    with files.client(files.bob) as bob:
        access = files.stack.token(files.bob, url=f"{files.private}/{secret}")
        assert bob.get(path, params={"token": access}).json()["code"] == "InvalidJWT"
        url = bob.post(path, json={"expiresIn": 60}).json()["signedURL"]
    token = url.partition("token=")[2]
    bearer = {"Authorization": f"Bearer {token}"}
    assert httpx.get(f"{files.url}/bucket", headers=bearer).json()["statusCode"] == "403"
    assert httpx.get(f"{files.url}{url}").content == SECRET
    other = f"{files.url}/object/sign/{files.private}/{files.bob}/other?token={token}"
    assert httpx.get(other).json()["code"] == "InvalidSignature"
    upload = f"{files.url}/object/upload/sign/{files.private}/{secret}?token={token}"
    assert httpx.put(upload, content=b"x").json()["code"] == "InvalidSignature"


def test_a_role_that_is_none_of_ours_is_refused(files: Files) -> None:
    for role in ("postgres", "supabase_storage_admin", "analyst", "storage"):
        token = files.stack.token(files.ada, role=role)
        answer = httpx.get(f"{files.url}/bucket", headers={"Authorization": f"Bearer {token}"})
        assert answer.json()["statusCode"] == "403", role


def test_policies_read_what_the_request_does(files: Files) -> None:
    """A policy may allow downloads and no lists, as Supabase's guides show."""
    bucket = f"shown-{uuid.uuid4().hex[:8]}"
    with files.operator() as operator:
        operator.post("/bucket", json={"name": bucket})
        operator.post(f"/object/{bucket}/x.txt", content=b"x")
    files.rows(
        f'create policy "{bucket}" on storage.objects for select to anon using ('
        f"bucket_id = '{bucket}' and storage.allow_any_operation(array['object.get_authenticated',"
        " 'storage.object.get_authenticated_info']))"
    )
    with files.client(None) as anyone:
        assert anyone.get(f"/object/{bucket}/x.txt").content == b"x"
        assert anyone.get(f"/object/info/{bucket}/x.txt").json()["size"] == 1
        assert anyone.post(f"/object/list/{bucket}", json={"prefix": ""}).json() == []
        signed = anyone.post(f"/object/sign/{bucket}/x.txt", json={"expiresIn": 60})
        assert signed.json()["code"] == "NoSuchKey"
