"""What a file is, by its content and never by its name."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import puremagic

from workers.media.unfit import Unfit

HEAD = 4096  # bytes
PDF = "application/pdf"
PAGES = (b"<html", b"<script", b"<!doctype html", b"<svg", b"<body")


def sha256_of(path: Path) -> str:
    """Return the hash of a file, 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def require_type(path: Path, content_type: str) -> None:
    """Check that a file is of a type, and of no other beside it.

    Raises:
        Unfit: `type_mismatch`, or `ambiguous` for a file that programs may take for something else.
    """
    with path.open("rb") as file:
        head = file.read(HEAD)
    if content_type not in _types(head):
        raise Unfit("type_mismatch")
    # An archive is found from its end, so it may hide behind anything.
    if zipfile.is_zipfile(path):
        raise Unfit("ambiguous")
    if content_type == PDF and not _is_plain_pdf(head):
        raise Unfit("ambiguous")


def type_among(path: Path, content_types: tuple[str, ...]) -> str:
    """Return which of these types a file has.

    Raises:
        Unfit: `type_mismatch` when it has none of them.
    """
    with path.open("rb") as file:
        found = _types(file.read(HEAD))
    for content_type in content_types:
        if content_type in found:
            return content_type
    raise Unfit("type_mismatch")


def _types(head: bytes) -> set[str]:
    try:
        matches = puremagic.magic_string(head)
    except (puremagic.PureError, ValueError):
        return set()
    best = max(match.confidence for match in matches)
    return {match.mime_type for match in matches if match.confidence == best}


def _is_plain_pdf(head: bytes) -> bool:
    """Whether it begins as a PDF, without a page for browsers in the first bytes."""
    lower = head.lower()
    return head.startswith(b"%PDF-") and not any(page in lower for page in PAGES)
