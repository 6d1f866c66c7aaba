"""Which picture a request of /render/image asks for, and how many of them are kept."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import pytest

from tests.workers.media.pictures import picture, saved
from workers.edge.storage import rendering
from workers.edge.storage.errors import StorageError
from workers.edge.storage.objects import Object
from workers.edge.storage.rendering import Wish
from workers.providers.blobs.folder import Folder
from workers.providers.blobs.protocol import derived_prefix, object_key, put

BROWSER = "image/avif,image/webp,*/*"
NEVER: Any = None


@pytest.mark.parametrize(
    ("accept", "wanted", "content_type", "kind"),
    [
        (BROWSER, None, "image/png", "avif"),
        ("image/webp,*/*", None, "image/png", "webp"),
        ("*/*", None, "image/png", "png"),
        ("*/*", None, "image/jpeg", "jpeg"),
        ("*/*", None, "image/avif", "png"),
        ("*/*", None, "image/gif", "png"),
        (BROWSER, "origin", "image/jpeg", "jpeg"),
        (BROWSER, "origin", "image/avif", "avif"),
        ("*/*", "avif", "image/jpeg", "avif"),
        (BROWSER, "webp", "image/jpeg", "webp"),
    ],
)
def test_the_format_is_one_that_the_client_takes(
    accept: str, wanted: str | None, content_type: str, kind: str
) -> None:
    assert Wish.of({"format": wanted}).target(accept, content_type) == kind


@pytest.mark.parametrize(
    "given",
    [
        {"width": "0"},
        {"width": "-5"},
        {"height": "2501"},
        {"width": "9" * 40},
        {"width": "1e3"},
        {"quality": "19"},
        {"quality": "101"},
        {"resize": "melt"},
        {"format": "svg"},
    ],
)
def test_what_makes_no_sense_is_refused(given: dict[str, str]) -> None:
    with pytest.raises(StorageError) as refused:
        Wish.of(given)
    assert refused.value.status == 400


def test_every_parameter_has_a_drawing_of_its_own() -> None:
    version = str(uuid.uuid4())
    wishes = [
        {"width": "10"},
        {"height": "10"},
        {"width": "10", "height": "10"},
        {"width": "10", "height": "10", "resize": "fill"},
        {"width": "10", "quality": "50"},
    ]
    keys = {Wish.of(given).key(version, kind) for given in wishes for kind in ("webp", "avif")}
    assert len(keys) == 10
    assert all(key.startswith(derived_prefix(version)) for key in keys)


def test_nobody_fills_the_disk_by_asking_for_every_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rendering, "MOST_STORED", 3)
    blobs, version = Folder(tmp_path / "blobs"), str(uuid.uuid4())
    (tmp_path / "blobs").mkdir()
    original = saved(tmp_path, "image/png", picture(64, 48))
    put(blobs, object_key(version), [original.read_bytes()])
    found = Object(
        "", "", "", version, 1, "image/png", "", "", NEVER, NEVER, metadata={}, user_metadata=None
    )

    def drawn(width: int) -> bytes | None:
        wish = Wish.of({"width": str(width)})
        return rendering._draw(blobs, found, wish, "webp", wish.key(version, "webp"))

    assert [drawn(width) is None for width in (10, 20, 30, 40)] == [True, True, True, False]
    assert drawn(10) is None, "what is there is not drawn again"
    assert (drawn(50) or b"")[8:12] == b"WEBP"
    assert len(list((tmp_path / "blobs").glob("derived/*/*/*"))) == 3
