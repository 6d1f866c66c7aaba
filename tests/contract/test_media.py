"""A file's whole way: announced, sent to a signed address, completed, looked into, shown."""

from __future__ import annotations

import hashlib
import uuid
from pathlib import Path
from typing import Any

import httpx
import pytest
import pyvips

from tests.contract.conftest import Town
from tests.harness.waiting import wait_until
from tests.workers.media.pictures import PDF, SVG, bomb, picture, saved

JPEG = "image/jpeg"


@pytest.fixture(scope="module")
def jpeg(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("pictures")
    return saved(folder, JPEG, picture(1000, 750, orientation=6)).read_bytes()


def storage(town: Town, path: str) -> str:
    return f"{town.stack.endpoints.api_url}{path}"


def opened(content: bytes) -> pyvips.Image:
    return pyvips.Image.new_from_buffer(content, "")


def sent(
    town: Town,
    content: bytes,
    content_type: str,
    *,
    kind: str = "gallery",
    person: str = "owner",
    **more: Any,
) -> dict[str, Any]:
    """Announce a file and send it to a signed address; the place that was announced."""
    with town.client(person) as sender:
        announced = sender.post(
            "/rpc/create_upload",
            json={
                "subject": f"business:{town.ids['salon']}",
                "kind": kind,
                "name": "Shop window.bin",
                "size": len(content),
                "content_type": content_type,
                **more,
            },
        )
        assert announced.status_code == 200, announced.text
        place: dict[str, Any] = announced.json()
        signed = sender.post(storage(town, place["sign_url"]))
    assert signed.status_code == 200, signed.text
    # Nobody in particular sends it: the address is enough.
    address = storage(town, f"/storage/v1{signed.json()['url']}")
    stored = httpx.put(address, content=content, headers={"Content-Type": content_type})
    assert stored.status_code == 200, stored.text
    again = httpx.put(address, content=content, headers={"Content-Type": content_type})
    assert again.status_code == 400
    return place


def completed(town: Town, place: dict[str, Any], person: str = "owner") -> dict[str, Any]:
    """Complete an upload, and wait until a worker has looked into the file."""
    with town.client(person) as sender:
        done = sender.post("/rpc/complete_upload", json={"upload_id": place["upload_id"]})
        assert done.status_code == 200, done.text
        assert done.json()["state"] == "processing"
        found: list[dict[str, Any]] = []

        def is_over() -> bool:
            found[:] = sender.get(
                "/media",
                params={"id": f"eq.{place['upload_id']}", "select": "*,media_renditions(*)"},
            ).json()
            return found[0]["state"] != "processing"

        wait_until(is_over)
    return found[0]


def test_a_picture_goes_its_whole_way(town: Town, jpeg: bytes) -> None:
    digest = hashlib.sha256(jpeg).hexdigest()
    medium = completed(town, sent(town, jpeg, JPEG, sha256=digest))
    assert (medium["state"], medium["refusal"]) == ("ready", None)
    assert (medium["width"], medium["height"], medium["sha256"]) == (750, 1000, digest)
    assert len(medium["blurhash"]) == 28
    with town.client(None) as visitor:
        rows = visitor.get(
            "/business_media",
            params={"media_id": f"eq.{medium['id']}", "select": "is_featured,media(url)"},
        ).json()
        assert rows[0]["media"]["url"] == medium["url"]
        for rendition in medium["media_renditions"]:
            answer = visitor.get(storage(town, rendition["url"]))
            assert answer.status_code == 200
            assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
            assert answer.headers["content-type"] == f"image/{rendition['format']}"
            image = opened(answer.content)
            assert (image.width, image.height) == (rendition["width"], rendition["height"])
            assert hashlib.sha256(answer.content).hexdigest()[:32] in rendition["url"]
            assert not any("exif" in field for field in image.get_fields())
        original = f"/storage/v1/object/authenticated/{medium['bucket']}/{medium['object_name']}"
        assert visitor.get(storage(town, original)).status_code == 400
    widths = {each["width"] for each in medium["media_renditions"]}
    assert widths == {320, 640, 750}
    with town.client("owner") as owner:
        assert owner.get(storage(town, original)).content == jpeg


def test_a_picture_of_a_banner_is_on_the_front_page(town: Town, jpeg: bytes) -> None:
    banner = {"id": str(uuid.uuid4()), "place": "home", "title": "Spring", "priority": 1000}
    town.new("publisher", "auth.users", email=f"{uuid.uuid4().hex[:6]}@town.example")
    town.run("insert into identity.platform_staff values (%s, 'admin')", town.ids["publisher"])
    with town.client("publisher") as admin:
        assert admin.post("/banners", json=banner).is_success
        place = sent(
            town, jpeg, JPEG, kind="picture", person="publisher", subject=f"banner:{banner['id']}"
        )
        medium = completed(town, place, "publisher")
        with town.client(None) as visitor:
            page = visitor.post("/rpc/home", json={}).json()
            shown = {each["id"]: each["image_url"] for each in page["banners"]}
            assert shown[banner["id"]] == medium["url"] is not None
            assert visitor.get(storage(town, medium["url"])).is_success
        assert admin.delete("/banners", params={"id": f"eq.{banner['id']}"}).is_success
        assert admin.get("/media", params={"id": f"eq.{medium['id']}"}).json() == []


@pytest.mark.parametrize(
    ("content", "content_type", "kind", "reason"),
    [
        (bomb(), "image/png", "gallery", "too_many_pixels"),
        (SVG, "image/png", "gallery", "type_mismatch"),
        (
            PDF.replace(b"endobj", b"<script>alert(1)</script>"),
            "application/pdf",
            "license",
            "ambiguous",
        ),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "image/png", "gallery", "not_readable"),
    ],
    ids=["bomb", "script", "polyglot", "broken"],
)
def test_a_hostile_file_is_refused_and_shown_nowhere(
    town: Town, content: bytes, content_type: str, kind: str, reason: str
) -> None:
    medium = completed(town, sent(town, content, content_type, kind=kind))
    assert (medium["state"], medium["refusal"]) == ("refused", reason)
    assert (medium["url"], medium["media_renditions"]) == (None, [])
    with town.client("owner") as owner:
        for view in ("business_media", "business_documents"):
            rows = owner.get(f"/{view}", params={"media_id": f"eq.{medium['id']}"}).json()
            assert rows == []


