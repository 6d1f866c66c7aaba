"""Small pictures, drawn by code: a slope from one colour to another, as PNG."""

from __future__ import annotations

import struct
import zlib

Color = tuple[int, int, int]


def slope(first: Color, last: Color, *, width: int = 640, height: int = 400) -> bytes:
    """Return the picture; its upper left corner has the first colour."""
    steps = width + height - 2
    shades = [
        bytes(start + (end - start) * step // steps for start, end in zip(first, last, strict=True))
        for step in range(steps + 1)
    ]
    lines = b"".join(b"\0" + b"".join(shades[row : row + width]) for row in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(lines, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    )
