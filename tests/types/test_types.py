"""The generated TypeScript types: supabase-js takes them, and they know the API."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from cli.options import ROOT
from cli.schema.typescript import BOOLEANS, JSON, NUMBERS, database_type
from tests.harness.catalog import EXPOSED
from tests.harness.database import Database
from tests.harness.session import DatabaseSession

HERE = Path(__file__).parent
TSC = ROOT / "node_modules" / ".bin" / "tsc"


def compiled(types: str, folder: Path) -> str:
    """What the compiler says of the queries with these types."""
    for name in ("query.ts", "tutorial.ts", "tsconfig.json"):
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


def test_every_domain_of_arguments_has_its_type(db: Database) -> None:
    domains = {
        str(name)
        for (name,) in db.rows(
            "select typname from pg_type"
            " where typtype = 'd' and typnamespace = 'public'::regnamespace"
        )
    }
    assert domains - NUMBERS - BOOLEANS - JSON == {"identifier", "instant"}


def test_read_only_views_are_typed_as_views(databases: DatabaseSession) -> None:
    types = database_type(databases.declared, EXPOSED)
    public = types[types.index("  public: {") :]
    tables, views = public.split("    Views: {", 1)
    views, _functions = views.split("    Functions: {", 1)
    assert "      services: {" in tables and "      bookings: {" in views
    assert "Insert" not in views and "Update" not in views
