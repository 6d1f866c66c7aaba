"""pg-delta, which plans the statements from one database to another."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from cli.options import ROOT
from cli.refusal import Refusal
from cli.stack.secrets import without_password

PROGRAM = ROOT / "node_modules" / ".bin" / "pgdelta"
NOTHING_TO_DO = 3

Plan = dict[str, Any]
Action = dict[str, Any]


def plan(source: str, desired: str, folder: Path) -> Plan:
    """What pg-delta would do to make `source` what `desired` is; `folder` takes its files."""
    out = folder / "plan.json"
    options = ("--renames", "off", "--strict-coverage", "--out", str(out))
    _compare("plan", source, desired, *options)
    read: Plan = json.loads(out.read_text("utf-8"))
    return read


def render(planned: Plan, actions: list[Action], folder: Path, *, allow_drops: bool) -> list[str]:
    """The texts of some actions of a plan; each must be committed before the next one runs.

    Raises:
        Refusal: when it deletes something and `allow_drops` is not given.
    """
    path = folder / "render.json"
    path.write_text(json.dumps({**planned, "actions": actions}), "utf-8")
    drops = ["--allow-drops"] if allow_drops else []
    done = subprocess.run(
        [PROGRAM, "render", "--plan", path, "--out", folder / "part", *drops],
        capture_output=True,
        text=True,
    )
    if done.returncode == NOTHING_TO_DO:
        return []
    if done.returncode:
        raise Refusal(
            f"This migration is not written: {done.stderr.strip()}",
            "Read what it deletes; when that is meant, repeat with --allow-drops.",
        )
    return [Path(file["path"]).read_text("utf-8") for file in json.loads(done.stdout)["files"]]


def differences(one: str, other: str) -> list[str]:
    """What pg-delta finds different between two databases."""
    said = _compare("diff", one, other)
    return [] if "No differences" in said else said.splitlines()


def _compare(command: str, source: str, desired: str, *options: str) -> str:
    """Run pg-delta on two databases of one cluster, which have one password."""
    source, environment = without_password(source)
    desired, _same = without_password(desired)
    done = subprocess.run(
        [PROGRAM, command, "--source", source, "--desired", desired, *options],
        capture_output=True,
        text=True,
        env=environment,
    )
    if done.returncode:
        raise Refusal(f"pg-delta failed: {done.stderr.strip()}", "Repeat after `npm ci`.")
    return done.stdout
