"""Where the files of the schema are, and the order in which they load."""

from __future__ import annotations

import re
from pathlib import Path

from cli.options import ROOT
from cli.refusal import Refusal

SQL = ROOT / "sql"
SUPABASE = ROOT / "supabase"
MIGRATIONS = SUPABASE / "migrations"
STEPS = ("tables", "functions", "rules", "policies", "api")
MIGRATION_NAME = re.compile(r"(?P<version>\d{14})_(?P<name>[a-z0-9_]+)\.sql")


def declared_files(folder: Path = SQL) -> list[Path]:
    """The files of sql/ in loading order: domain by domain, in each the five steps."""
    files: list[Path] = []
    for domain in sorted(path for path in folder.iterdir() if path.is_dir()):
        for step in STEPS:
            files += sorted((domain / step).glob("*.sql"))
            files += (path for path in [domain / f"{step}.sql"] if path.exists())
    return files


def migration_files(folder: Path = MIGRATIONS) -> list[Path]:
    """The migrations of this checkout, oldest first.

    Raises:
        Refusal: when a file is not named as a migration.
    """
    files = sorted(folder.glob("*.sql"))
    for path in files:
        if not MIGRATION_NAME.fullmatch(path.name):
            raise Refusal(
                f"{shown(path)} is not named as a migration.",
                "Name it <yyyymmddHHMMSS>_<name>.sql, as `frontdesk db diff` does.",
            )
    return files


def version_of(path: Path) -> str:
    """The version of a migration: the fourteen digits that its name begins with."""
    return path.name[:14]


def shown(path: Path) -> Path:
    """A path as people know it: from the checkout's root where it lies in it."""
    return path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
