"""Writes the gateway's configuration from its template."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from string import Template

from cli.stack.account import Account

TEMPLATE = Path(__file__).with_name("gateway.conf")


def write(
    folder: Path,
    account: Account,
    *,
    nginx: Path,
    port: int,
    rest_port: int,
    edge_port: int,
    max_body_mib: int,
    opaque_keys: Mapping[str, str],
    blobs: str,
) -> Path:
    """Write `nginx.conf` into the folder, which the gateway owns; it may hold keys."""
    text = Template(TEMPLATE.read_text()).substitute(
        prefix=folder,
        other_temp_paths=_other_temp_paths(nginx, folder),
        port=port,
        rest_port=rest_port,
        edge_port=edge_port,
        max_body_mib=max_body_mib,
        opaque_keys=_map_lines("", opaque_keys),
        opaque_bearers=_map_lines("Bearer ", opaque_keys),
        blobs=blobs,
    )
    path = folder / "nginx.conf"
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    if account.uid is not None:
        os.chown(path, account.uid, account.gid or -1)
    return path


def _other_temp_paths(nginx: Path, folder: Path) -> str:
    """Return the folders of the modules in this nginx, which makes them all as it starts."""
    build = subprocess.run([nginx, "-V"], capture_output=True, text=True, check=False).stderr
    return "".join(
        f'    {module}_temp_path "{folder}/{module}";\n'
        for module in ("fastcgi", "uwsgi", "scgi")
        if f"--without-http_{module}_module" not in build
    )


def _map_lines(prefix: str, tokens: Mapping[str, str]) -> str:
    """Return the entries of an nginx map: the key of a client → the token for PostgREST."""
    return "".join(f'        "{prefix}{key}" "Bearer {token}";\n' for key, token in tokens.items())