def test_another_content_than_announced_is_refused(town: Town, jpeg: bytes) -> None:
    place = sent(town, jpeg, JPEG, sha256="0" * 64)
    assert completed(town, place)["refusal"] == "hash_mismatch"


def test_a_document_is_read_by_a_short_lived_link_only(town: Town) -> None:
    medium = completed(town, sent(town, PDF, "application/pdf", kind="license"))
    assert (medium["state"], medium["url"]) == ("ready", None)
    path = f"documents/{medium['object_name']}"
    with town.client("owner") as owner:
        assert owner.get(storage(town, f"/storage/v1/object/authenticated/{path}")).is_error
        sign = storage(town, f"/storage/v1/object/sign/{path}")
        signed = owner.post(sign, json={"expiresIn": 60})
        answer = httpx.get(storage(town, f"/storage/v1{signed.json()['signedURL']}"))
        assert (answer.content, answer.headers["content-type"]) == (PDF, "application/pdf")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert owner.post(sign, json={"expiresIn": 86_400}).json()["code"] == "InvalidRequest"
    for person in ("staff", "stranger", "other_owner", None):
        with town.client(person) as other:
            assert other.post(sign, json={"expiresIn": 60}).is_error


def test_nobody_else_sees_or_writes_the_place_of_an_upload(town: Town, jpeg: bytes) -> None:
    with town.client("owner") as owner:
        place = owner.post(
            "/rpc/create_upload",
            json={
                "subject": f"business:{town.ids['salon']}",
                "kind": "gallery",
                "name": "a.jpg",
                "size": len(jpeg),
                "content_type": JPEG,
            },
        ).json()
        elsewhere = place["url"].replace(place["upload_id"], str(uuid.uuid4()))
        headers = {"Content-Type": JPEG}
        assert owner.post(storage(town, elsewhere), content=jpeg, headers=headers).is_error
        for person in ("manager", "stranger", "other_owner", None):
            with town.client(person) as other:
                assert other.post(
                    storage(town, place["url"]), content=jpeg, headers=headers
                ).is_error
                assert other.post(storage(town, place["sign_url"])).is_error
                refused = other.post("/rpc/complete_upload", json={"upload_id": place["upload_id"]})
                assert refused.status_code in (401, 404)
        wrong = owner.post(
            storage(town, place["url"]), content=jpeg, headers={"Content-Type": "text/html"}
        )
        assert wrong.json()["code"] == "InvalidMimeType"
        assert owner.post(storage(town, place["url"]), content=jpeg, headers=headers).is_success
        upsert = {**headers, "x-upsert": "true"}
        assert owner.post(storage(town, place["url"]), content=jpeg, headers=upsert).is_error


