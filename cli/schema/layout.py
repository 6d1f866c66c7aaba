"""Where the files of the schema are, and the order in which they load."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from cli.options import ROOT
from cli.refusal import Refusal

STEPS = ("tables", "functions", "rules", "policies", "api")
DOMAIN_NAME = re.compile(r"(?P<number>\d\d)_(?P<name>[a-z0-9_]+)")
MIGRATION_NAME = re.compile(r"(?P<version>\d{14})_(?P<name>[a-z0-9_]+)\.sql")
# The version of a domain's initial migration is this hour and as many minutes as its number says.
# It is later than every version of the one initial migration that there was before.
INITIAL_HOUR = "20261130"


@dataclass(frozen=True)
class Domain:
    """A folder of sql/, such as `44_bookings`."""

    path: Path

    @property
    def name(self) -> str:
        """Its name without the number."""
        return self.path.name.partition("_")[2]

    @property
    def initial(self) -> str:
        """The file name of its initial migration; the names sort in load order."""
        hours, minutes = divmod(int(self.path.name[:2]), 60)
        return f"{INITIAL_HOUR}{hours:02}{minutes:02}00_initial_{self.name}.sql"

    def files(self) -> list[Path]:
        """Its files in load order: step by step; a folder's files alphabetically."""
        return [path for step in STEPS for path in self._step(step)]

    def seeds(self) -> list[Path]:
        """The files with its reference data."""
        return self._step("seed")

    def _step(self, step: str) -> list[Path]:
        single = self.path / f"{step}.sql"
        return sorted((self.path / step).glob("*.sql")) + ([single] if single.exists() else [])


@dataclass(frozen=True)
class Checkout:
    """The files of the schema below one folder."""

    root: Path = ROOT

    @property
    def supabase(self) -> Path:
        """The folder of the Supabase CLI."""
        return self.root / "supabase"

    @property
    def migrations(self) -> Path:
        """The folder of the migrations."""
        return self.supabase / "migrations"

    @property
    def frozen_list(self) -> Path:
        """The list of released migrations, in the format of sha256sum. Absent until a release."""
        return self.supabase / "frozen.sha256"

    def domains(self) -> list[Domain]:
        """The domains of sql/ in load order.

        Raises:
            Refusal: when a folder has no number, or two have the same.
        """
        folders = sorted(path for path in (self.root / "sql").iterdir() if path.is_dir())
        for path in folders:
            if not DOMAIN_NAME.fullmatch(path.name):
                raise Refusal(f"{path.name} in sql/ is not named as a domain.", "Name it NN_name.")
        numbers = [path.name[:2] for path in folders]
        for number in numbers:
            if numbers.count(number) > 1:
                raise Refusal(f"Two domains of sql/ have the number {number}.", "Renumber one.")
        return [Domain(path) for path in folders]

    def declared_files(self) -> list[Path]:
        """The files of sql/ in load order."""
        return [path for domain in self.domains() for path in domain.files()]

    def seed_files(self) -> list[Path]:
        """The files with reference data, in load order."""
        return [path for domain in self.domains() for path in domain.seeds()]

    def migration_files(self) -> list[Path]:
        """The migrations, oldest first.

        Raises:
            Refusal: when a file is not named as a migration.
        """
        files = sorted(self.migrations.glob("*.sql"))
        for path in files:
            if not MIGRATION_NAME.fullmatch(path.name):
                raise Refusal(
                    f"{shown(path)} is not named as a migration.",
                    "Name it <yyyymmddHHMMSS>_<name>.sql, as `frontdesk db diff` does.",
                )
        return files

    def frozen(self) -> dict[str, str]:
        """File name → SHA-256 of every released migration."""
        if not self.frozen_list.exists():
            return {}
        lines = self.frozen_list.read_text("utf-8").splitlines()
        return {name: checksum for checksum, name in (line.split() for line in lines)}


CHECKOUT = Checkout()


def version_of(path: Path) -> str:
    """The version of a migration: the fourteen digits that its name begins with."""
    return path.name[:14]


def is_initial(path: Path) -> bool:
    """Whether a migration is the initial one of a domain."""
    return path.name[15:].startswith("initial_")


def checksum_of(path: Path) -> str:
    """The SHA-256 of a file."""
    return sha256(path.read_bytes()).hexdigest()


def shown(path: Path) -> Path:
    """A path as people know it: from the checkout's root where it lies in it."""
    return path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
