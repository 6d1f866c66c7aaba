"""Tells the edge, the worker and the gateway where the bytes of files lie."""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import urlsplit

import psycopg

from cli.settings import Config
from cli.settings.storage import S3, size_in_bytes
from cli.stack.account import server_account
from cli.stack.state import State

# The gateway reads files as they are, and the answers of the edge say what they are. nginx passes
# its type, cache control, expiry and disposition on; the location adds the other headers.
OF_FOLDER = """
            alias "{folder}/";
            sendfile on;
            etag off;
            if_modified_since off;"""
# Headers that describe the S3 server and its copy. The edge sets those of the object.
HIDDEN = (
    "Content-Type", "Content-Disposition", "Cache-Control", "Expires", "ETag", "Last-Modified",
    "Accept-Ranges", "Access-Control-Allow-Origin", "Access-Control-Allow-Methods",
    "Access-Control-Allow-Headers", "Access-Control-Expose-Headers", "X-Amz-Id-2",
    "X-Amz-Request-Id", "X-Amz-Version-Id", "X-Amz-Server-Side-Encryption",
    "X-Amz-Content-Sha256", "X-Amz-Date",
)  # fmt: skip
OF_S3 = """
            proxy_pass {server}/;
            proxy_set_header Host {host};
            proxy_set_header Connection "";
            proxy_set_header Range $http_range;
            proxy_set_header If-Range "";
            proxy_pass_request_headers off;
            proxy_buffering on;
            proxy_ssl_server_name on;
            proxy_ssl_name {name};
            proxy_ignore_headers X-Accel-Redirect X-Accel-Buffering X-Accel-Expires;"""


def environment(config: Config, state: State) -> Mapping[str, str]:
    """Return the variable that names the place, for all who read or delete bytes."""
    if not config.storage.enabled:
        return {}
    s3 = config.frontdesk.storage.s3
    if s3.enabled:
        return {"FRONTDESK_BLOBS": json.dumps({"s3": s3.model_dump(exclude={"enabled"})})}
    folder = server_account().folder(state.blobs)
    return {"FRONTDESK_BLOBS": json.dumps({"folder": str(folder)})}


def edge_environment(config: Config, state: State, *, db_url: str) -> Mapping[str, str]:
    """Return the edge's variables."""
    return {
        **environment(config, state),
        "FRONTDESK_STORAGE_DB_URL": db_url,
        "FRONTDESK_FILE_SIZE_LIMIT": str(size_in_bytes(config.storage.file_size_limit)),
    }


def gateway_lines(config: Config, state: State) -> str:
    """Return the gateway's location from which it sends bytes."""
    s3 = config.frontdesk.storage.s3
    if config.storage.enabled and s3.enabled:
        hidden = "".join(f"\n            proxy_hide_header {name};" for name in HIDDEN)
        lines = OF_S3 + hidden
        return _location("/.s3/", lines, server=_server(s3), host=_host(s3), name=_name(s3))
    folder = server_account().folder(state.blobs)
    return _location("/.blobs/", OF_FOLDER, folder=folder)


def make_buckets(dsn: str, config: Config) -> None:
    """Make the buckets of the configuration, and change those that are there to what it says."""
    with psycopg.connect(dsn) as connection:
        for name, bucket in config.storage.buckets.items():
            limit = bucket.file_size_limit
            connection.execute(
                "insert into storage.buckets as made"
                " (id, name, public, file_size_limit, allowed_mime_types)"
                " values (%(name)s, %(name)s, %(public)s, %(size)s, %(types)s)"
                " on conflict (id) do update set public = excluded.public,"
                " file_size_limit = excluded.file_size_limit,"
                " allowed_mime_types = excluded.allowed_mime_types",
                {
                    "name": name,
                    "public": bucket.public,
                    "size": size_in_bytes(limit) if limit else None,
                    "types": bucket.allowed_mime_types or None,
                },
            )


def _location(path: str, lines: str, **values: object) -> str:
    return f"location {path} {{\n            internal;{lines.format(**values)}"


def _server(s3: S3) -> str:
    return f"{urlsplit(s3.endpoint).scheme}://{_host(s3)}"


def _host(s3: S3) -> str:
    """Return what the signature of an address is for."""
    host = urlsplit(s3.endpoint).netloc
    return host if s3.force_path_style else f"{s3.bucket}.{host}"


def _name(s3: S3) -> str:
    return _host(s3).partition(":")[0]
