"""The edge is killed fifty times in the middle of uploads, and no object is half."""

from __future__ import annotations

from pathlib import Path

from tests.contract.storage.conftest import files_on
from tests.contract.storage.test_faults import upload_while_the_edge_is_killed
from tests.harness.stack import RunningStack


def test_no_kill_of_the_edge_leaves_a_half_object(tmp_path: Path) -> None:
    with RunningStack.start(tmp_path / "state") as stack, files_on(stack) as files:
        upload_while_the_edge_is_killed(files, kills=50)
