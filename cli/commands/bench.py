"""Runs the benchmarks of tests/bench: ratios in one run, each with both absolute figures."""

from __future__ import annotations

import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from cli.options import JsonOption
from cli.output import show, show_json, talk
from cli.refusal import Refusal

COLUMNS = ("figure", "unit", "ours", "against", "its", "ratio", "aim")


def bench(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            help="slots, book, read, rls, start, queue, auth, peer, calcom, search, features, "
            "series, emit, pipeline, growth (ten minutes); all if none is named."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Measure on a throw-away stack: min / median / max of ours and of the comparison."""
    from tests.bench import measures, shared
    from tests.harness.stack import RunningStack

    chosen = names or list(measures.ALL)
    if unknown := [name for name in chosen if name not in measures.ALL]:
        raise Refusal(
            f"There is no benchmark {unknown[0]}.", f"Choose from {', '.join(measures.ALL)}."
        )
    figures = []
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        with RunningStack.start(Path(folder) / "state", "--no-workers") as stack:
            shared.fill(stack, 0, 0)
            for name in chosen:
                talk(f"{name} …")
                for figure in measures.ALL[name](stack):
                    talk(f"  {figure.name}: {figure.ratio:.2f} (aim: {figure.aim})")
                    figures.append(figure)
    if as_json:
        show_json([asdict(figure) for figure in figures])
        return
    rows = [
        {
            "figure": figure.name,
            "unit": figure.unit,
            "ours": _spread(figure.ours.min, figure.ours.median, figure.ours.max),
            "against": figure.measure,
            "its": _spread(figure.beside.min, figure.beside.median, figure.beside.max),
            "ratio": f"{figure.ratio:.2f}",
            "aim": figure.aim,
        }
        for figure in figures
    ]
    show(rows, columns=COLUMNS, as_json=False)


def _spread(*values: float) -> str:
    return " / ".join(f"{value:,.1f}" for value in values)
