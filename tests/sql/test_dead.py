"""Something calls each function of sql/: SQL, the platform, a worker or the CLI."""

from __future__ import annotations

import re

from cli.options import ROOT
from tests.harness.functions import functions

COMMENTS = re.compile(r"/\*.*?\*/|--[^\n]*|^comment on .*?;$", re.DOTALL | re.MULTILINE)
GRANTS = re.compile(r"^(?:grant|revoke)\b.*?;$", re.DOTALL | re.MULTILINE)
CALLERS = ("cli", "workers", "supabase/platform")


def test_something_calls_every_function() -> None:
    files = sorted((ROOT / "sql").rglob("*.sql"))
    sql = GRANTS.sub("", COMMENTS.sub("", "\n".join(path.read_text("utf-8") for path in files)))
    others = "\n".join(
        path.read_text("utf-8")
        for folder in CALLERS
        for path in (ROOT / folder).rglob("*")
        if path.suffix in (".py", ".sql")
    )
    dead = [
        function.name
        for function in functions(files)
        if not function.name.startswith("public.")
        and not calls(function.name, sql.replace(COMMENTS.sub("", function.text), ""))
        and not calls(function.name, others)
    ]
    assert dead == []


def calls(name: str, text: str) -> bool:
    """Whether a text names the function."""
    return re.search(rf"\b{re.escape(name)}\b", text) is not None
