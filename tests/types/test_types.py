"""The generated TypeScript types: supabase-js takes them, and they know the API."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from cli.options import ROOT
from cli.schema.typescript import database_type
from tests.harness.catalog import EXPOSED
from tests.harness.session import DatabaseSession

HERE = Path(__file__).parent
TSC = ROOT / "node_modules" / ".bin" / "tsc"


def compiled(types: str, folder: Path) -> str:
    """What the compiler says of the queries with these types."""
    for name in ("query.ts", "tsconfig.json"):
        shutil.copy(HERE / name, folder)
    (folder / "database.ts").write_text(types, "utf-8")
    (folder / "node_modules").symlink_to(ROOT / "node_modules")
    done = subprocess.run([TSC, "-p", folder], capture_output=True, text=True)
    return done.stdout + done.stderr


def test_real_queries_compile(databases: DatabaseSession, tmp_path: Path) -> None:
    assert compiled(database_type(databases.declared, EXPOSED), tmp_path) == ""


def test_the_compiler_notices_a_wrong_type(databases: DatabaseSession, tmp_path: Path) -> None:
    types = database_type(databases.declared, EXPOSED)
    wrong = types.replace("price_minor: number", "price_minor: string")
    assert "error TS" in compiled(wrong, tmp_path)
