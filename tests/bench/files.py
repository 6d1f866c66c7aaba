"""Files: downloads beside nginx, uploads beside rclone, lists of many objects, pictures."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import httpx
import psycopg
import pyvips

from cli.options import ROOT
from cli.stack import programs
from cli.stack.ports import HOST, free_port, is_free
from tests.bench.figures import Figure, compare, milliseconds
from tests.bench.load import load, request
from tests.bench.shared import SECONDS, expect, headers
from tests.bench.wrk import same
from tests.harness.programs import running
from tests.harness.stack import RunningStack
from workers.media import child

CLIENTS = 8
SIZES = {"10 kB": 10_000, "1 MB": 1_000_000}
LISTED = 1_000_000
WIDTHS = (160, 320, 640, 1280)
NGINX = """
daemon off;
pid "{folder}/pid";
error_log stderr;
worker_processes 2;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    sendfile on;
    client_body_temp_path "{folder}/body";
    proxy_temp_path "{folder}/proxy";
    server {{ listen {host}:{port}; root "{folder}/files"; }}
}}
"""
SETUP = """
    insert into storage.buckets (id, name, public)
    values ('bench', 'bench', true), ('listed', 'listed', false);
    create policy bench on storage.objects to authenticated
    using (bucket_id in ('bench', 'listed'));
"""
MANY = """
    insert into storage.objects (bucket_id, name)
    select 'listed', format('folder %%s/%%s.png', lpad((n %% 1000)::text, 4, '0'), n)
    from generate_series(1, %s) as n
