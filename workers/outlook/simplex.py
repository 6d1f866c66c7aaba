"""Finds the lowest point of a function of a few variables, without derivatives.

Source: J. A. Nelder and R. Mead, A simplex method for function minimization, 1965.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

Point = list[float]
Vertex = tuple[float, Point]


def minimise(
    function: Callable[[Point], float],
    start: Sequence[float],
    *,
    tolerance: float = 1e-13,
    rounds: int = 1_000,
) -> Point:
    """Return where the function is lowest near a start.

    It ends when the values at the corners differ by no more than the tolerance.
    """
    corners = _first(function, start)
    for _ in range(rounds):
        corners.sort(key=lambda vertex: vertex[0])
        if corners[-1][0] - corners[0][0] <= tolerance:
            break
        corners = _next(function, corners)
    return min(corners, key=lambda vertex: vertex[0])[1]


def _first(function: Callable[[Point], float], start: Sequence[float]) -> list[Vertex]:
    points = [list(start)]
    for place in range(len(start)):
        moved = list(start)
        moved[place] += 0.5
        points.append(moved)
    return [(function(point), point) for point in points]


def _next(function: Callable[[Point], float], corners: list[Vertex]) -> list[Vertex]:
    """Replace the worst corner; where nothing is better, draw all towards the best."""
    *others, worst = corners
    centre = [
        sum(point[place] for _, point in others) / len(others) for place in range(len(worst[1]))
    ]

    def moved(factor: float) -> Vertex:
        point = [c + factor * (w - c) for c, w in zip(centre, worst[1], strict=True)]
        return function(point), point

    reflected = moved(-1.0)
    if reflected[0] < corners[0][0]:
        return [*others, min(reflected, moved(-2.0), key=lambda vertex: vertex[0])]
    if reflected[0] < others[-1][0]:
        return [*others, reflected]
    contracted = moved(-0.5) if reflected[0] < worst[0] else moved(0.5)
    if contracted[0] < min(reflected[0], worst[0]):
        return [*others, contracted]
    best = corners[0]
    shrunk = [
        [(b + p) / 2 for b, p in zip(best[1], point, strict=True)] for _, point in corners[1:]
    ]
    return [best, *((function(point), point) for point in shrunk)]
