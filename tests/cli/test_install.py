"""The lock names what pyproject.toml needs, and nothing else."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from importlib.metadata import requires

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from cli.options import ROOT


def needed(requirement: str, extras: frozenset[str] = frozenset({""})) -> Iterator[Requirement]:
    """The package that a requirement names, if it applies here."""
    wanted = Requirement(requirement)
    if not wanted.marker or any(wanted.marker.evaluate({"extra": extra}) for extra in extras):
        yield wanted


def closure(roots: list[str]) -> set[str]:
    """The names of packages, and of all that they need in turn."""
    waiting = [found for root in roots for found in needed(root)]
    seen = set()
    while waiting:
        package = waiting.pop()
        key = (canonicalize_name(package.name), frozenset({"", *package.extras}))
        if key not in seen:
            seen.add(key)
            for line in requires(package.name) or []:
                waiting += needed(line, key[1])
    return {name for name, _ in seen}


def test_the_lock_has_what_is_needed_and_nothing_else() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    roots = list(project["project"]["dependencies"])
    for group in project.get("dependency-groups", {}).values():
        roots += group
    # Extras are for whoever asks for them.
    lines = (ROOT / "requirements.lock").read_text("utf-8").splitlines()
    locked = {canonicalize_name(line.split("==")[0]) for line in lines if "==" in line}
    assert locked == closure(roots)