"""


def files(stack: RunningStack) -> Iterator[Figure]:
    """Every figure of files."""
    with psycopg.connect(stack.endpoints.db_url, autocommit=True) as connection:
        connection.execute(SETUP)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield from _downloads(stack, folder)
        yield _uploads(stack, folder)
        yield _renditions(folder)
    yield from _lists(stack)


def _downloads(stack: RunningStack, folder: Path) -> Iterator[Figure]:
    """A public object, against the same bytes from nginx."""
    (folder / "files").mkdir()
    storage = stack.endpoints.storage_url
    with _nginx(folder) as plain:
        for label, size in SIZES.items():
            content = os.urandom(size)
            (folder / "files" / str(size)).write_bytes(content)
            url = f"{storage}/object/bench/{size}"
            httpx.post(url, content=content, headers=headers(stack)).raise_for_status()
            yield compare(
                f"downloads of {label}, {CLIENTS} clients",
                unit="/s",
                ours=partial(_downloaded, f"{storage}/object/public/bench/{size}"),
                measure="nginx with the same file",
                beside=partial(_downloaded, f"{plain}/{size}"),
                aim="at least 0.8",
            )


def _downloaded(url: str) -> float:
    done = same(url, request("GET", url, {}), connections=CLIENTS, seconds=SECONDS)
    expect(done, {200})
    return done.per_second


@contextmanager
def _nginx(folder: Path) -> Iterator[str]:
    """Run nginx on the folder `files`."""
    port, written = free_port(), folder / "nginx.conf"
    written.write_text(NGINX.format(folder=folder, host=HOST, port=port))
    arguments = [programs.nginx(), "-p", folder, "-e", "stderr", "-c", written]
    with running(arguments, ready=lambda _: not is_free(port), log=folder / "nginx.log"):
        yield f"http://{HOST}:{port}"


def _uploads(stack: RunningStack, folder: Path) -> Figure:
    """New objects of 1 MB, against an S3 server that keeps them in a folder."""
    content, names = os.urandom(SIZES["1 MB"]), itertools.count()
    own = {**headers(stack), "Content-Type": "application/octet-stream"}
    storage = stack.endpoints.storage_url
    with _rclone(folder) as peer:
        return compare(
            f"uploads of 1 MB, {CLIENTS} clients",
            unit="/s",
            ours=lambda: _uploaded("POST", f"{storage}/object/bench", own, content, names),
            measure="rclone serve s3",
            beside=lambda: _uploaded("PUT", f"{peer}/bench", {}, content, names),
            aim="at least 0.5",
        )


def _uploaded(
    method: str, url: str, sent: dict[str, str], content: bytes, names: Iterator[int]
) -> float:
    length = {"Content-Length": str(len(content))}

    def make(_client: int, _sent: int) -> bytes:
        return request(method, f"{url}/new-{next(names)}", {**sent, **length}) + content

    done = load(url, make, connections=CLIENTS, seconds=SECONDS)
    expect(done, {200})
    return done.per_second


@contextmanager
def _rclone(folder: Path) -> Iterator[str]:
    """Run an S3 server that asks for no signature."""
    (folder / "s3" / "bench").mkdir(parents=True)
    port = free_port()
    program = shutil.which("rclone") or ROOT / ".venv" / "bin" / "rclone"
    arguments = [program, "serve", "s3", "--config", "", "--addr", f"{HOST}:{port}", folder / "s3"]
    with running(arguments, ready=lambda _: not is_free(port), log=folder / "rclone.log"):
        yield f"http://{HOST}:{port}"


def _renditions(folder: Path) -> Figure:
    """A photograph of 12 megapixels in four widths and three formats, ours with everything else."""
    source, target = folder / "photo.jpg", folder / "drawn"
    target.mkdir()
    noise = pyvips.Image.gaussnoise(4000, 3000, sigma=60, mean=128, seed=1).gaussblur(2)
    across = pyvips.Image.xyz(4000, 3000)[0] * (255 / 3999)
    noise.bandjoin([across, 255 - across]).cast("uchar").copy(interpretation="srgb").jpegsave(
        str(source), Q=90
    )
    order = {
        "order": "renditions",
        "source": str(source),
        "content_type": "image/jpeg",
        "max_pixels": 60_000_000,
        "widths": WIDTHS,
        "folder": str(target),
    }
    return compare(
        "a photograph in four widths and three formats",
        unit="/s",
        ours=lambda: 1000 / milliseconds(lambda: child.draw(order), warm=0, times=1),
        measure="libvips alone",
        beside=lambda: 1 / _drawn_alone(source, target),
        aim="at least 0.8",
    )


def _drawn_alone(source: Path, target: Path) -> float:
    arguments = [sys.executable, "-m", "tests.bench.vips", source, target, *map(str, WIDTHS)]
    environment = {**os.environ, **child.ENVIRONMENT}
    done = subprocess.run(
        arguments, env=environment, cwd=ROOT, capture_output=True, text=True, check=True
    )
    return float(done.stdout)


def _lists(stack: RunningStack) -> Iterator[Figure]:
    """Pages of 100 among many objects, over HTTP."""
    with psycopg.connect(stack.endpoints.db_url, autocommit=True) as connection:
        connection.execute(MANY, (LISTED,))
        connection.execute("vacuum analyze storage.objects")
    base = f"{stack.endpoints.storage_url}/object"
    pages = {
        "a page of folders": ("list/listed", {"prefix": "", "limit": 100, "offset": 300}),
        "a page of a folder": ("list/listed", {"prefix": "folder 0500/", "limit": 100}),
        "a page of all by cursor": ("list-v2/listed", {"prefix": "folder 05", "limit": 100}),
    }
    with httpx.Client(headers=headers(stack)) as client:
        for name, (path, wish) in pages.items():
            yield compare(
                f"{name} among {LISTED:,} objects",
                unit="ms",
                ours=partial(milliseconds, _asked(client, f"{base}/{path}", wish)),
                measure="the aim",
                beside=lambda: 20.0,
                aim="at most 1",
            )


def _asked(client: httpx.Client, url: str, wish: dict[str, object]) -> Callable[[], object]:
    return lambda: client.post(url, json=wish).raise_for_status()
