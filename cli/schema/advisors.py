"""Supabase's database advisors, through the official CLI."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from urllib.parse import urlsplit

from cli.options import ROOT
from cli.refusal import Refusal
from cli.stack.programs import supabase_cli
from cli.stack.secrets import without_password


@dataclass(frozen=True)
class Advice:
    """One finding; `level` is ERROR, WARN or INFO."""

    level: str
    name: str
    detail: str


def advise(dsn: str) -> list[Advice]:
    """What the advisors say of a database, INFO left out.

    Raises:
        Refusal: when the CLI is missing or fails.
    """
    program = supabase_cli()
    if program is None:
        raise Refusal("The Supabase CLI is not installed.", "Install it with: npm ci")
    address, environment = without_password(dsn)
    mark = "&" if urlsplit(address).query else "?"
    done = subprocess.run(
        [
            *(str(program), "db", "advisors", "--db-url", f"{address}{mark}sslmode=disable"),
            *("--level", "warn", "--output-format", "json", "--workdir", str(ROOT)),
        ],
        capture_output=True,
        text=True,
        env={**environment, "SUPABASE_TELEMETRY_DISABLED": "1", "DO_NOT_TRACK": "1"},
    )
    if done.returncode:
        raise Refusal(f"The advisors failed: {done.stderr.strip()}", "Repeat, or see --debug.")
    return [_advice(found) for found in json.loads(done.stdout)["results"]]


def _advice(found: dict[str, str]) -> Advice:
    return Advice(found["level"].upper(), found["name"], found["detail"])
