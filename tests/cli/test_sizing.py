"""The embedded PostgreSQL fits its machine, and the configuration has the last word."""

from __future__ import annotations

import json
import re
from pathlib import Path

import psycopg
import pytest

from cli.options import DEFAULT_CONFIG
from cli.stack.sizing import Machine, settings_for, this_machine
from tests.harness.stack import RunningStack


def mib(value: object) -> int:
    found = re.fullmatch(r"(\d+)MB", str(value))
    assert found, value
    return int(found[1])


@pytest.mark.parametrize("memory", [512, 1024, 4096, 24_000, 256_000])
@pytest.mark.parametrize("cores", [1, 2, 64])
def test_what_it_may_take_fits_into_the_memory(memory: int, cores: int) -> None:
    settings = settings_for(Machine(memory=memory, cores=cores))
    buffers = mib(settings["shared_buffers"])
    # Every third connection sorts at the same time.
    sorting = mib(settings["work_mem"]) * int(str(settings["max_connections"])) // 3
    assert buffers + sorting <= memory * 0.7
    assert buffers <= mib(settings["effective_cache_size"]) <= memory
    assert int(str(settings["max_parallel_workers_per_gather"])) <= cores // 2
    assert mib(settings["min_wal_size"]) < mib(settings["max_wal_size"])


def test_more_memory_is_used(tmp_path: Path) -> None:
    small, large = (settings_for(Machine(memory=n, cores=2)) for n in (2048, 16_384))
    for name in ("shared_buffers", "work_mem", "effective_cache_size", "max_wal_size"):
        assert mib(small[name]) < mib(large[name]), name


def test_the_doctor_says_how_postgresql_is_sized(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(DEFAULT_CONFIG.read_text() + "\n[db.settings]\nwork_mem = '7MB'\n")
    with RunningStack.start(tmp_path, "--no-workers", "--config", str(config)) as stack:
        wanted = {**settings_for(this_machine()), "work_mem": "7MB"}
        with psycopg.connect(stack.endpoints.db_url) as connection:
            for name in wanted:
                ((same,),) = connection.execute(
                    "select pg_size_bytes(current_setting(%s)) = pg_size_bytes(%s)",
                    (name, str(wanted[name])),
                ).fetchall()
                assert same, name
        size = doctor(stack)
        assert size["result"] == "ok"
        assert (
            "work_mem 7MB" in size["message"] and "[db.settings] sets work_mem." in size["message"]
        )
        config.write_text(config.read_text().replace("7MB", "9MB"))
        size = doctor(stack)
        assert (size["result"], "work_mem would differ" in size["message"]) == ("warn", True)


def doctor(stack: RunningStack) -> dict[str, str]:
    found = json.loads(stack.cli("doctor", "--json").stdout)
    size: dict[str, str] = next(one for one in found if one["check"] == "size")
    return size
