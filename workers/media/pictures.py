"""Pictures: what one is, and drawing it anew. Untrusted files are only opened in a child process.

A picture is measured by its header before anything is decoded. What is drawn is upright, in sRGB,
and has nothing of the original but its pixels.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import pyvips

from workers.media import blurhash
from workers.media.unfit import Unfit

Format = Literal["avif", "webp", "jpeg", "png"]
Fit = Literal["cover", "contain", "fill"]
# The loaders that meet untrusted bytes; libvips chooses none itself.
LOADERS = {
    "image/jpeg": "jpegload",
    "image/png": "pngload",
    "image/webp": "webpload",
    "image/avif": "heifload",
    "image/gif": "gifload",
}
TALLEST = 16000  # pixels; WebP has at most 16,383
SAVERS: dict[Format, tuple[str, dict[str, Any]]] = {
    "avif": ("heifsave", {"compression": "av1", "effort": 2}),
    "webp": ("webpsave", {}),
    "jpeg": ("jpegsave", {"optimize_coding": True}),
    "png": ("pngsave", {}),
}
QUALITY: dict[Format, int] = {"avif": 55, "webp": 78, "jpeg": 80, "png": 100}
SIDEWAYS = 5  # the orientations from here on exchange width and height


class Picture:
    """An untrusted picture of a known type."""

    def __init__(self, path: Path, content_type: str, *, max_pixels: int) -> None:
        """Read the header.

        Raises:
            Unfit: `not_readable` or `too_many_pixels`.
        """
        self._path = path
        try:
            header = getattr(pyvips.Image, LOADERS[content_type])(str(path))
        except pyvips.Error as error:
            raise Unfit("not_readable") from error
        if header.width * header.height > max_pixels:
            raise Unfit("too_many_pixels")
        is_sideways = "orientation" in header.get_fields() and (
            header.get("orientation") >= SIDEWAYS
        )
        size = (header.width, header.height)
        self.width, self.height = reversed(size) if is_sideways else size

    def fit_within(self, width: int, height: int = TALLEST) -> pyvips.Image:
        """Return the picture, shrunk into a box.

        Raises:
            Unfit: `not_readable`.
        """
        return self._drawn(width, height, size="down")

    def resized(self, width: int | None, height: int | None, fit: Fit) -> pyvips.Image:
        """Return the picture in a size: filling it and cut, fitting into it, or stretched to it.

        Raises:
            Unfit: `not_readable`.
        """
        if width is None or height is None:
            return self.fit_within(width or TALLEST, height or TALLEST)
        if fit == "fill":
            return self._drawn(width, height, size="force")
        if fit == "contain":
            return self.fit_within(width, height)
        return self._drawn(width, height, crop="centre")

    def _drawn(self, width: int, height: int, **how: Any) -> pyvips.Image:
        try:
            drawn = pyvips.Image.thumbnail(
                str(self._path), width, height=height, fail_on="error", export_profile="srgb", **how
            )
            # Decoded here once, so that what is saved later cannot fail on the file.
            return drawn.colourspace("srgb").cast("uchar").copy_memory()
        except pyvips.Error as error:
            raise Unfit("not_readable") from error


def save(picture: pyvips.Image, path: Path, kind: Format, *, quality: int | None = None) -> None:
    """Write a picture, without metadata."""
    saver, options = SAVERS[kind]
    if kind == "jpeg":
        picture = _flat(picture)
    if kind != "png":
        options = {**options, "Q": quality or QUALITY[kind]}
    getattr(picture, saver)(str(path), keep="none", **options)


def blurhash_of(picture: pyvips.Image) -> str:
    """Return the BlurHash of a picture that was drawn."""
    small = _flat(picture.thumbnail_image(32, height=32, size="down"))
    flat = bytes(small.write_to_memory())
    pixels = [
        (float(flat[at]), float(flat[at + 1]), float(flat[at + 2])) for at in range(0, len(flat), 3)
    ]
    return blurhash.encode(pixels, small.width)


def _flat(picture: pyvips.Image) -> pyvips.Image:
    """Return it on white, with three bands."""
    flat = picture.flatten(background=[255]) if picture.hasalpha() else picture
    return flat.copy_memory()
