"""Runs the benchmarks of tests/bench: ratios in one run, each with both absolute figures."""

from __future__ import annotations

import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.options import JsonOption
from cli.output import show, show_json, talk
from cli.refusal import Refusal

if TYPE_CHECKING:
    from tests.bench.figures import Figure
    from tests.bench.profile import FunctionTime

COLUMNS = ("figure", "unit", "ours", "against", "its", "ratio", "aim")
TIMES = ("benchmark", "function", "calls", "each µs", "share")


def bench(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            help="slots, book, book_raw, read, rls, start, queue, auth, peer, calcom, search, "
            "find, recommend, payouts, quote, webhooks, confirmed, paid, realtime, home, "
            "export, features, series, emit, pipeline, ledger, files, audit, flag, products, "
            "balances and growth (ten minutes each); all if none is named."
        ),
    ] = None,
    profile: Annotated[
        bool,
        typer.Option(
            "--profile",
            help="Also show in which functions of the database the time went. "
            "Timing them makes everything a little slower.",
        ),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Measure on a throw-away stack: min / median / max of ours and of the comparison."""
    from tests.bench import measures

    chosen = names or list(measures.ALL)
    if unknown := [name for name in chosen if name not in measures.ALL]:
        raise Refusal(
            f"There is no benchmark {unknown[0]}.", f"Choose from {', '.join(measures.ALL)}."
        )
    figures, times = _measure(chosen, with_profile=profile)
    if as_json:
        written = [asdict(figure) for figure in figures]
        timed = [asdict(each) for each in times]
        show_json({"figures": written, "profile": timed} if profile else written)
        return
    show([_row(figure) for figure in figures], columns=COLUMNS, as_json=False)
    if profile:
        show([_time(each) for each in times], columns=TIMES, as_json=False)


def _measure(names: list[str], *, with_profile: bool) -> tuple[list[Figure], list[FunctionTime]]:
    from tests.bench import measures, profile, shared
    from tests.harness.stack import RunningStack

    figures: list[Figure] = []
    times: list[FunctionTime] = []
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        with RunningStack.start(Path(folder) / "state", "--no-workers") as stack:
            shared.fill(stack, 0, 0)
            if with_profile:
                profile.begin(stack)
            for name in names:
                talk(f"{name} …")
                if with_profile:
                    profile.forget(stack)
                for figure in measures.ALL[name](stack):
                    talk(f"  {figure.name}: {figure.ratio:.2f} (aim: {figure.aim})")
                    figures.append(figure)
                if with_profile:
                    times += profile.slowest(stack, name)
    return figures, times


def _row(figure: Figure) -> dict[str, object]:
    return {
        "figure": figure.name,
        "unit": figure.unit,
        "ours": _spread(figure.ours.min, figure.ours.median, figure.ours.max),
        "against": figure.measure,
        "its": _spread(figure.beside.min, figure.beside.median, figure.beside.max),
        "ratio": f"{figure.ratio:.2f}",
        "aim": figure.aim,
    }


def _time(each: FunctionTime) -> dict[str, object]:
    return {
        "benchmark": each.benchmark,
        "function": each.function,
        "calls": f"{each.calls:,}",
        "each µs": f"{each.self_us:,.1f}",
        "share": f"{each.share:.1%}",
    }


def _spread(*values: float) -> str:
    return " / ".join(f"{value:,.1f}" for value in values)
