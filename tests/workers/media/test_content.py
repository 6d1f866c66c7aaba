"""A file is what its content says, and nothing else beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.workers.media.pictures import PDF, SUFFIXES, SVG, archive, saved
from workers.media.content import require_type
from workers.media.unfit import Unfit

HTML = b"<!doctype html><html><script>alert(1)</script></html>"


def refusal(path: Path, content_type: str) -> str | None:
    """Why a file is not of a type, or None."""
    try:
        require_type(path, content_type)
    except Unfit as error:
        return error.reason
    return None


def written(folder: Path, content: bytes) -> Path:
    path = folder / "innocent.png"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("content_type", SUFFIXES)
def test_a_picture_is_of_its_own_type_only(content_type: str, tmp_path: Path) -> None:
    path = saved(tmp_path, content_type)
    assert {other: refusal(path, other) for other in SUFFIXES} == {
        other: None if other == content_type else "type_mismatch" for other in SUFFIXES
    }


@pytest.mark.parametrize("content", [SVG, HTML, b"", b"\0" * 5000, b"GIF8", b"words", archive()])
def test_what_is_no_picture_is_refused_whatever_its_name(content: bytes, tmp_path: Path) -> None:
    path = written(tmp_path, content)
    assert refusal(path, "image/png") == "type_mismatch"


def test_a_plain_pdf_is_taken(tmp_path: Path) -> None:
    assert refusal(written(tmp_path, PDF), "application/pdf") is None


@pytest.mark.parametrize(
    "content",
    [PDF + archive(), PDF[:9] + HTML + PDF[9:], PDF[:9] + b"% <SVG onload=alert(1)>" + PDF[9:]],
    ids=["archive behind it", "page inside", "drawing inside"],
)
def test_a_pdf_that_is_something_else_too_is_ambiguous(content: bytes, tmp_path: Path) -> None:
    assert refusal(written(tmp_path, content), "application/pdf") == "ambiguous"


def test_a_pdf_behind_something_else_is_none(tmp_path: Path) -> None:
    assert refusal(written(tmp_path, b"#!/bin/sh\n" + PDF), "application/pdf") is not None


def test_an_archive_behind_a_picture_is_ambiguous(tmp_path: Path) -> None:
    path = saved(tmp_path, "image/png")
    path.write_bytes(path.read_bytes() + archive())
    assert refusal(path, "image/png") == "ambiguous"
