"""A function never answers with a part of its rows: with pages of five, six rows are refused."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cli.options import DEFAULT_CONFIG
from tests.contract.conftest import Town, built
from tests.contract.test_bad_input import assert_refused
from tests.harness.stack import RunningStack


@pytest.fixture(scope="module")
def small_pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A town on a stack whose answers have at most five rows."""
    folder = tmp_path_factory.mktemp("pages")
    config = DEFAULT_CONFIG.read_text("utf-8")
    assert config.count("max_rows = 1000") == 1
    path = folder / "supabase-config.toml"
    path.write_text(config.replace("max_rows = 1000", "max_rows = 5"))
    with RunningStack.start(folder / "state", "--no-workers", "--config", path) as stack:
        yield built(stack)


def dates(town: Town, last: str) -> dict[str, str]:
    return {"service_id": town.ids["salon_service"], "from_on": "2031-05-05", "to_on": last}


def test_a_full_page_is_an_answer(small_pages: Town) -> None:
    with small_pages.client(None) as client:
        response = client.get("/rpc/date_availability", params=dates(small_pages, "2031-05-09"))
    assert response.status_code == 200
    assert len(response.json()) == 5


@pytest.mark.parametrize("prefer", ["", "count=exact"])
@pytest.mark.parametrize("window", ["", "?limit=2", "?limit=2&offset=4"])
def test_one_row_more_is_refused_however_it_is_asked(
    small_pages: Town, window: str, prefer: str
) -> None:
    with small_pages.client(None, Prefer=prefer) as client:
        response = client.post(
            f"/rpc/date_availability{window}", json=dates(small_pages, "2031-05-10")
        )
    assert_refused(response, "date_availability")
    assert response.status_code == 422
    assert response.json()["details"] == "too_many_rows"
    assert response.json()["hint"] == "Ask for fewer dates at a time."


def test_a_view_is_read_page_by_page(small_pages: Town) -> None:
    with small_pages.client(None, Prefer="count=exact") as client:
        response = client.get("/currencies")
    assert len(response.json()) == 5
    assert response.headers["Content-Range"].startswith("0-4/")
    assert response.status_code == 206
