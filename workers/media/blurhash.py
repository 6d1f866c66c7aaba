"""BlurHash: a picture as some thirty characters, which clients show while the picture loads.

Source: woltapp/blurhash, Algorithm.md
"""

from __future__ import annotations

from math import cos, pi

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~"
Color = tuple[float, float, float]


def encode(pixels: list[Color], width: int, *, across: int = 4, down: int = 3) -> str:
    """Return the hash of sRGB pixels (0 to 255), row by row. A few hundred of them are enough."""
    linear = [(_to_linear(red), _to_linear(green), _to_linear(blue)) for red, green, blue in pixels]
    factors = [_factor(linear, width, x, y) for y in range(down) for x in range(across)]
    largest = max((abs(part) for factor in factors[1:] for part in factor), default=0.0)
    step = max(0, min(82, int(largest * 166 - 0.5)))
    return "".join(
        [
            _digits(across - 1 + (down - 1) * 9, 1),
            _digits(step, 1),
            _digits(_average(factors[0]), 4),
            *(_digits(_detail(factor, (step + 1) / 166), 2) for factor in factors[1:]),
        ]
    )


def _factor(pixels: list[Color], width: int, x: int, y: int) -> Color:
    """Return how much of one cosine wave is in the picture."""
    height = len(pixels) // width
    scale = (1 if x == y == 0 else 2) / (width * height)
    columns = [cos(pi * x * column / width) for column in range(width)]
    red = green = blue = 0.0
    for index, pixel in enumerate(pixels):
        row, column = divmod(index, width)
        basis = columns[column] * cos(pi * y * row / height)
        red, green, blue = red + basis * pixel[0], green + basis * pixel[1], blue + basis * pixel[2]
    return red * scale, green * scale, blue * scale


def _average(color: Color) -> int:
    red, green, blue = (_to_srgb(part) for part in color)
    return (red << 16) + (green << 8) + blue


def _detail(color: Color, largest: float) -> int:
    red, green, blue = (_quantum(part / largest) for part in color)
    return red * 361 + green * 19 + blue


def _quantum(value: float) -> int:
    root = abs(value) ** 0.5
    return max(0, min(18, int((root if value >= 0 else -root) * 9 + 9.5)))


def _to_linear(value: float) -> float:
    part = value / 255
    return float(part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4)


def _to_srgb(value: float) -> int:
    part = max(0.0, min(1.0, value))
    curved = part * 12.92 if part <= 0.0031308 else 1.055 * part ** (1 / 2.4) - 0.055
    return int(curved * 255 + 0.5)


def _digits(value: int, count: int) -> str:
    return "".join(DIGITS[value // 83**place % 83] for place in reversed(range(count)))
