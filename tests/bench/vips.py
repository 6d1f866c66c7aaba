"""Draws the renditions of a picture by libvips alone, and prints the seconds that each time took.

`python -m tests.bench.vips FILE FOLDER WIDTH…` has no limits, no hashes and no BlurHash.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pyvips

from workers.media.pictures import QUALITY, SAVERS, Format

FORMATS: tuple[Format, ...] = ("avif", "webp", "jpeg")


def main() -> None:
    """Draw every width in every format."""
    source, folder, *widths = sys.argv[1:]
    pyvips.cache_set_max(0)
    began = time.perf_counter()
    for width in widths:
        drawn = pyvips.Image.thumbnail(source, int(width), size="down").copy_memory()
        for kind in FORMATS:
            saver, options = SAVERS[kind]
            target = str(Path(folder) / f"{width}.{kind}")
            getattr(drawn, saver)(target, keep="none", Q=QUALITY[kind], **options)
    sys.stdout.write(f"{time.perf_counter() - began}\n")


if __name__ == "__main__":
    main()
