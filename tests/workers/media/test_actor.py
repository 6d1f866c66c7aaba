"""What the worker does when Storage, the scanner or the file is not as it should be."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest
from dramatiq.brokers.stub import StubBroker
from dramatiq.errors import Retry

from tests.workers.media.pictures import saved
from workers.actors import media
from workers.actors.database import Database
from workers.providers.clamav import ClamAV
from workers.providers.failures import TryLater
from workers.providers.storage import Missing, Storage


@dataclass
class Desk:
    """A database with one job, a Storage with one file, and a scanner."""

    content: bytes
    job: dict[str, Any] | None
    fails: Exception | None = None
    is_clean: bool = True
    told: list[tuple[object, ...]] = field(default_factory=list)
    stored: dict[str, bytes] = field(default_factory=dict)

    def call(self, statement: str, *arguments: object) -> Any:
        if "start_processing" in statement:
            return self.job
        self.told.append((statement.split("(")[0].removeprefix("select files."), *arguments[1:]))
        return None

    def fetch(self, bucket: str, name: str, target: Path) -> None:
        if self.fails:
            raise self.fails
        target.write_bytes(self.content)

    def store(self, bucket: str, name: str, source: Path, **_: str) -> None:
        self.stored[f"{bucket}/{name}"] = source.read_bytes()

    def work(self) -> None:
        """Look into the file as the worker does."""
        broker = StubBroker()
        parts = media.Desk(cast(Storage, self), cast(ClamAV, Scanner(self.is_clean)))
        media.declare(broker, cast(Database, self), parts)
        broker.get_actor("process_medium").fn("media.uploaded", {"media_id": "m"})


@dataclass
class Scanner:
    verdict: bool

    def is_clean(self, _path: Path) -> bool:
        return self.verdict


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    job = {
        "bucket": "originals",
        "name": "n",
        "content_type": "image/png",
        "sha256": None,
        "max_pixels": 1_000_000,
        "widths": [100],
    }
    return Desk(saved(tmp_path, "image/png").read_bytes(), job)


def test_a_fit_picture_is_published_before_it_is_ready(desk: Desk) -> None:
    desk.work()
    ((told, facts),) = desk.told
    assert told == "finish_processing"
    names = {f"public-media/{each['object_name']}" for each in facts.obj["renditions"]}  # type: ignore[attr-defined]
    assert names == desk.stored.keys()
    assert len(names) == 3


def test_an_infected_file_is_refused(desk: Desk) -> None:
    desk.is_clean = False
    desk.work()
    assert (desk.told, desk.stored) == ([("refuse_medium", "infected")], {})


def test_a_file_that_is_gone_is_refused(desk: Desk) -> None:
    desk.fails = Missing()
    desk.work()
    assert desk.told == [("refuse_medium", "not_readable")]


def test_a_storage_that_does_not_answer_is_asked_again(desk: Desk) -> None:
    desk.fails = TryLater("Storage answered 500.")
    with pytest.raises(Retry):
        desk.work()
    assert desk.told == []


def test_a_message_that_comes_twice_does_nothing(desk: Desk) -> None:
    desk.job = None
    desk.work()
    assert (desk.told, desk.stored) == ([], {})
