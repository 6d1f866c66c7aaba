"""Real pictures, and files that only pretend to be one."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from pathlib import Path

import pyvips

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(document.cookie)</script></svg>'
SUFFIXES = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/webp": ".webp",
    "image/avif": ".avif",
    "image/gif": ".gif",
}


def picture(width: int = 800, height: int = 600, *, orientation: int = 1) -> pyvips.Image:
    """A gradient from red to blue, with a place and an orientation in its EXIF."""
    across = pyvips.Image.xyz(width, height)[0] * (255 / max(1, width - 1))
    drawn = across.bandjoin([across * 0, 255 - across]).cast("uchar")
    drawn = drawn.copy(interpretation="srgb")
    drawn.set_type(pyvips.GValue.gint_type, "orientation", orientation)
    drawn.set_type(pyvips.GValue.gstr_type, "exif-ifd3-GPSLatitude", "52/1 31/1 0/1")
    return drawn


def saved(folder: Path, content_type: str, drawn: pyvips.Image | None = None) -> Path:
    """A file of that type."""
    path = folder / f"picture{SUFFIXES[content_type]}"
    (drawn or picture()).write_to_file(str(path))
    return path


def bomb(side: int = 50_000) -> bytes:
    """A PNG of that many pixels each way, in a few kilobytes."""
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    lines = zlib.compress(bytes((side // 8 + 1) * 1000), 9)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in ((b"IHDR", header), (b"IDAT", lines), (b"IEND", b""))
    )


def archive() -> bytes:
    """A ZIP archive with a page in it."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as opened:
        opened.writestr("index.html", "<html><script>alert(1)</script></html>")
    return file.getvalue()
