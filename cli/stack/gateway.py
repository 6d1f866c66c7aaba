"""Writes the gateway's configuration from its template."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from string import Template

from cli.settings.config import Gateway as Limits
from cli.stack import complexity, headers
from cli.stack.account import Account

FOLDER = Path(__file__).parent


def write(
    folder: Path,
    account: Account,
    *,
    nginx: Path,
    port: int,
    rest_port: int,
    rest_reads_port: int,
    edge_port: int,
    limits: Limits,
    opaque_keys: Mapping[str, str],
    shared_tokens: Sequence[str],
    api_key_token: str,
    blobs: str,
) -> Path:
    """Write `nginx.conf` into the folder, which the gateway owns; it may hold keys.

    `shared_tokens` are those that many clients have, so no limit of one caller applies to them.
    """
    limited = {
        "max_requests_per_second": limits.max_requests_per_second,
        "max_concurrent_requests": limits.max_concurrent_requests,
        "caller_requests_per_second": limits.caller_requests_per_second,
        "caller_concurrent_requests": limits.caller_concurrent_requests,
    }
    text = _filled(
        "gateway.conf",
        prefix=folder,
        other_temp_paths=_other_temp_paths(nginx, folder),
        port=port,
        rest_port=rest_port,
        edge_port=edge_port,
        max_sockets=limits.max_sockets,
        max_body_mib=limits.max_body_mib,
        max_nesting=limits.max_nesting,
        opaque_keys=_map_lines("", opaque_keys),
        opaque_bearers=_map_lines("Bearer ", opaque_keys),
        api_key_token=api_key_token,
        blobs=blobs,
        rest=_filled("gateway_rest.conf", answer_headers=headers.answers(limits), **limited),
        headers=headers.maps(limits),
        answer_headers=headers.answers(limits),
        error_headers=headers.errors(limits),
        blob_origin=headers.of_files(limits),
        shares=_filled(
            "gateway_shares.conf",
            rest_reads_port=rest_reads_port,
            trusted_proxies=_addresses(limits.trusted_proxies),
            unlimited_clients=_addresses(limits.unlimited_clients),
            shared_keys=_signed_parts(shared_tokens),
            simple_query=complexity.SIMPLE,
            too_complex=_too_complex(limits),
            **limited,
        ),
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


def _filled(template: str, **values: object) -> str:
    return Template((FOLDER / template).read_text()).substitute(values)


def _addresses(networks: Sequence[str]) -> str:
    """Return the entries of an nginx geo block: 1 for these addresses and networks."""
    return "".join(f"        {network} 1;\n" for network in networks)


def _signed_parts(tokens: Sequence[str]) -> str:
    """Return the entries of an nginx map: what the signature of each token covers → nothing."""
    parts = sorted({token.rpartition(".")[0] for token in tokens} - {""})
    return "".join(f'        "{part}" "";\n' for part in parts)


def _too_complex(limits: Limits) -> str:
    """Return the entries of an nginx map: 1 for what a query string must not match."""
    patterns = complexity.too_complex(
        max_nesting=limits.max_nesting, max_terms=limits.max_filter_terms
    )
    return "".join(
        f'        "~*{pattern.replace(chr(92), chr(92) * 2)}" 1;\n' for pattern in patterns
    )


def _map_lines(prefix: str, tokens: Mapping[str, str]) -> str:
    """Return the entries of an nginx map: the key of a client → the token for PostgREST."""
    return "".join(f'        "{prefix}{key}" "Bearer {token}";\n' for key, token in tokens.items())
