"""Pictures are drawn anew by a program of its own; hostile ones cannot hurt it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import pyvips

from tests.workers.media.pictures import SUFFIXES, bomb, picture, saved
from workers.media import child
from workers.media.unfit import Unfit

WIDTHS = [100, 400, 1600]


def drawn(path: Path, content_type: str, **other: Any) -> dict[str, Any]:
    """Its renditions."""
    order = {
        "order": "renditions",
        "source": str(path),
        "content_type": content_type,
        "max_pixels": 60_000_000,
        "widths": WIDTHS,
        "folder": str(path.parent),
    }
    return child.draw({**order, **other})


def opened(rendition: dict[str, Any]) -> pyvips.Image:
    return pyvips.Image.new_from_file(rendition["path"])


@pytest.mark.parametrize("content_type", SUFFIXES)
def test_a_picture_is_drawn_in_every_width_that_it_has(content_type: str, tmp_path: Path) -> None:
    facts = drawn(saved(tmp_path, content_type), content_type)
    assert (facts["width"], facts["height"]) == (800, 600)
    assert [(each["format"], each["width"], each["height"]) for each in facts["renditions"]] == [
        (kind, width, width * 3 // 4)
        for width in (100, 400, 800)
        for kind in ("avif", "webp", "jpeg")
    ]
    for each in facts["renditions"]:
        assert (opened(each).width, opened(each).height) == (each["width"], each["height"])
        assert Path(each["path"]).stat().st_size == each["bytes"]


def test_a_picture_is_turned_upright_and_loses_where_it_was_taken(tmp_path: Path) -> None:
    original = saved(tmp_path, "image/jpeg", picture(orientation=6))
    assert any("GPS" in field for field in pyvips.Image.new_from_file(str(original)).get_fields())
    facts = drawn(original, "image/jpeg")
    assert (facts["width"], facts["height"]) == (600, 800)
    for each in facts["renditions"]:
        image = opened(each)
        assert image.height > image.width
        # Blue on the left of the original is at the top now, and red at the bottom.
        top, bottom = image(image.width // 2, 2), image(image.width // 2, image.height - 3)
        assert top[2] > 200 > 60 > top[0]
        assert bottom[0] > 200 > 60 > bottom[2]
        fields = " ".join(image.get_fields()).lower()
        assert not any(word in fields for word in ("exif-ifd", "xmp", "gps", "iptc"))


def test_a_transparent_picture_stays_so_where_the_format_can(tmp_path: Path) -> None:
    clear = pyvips.Image.black(200, 200, bands=4).copy(interpretation="srgb")
    facts = drawn(saved(tmp_path, "image/png", clear), "image/png")
    corners = {each["format"]: opened(each)(5, 5) for each in facts["renditions"]}
    assert corners["webp"][3] == corners["avif"][3] == 0
    assert min(corners["jpeg"]) > 250


def test_a_tall_picture_fits_into_every_format(tmp_path: Path) -> None:
    facts = drawn(saved(tmp_path, "image/png", picture(40, 20_000)), "image/png", widths=[40])
    assert {each["height"] for each in facts["renditions"]} == {16_000}


def test_the_blurhash_is_that_of_other_implementations(tmp_path: Path) -> None:
    """The hash that PyPI's `blurhash` 1.1.5 returns for these pixels."""
    place = pyvips.Image.xyz(32, 32) * 8
    drawing = place[0].bandjoin([place[0] * 0, place[1]]).cast("uchar").copy(interpretation="srgb")
    facts = drawn(saved(tmp_path, "image/png", drawing), "image/png")
    assert facts["blurhash"] == "LxG{|D2GwxWrn[WnjtfOfUfRfQfR"


def test_a_bomb_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    path = tmp_path / "bomb.png"
    path.write_bytes(bomb())
    assert path.stat().st_size < 20_000
    with pytest.raises(Unfit, match="too_many_pixels"):
        drawn(path, "image/png")


def test_a_bomb_below_the_limit_of_pixels_is_ended_by_the_limit_of_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child, "MEMORY", 600 * 2**20)
    path = tmp_path / "bomb.png"
    path.write_bytes(bomb(30_000))
    with pytest.raises((Unfit, child.Broken)):
        drawn(path, "image/png", max_pixels=10**12, widths=[20_000])


@pytest.mark.parametrize("content_type", SUFFIXES)
def test_half_a_picture_is_not_readable(content_type: str, tmp_path: Path) -> None:
    path = saved(tmp_path, content_type)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(Unfit, match="not_readable"):
        drawn(path, content_type)


def test_another_format_in_disguise_is_not_readable(tmp_path: Path) -> None:
    path = tmp_path / "drawing.png"
    path.write_text("<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>")
    with pytest.raises(Unfit, match="not_readable"):
        drawn(path, "image/png")


def test_a_program_that_does_not_work_is_not_the_fault_of_the_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child.sys, "executable", "/bin/false")
    with pytest.raises(child.Broken):
        drawn(saved(tmp_path, "image/png"), "image/png")


def test_a_picture_that_takes_too_long_is_not_readable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child, "CPU_SECONDS", 1)
    path = saved(tmp_path, "image/png", picture(7000, 7000))
    with pytest.raises(Unfit, match="not_readable"):
        drawn(path, "image/png", widths=[6000])