def test_pictures_come_in_other_sizes_and_formats(town: Town, jpeg: bytes) -> None:
    medium = completed(town, sent(town, jpeg, JPEG))
    render = medium["url"].replace("/object/", "/render/image/")
    with town.client(None) as visitor:

        def rendered(accept: str = "*/*", **parameters: object) -> tuple[str, int, int]:
            answer = visitor.get(
                storage(town, render),
                params=parameters,
                headers={"Accept": accept},  # type: ignore[arg-type]
            )
            assert answer.status_code == 200, answer.text
            assert answer.headers["vary"].lower().startswith("accept")
            assert answer.headers["cache-control"].startswith("public, max-age=31536000")
            image = opened(answer.content)
            return answer.headers["content-type"], image.width, image.height

        assert rendered(width=200) == ("image/jpeg", 200, 267)
        assert rendered(width=200) == ("image/jpeg", 200, 267)
        assert rendered(width=200, height=200) == ("image/jpeg", 200, 200)
        assert rendered(width=200, height=200, resize="contain") == ("image/jpeg", 150, 200)
        assert rendered(width=200, height=200, resize="fill") == ("image/jpeg", 200, 200)
        browser = "image/avif,image/webp,image/*;q=0.8"
        assert rendered(browser, height=100) == ("image/avif", 75, 100)
        assert rendered("image/webp,*/*", height=100) == ("image/webp", 75, 100)
        assert rendered(browser, height=100, format="origin") == ("image/jpeg", 75, 100)
        first = visitor.get(storage(town, render), params={"width": 64})
        kept = visitor.get(
            storage(town, render),
            params={"width": 64},
            headers={"If-None-Match": first.headers["etag"]},
        )
        assert (kept.status_code, kept.content) == (304, b"")
        for bad in ({"width": 0}, {"width": 99999}, {"quality": 5}, {"resize": "melt"}):
            answer = visitor.get(storage(town, render), params=bad)
            assert (answer.status_code, answer.json()["code"]) == (400, "InvalidRequest")


def test_a_signed_address_draws_as_it_says_and_no_other_way(town: Town, jpeg: bytes) -> None:
    medium = completed(town, sent(town, jpeg, JPEG))
    path = f"{medium['bucket']}/{medium['object_name']}"
    with town.client("owner") as owner:
        signed = owner.post(
            storage(town, f"/storage/v1/object/sign/{path}"),
            json={"expiresIn": 60, "transform": {"width": 120, "height": 90, "format": "origin"}},
        ).json()["signedURL"]
        authenticated = storage(town, f"/storage/v1/render/image/authenticated/{path}?width=50")
        assert opened(owner.get(authenticated).content).width == 50
    image = opened(httpx.get(storage(town, f"/storage/v1{signed}&width=500")).content)
    assert (image.width, image.height) == (120, 90)
    for person in ("stranger", "other_owner", None):
        with town.client(person) as other:
            assert other.get(authenticated).status_code == 400


def test_a_picture_that_is_none_is_not_drawn(town: Town, tmp_path: Path) -> None:
    name = f"public-media/{uuid.uuid4()}/hostile.webp"
    with town.stack.client(town.stack.endpoints.service_role_key) as operator:
        for content in (bomb(), SVG, b"words"):
            stored = operator.post(
                storage(town, f"/storage/v1/object/{name}"),
                content=content,
                headers={"Content-Type": "image/webp", "x-upsert": "true"},
            )
            assert stored.status_code == 200, stored.text
            answer = operator.get(storage(town, f"/storage/v1/render/image/public/{name}?width=50"))
            assert (answer.status_code, answer.json()["statusCode"]) == (400, "422")


def test_what_nothing_refers_to_is_collected_with_all_its_renditions(
    town: Town, jpeg: bytes
) -> None:
    kept = completed(town, sent(town, jpeg, JPEG))
    gone = completed(town, sent(town, jpeg, JPEG))
    half = sent(town, jpeg, JPEG)
    with town.client("owner") as owner:
        assert owner.delete("/business_media", params={"media_id": f"eq.{gone['id']}"}).is_success

    def objects(medium_id: str) -> int:
        query = "select count(*) from storage.objects where name like %s"
        return int(str(town.run(query, f"%{medium_id}%")[0][0]))

    everything = objects(kept["id"])
    assert (everything, objects(gone["id"]), objects(half["upload_id"])) == (10, 10, 1)
    # Two days pass for all of them.
    town.run("update files.media set released_at = released_at - interval '2 days'")
    town.run("update files.uploads set expires_at = expires_at - interval '2 days'")
    town.run("update storage.objects set created_at = created_at - interval '2 days'")
    town.run("select private.emit('tick.media', '{}'::jsonb)")
    wait_until(lambda: objects(gone["id"]) + objects(half["upload_id"]) == 0)
    assert objects(kept["id"]) == everything
    assert town.run("select 1 from files.media where id = %s", gone["id"]) == []
    with town.client(None) as visitor:
        assert visitor.get(storage(town, kept["url"])).is_success
        assert visitor.get(storage(town, gone["url"])).is_error
