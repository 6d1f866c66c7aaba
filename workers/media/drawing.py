"""The program that draws: one order as JSON on stdin, the facts or a refusal as JSON on stdout.

It limits its memory and time before it opens the picture, because it decodes what strangers send.
"""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path
from typing import Any

import pyvips

from workers.media.content import sha256_of
from workers.media.pictures import Format, Picture, blurhash_of, save
from workers.media.unfit import Unfit

FILE_SIZE = 256 * 2**20  # bytes of one drawing
FORMATS: tuple[Format, ...] = ("avif", "webp", "jpeg")


def renditions(order: dict[str, Any]) -> dict[str, Any]:
    """Draw a picture in every width that it has, and say what was drawn."""
    picture = _picture(order)
    facts = {"width": picture.width, "height": picture.height}
    widths: list[int] = order["widths"]
    if not widths:
        return facts
    widest = min(picture.width, max(widths))
    drawn = [
        picture.fit_within(width)
        for width in sorted({width for width in widths if width < widest} | {widest})
    ]
    found = [rendition for each in drawn for rendition in _saved(each, Path(order["folder"]))]
    return {**facts, "blurhash": blurhash_of(drawn[0]), "renditions": found}


def _saved(drawn: pyvips.Image, folder: Path) -> list[dict[str, Any]]:
    """Write a drawing in every format, and say what each file is."""
    found = []
    for kind in FORMATS:
        path = folder / f"{drawn.width}.{kind}"
        save(drawn, path, kind)
        size = {"width": drawn.width, "height": drawn.height, "bytes": path.stat().st_size}
        found.append({"format": kind, **size, "path": str(path), "sha256": sha256_of(path)})
    return found


def resized(order: dict[str, Any]) -> dict[str, Any]:
    """Draw a picture in one size and format."""
    drawn = _picture(order).resized(order["width"], order["height"], order["fit"])
    save(drawn, Path(order["target"]), order["format"], quality=order["quality"])
    return {"width": drawn.width, "height": drawn.height}


def _picture(order: dict[str, Any]) -> Picture:
    return Picture(
        Path(order["source"]), order["content_type"], max_pixels=int(order["max_pixels"])
    )


ORDERS = {"renditions": renditions, "resized": resized}


def limit(*, memory: int, cpu_seconds: int) -> None:
    """Limit this process: bytes of address space, seconds of CPU, no core dump."""
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds))
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_SIZE, FILE_SIZE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> None:
    """Carry out one order."""
    order = json.load(sys.stdin)
    limit(memory=order["memory"], cpu_seconds=order["cpu_seconds"])
    answer: dict[str, Any]
    try:
        answer = {"facts": ORDERS[order["order"]](order)}
    except Unfit as error:
        answer = {"unfit": error.reason}
    except MemoryError:
        answer = {"unfit": "not_readable"}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
