"""`frontdesk logs`: what the parts of a stack have written, and what they write now."""

from __future__ import annotations

import contextlib
import difflib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, TextIO

import typer

from cli.options import DEFAULT_STATE, StateOption
from cli.output import clean
from cli.refusal import Refusal
from cli.stack.state import State

EVERY = 0.2  # seconds between two looks at the logs that are followed


def logs(
    part: Annotated[
        str | None,
        typer.Argument(
            metavar="[PART]",
            envvar="FRONTDESK_PART",
            help="The part, as `status` names it, or supervisor; all if none is named.",
        ),
    ] = None,
    follow: Annotated[
        bool,
        typer.Option(
            "--follow", "-f", envvar="FRONTDESK_FOLLOW", help="Print new lines until Ctrl-C."
        ),
    ] = False,
    lines: Annotated[
        int,
        typer.Option(
            "--lines", "-n", envvar="FRONTDESK_LINES", min=0, help="How many of the last lines."
        ),
    ] = 20,
    state: StateOption = DEFAULT_STATE,
) -> None:
    """Print the last lines of the logs, and the new ones with -f."""
    paths = _paths(State(state), part)
    followed = [Followed(name, path, is_alone=len(paths) == 1) for name, path in paths.items()]
    for one in followed:
        one.skip_to_the_last(lines)
    with contextlib.suppress(KeyboardInterrupt):
        while True:
            for one in followed:
                for line in one.news():
                    print(line, flush=True)
            if not follow:
                break
            time.sleep(EVERY)


class Followed:
    """A log that is read on from where it was read to; a new file in its place begins again."""

    def __init__(self, name: str, path: Path, *, is_alone: bool) -> None:
        self._path = path
        self._prefix = "" if is_alone else f"{name} | "
        self._file: TextIO | None = None

    def skip_to_the_last(self, count: int) -> None:
        """Pass over all but the last lines."""
        file = self._open()
        if file is None:
            return
        behind = max(0, sum(1 for _line in file) - count)
        file.seek(0)
        for _number in range(behind):
            file.readline()

    def news(self) -> Iterator[str]:
        """Yield the lines that were not read yet."""
        while True:
            file = self._open()
            if file is None:
                return
            for line in iter(file.readline, ""):
                yield self._prefix + clean(line.rstrip("\n"))
            if not self._was_replaced():
                return
            file.close()
            self._file = None

    def _open(self) -> TextIO | None:
        if self._file is None:
            with contextlib.suppress(FileNotFoundError):
                self._file = self._path.open(encoding="utf-8", errors="replace")
        return self._file

    def _was_replaced(self) -> bool:
        """Whether the part started a new log; a large one is set aside."""
        if self._file is None or not self._path.exists():
            return False
        return not os.path.samestat(os.fstat(self._file.fileno()), self._path.stat())


def _paths(state: State, part: str | None) -> dict[str, Path]:
    """Return the logs by part.

    Raises:
        Refusal: nothing was ever started here, or there is no such part.
    """
    found = {
        path.stem: path
        for path in sorted(state.logs.glob("*.log"))
        if not path.name.endswith(".old.log")
    }
    if not found:
        raise Refusal(f"There is no stack in {state.path}.", "Start one: ./frontdesk up")
    if part is None:
        return found
    if part not in found:
        close = difflib.get_close_matches(part, found, n=1)
        raise Refusal(
            f"No part {part} has a log.",
            f"Did you mean {close[0]}?" if close else f"Choose from {', '.join(found)}.",
        )
    return {part: found[part]}
