"""Figures in the terminal: what owners and the platform see, and what dbt reads."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

from cli.commands.reports.drawing import bar, sparkline
from tests.contract.conftest import built
from tests.harness.stack import RunningStack


def test_a_dashboard_is_drawn_and_printed_for_programs(stack: RunningStack) -> None:
    town = built(stack)
    words = (
        *("reports", "business", town.ids["salon"]),
        *("--from", "2031-05-01", "--to", "2031-05-31"),
    )
    drawn = stack.cli(*words)
    assert drawn.returncode == 0, drawn.stderr
    assert "Bookings by day" in drawn.stdout and "2031-05-01 to 2031-05-31" in drawn.stdout
    page = json.loads(stack.cli(*words, "--json").stdout)
    assert len(page["series"]) == 31
    days = list(csv.DictReader(io.StringIO(stack.cli(*words, "--csv").stdout)))
    assert {day["day"] for day in days} == {day["day"] for day in page["series"]}


def test_the_platform_is_the_sum_of_its_businesses(stack: RunningStack) -> None:
    town = built(stack)
    words = ("--from", "2031-05-01", "--to", "2031-05-31", "--json")
    platform = json.loads(stack.cli("reports", "platform", *words).stdout)
    slugs = [str(slug) for (slug,) in town.run("select slug from business.businesses")]
    pages = [json.loads(stack.cli("reports", "business", slug, *words).stdout) for slug in slugs]
    assert platform["bookings"] == sum(page["bookings"] for page in pages) > 0
    drawn = stack.cli("reports", "platform")
    assert drawn.returncode == 0 and "The platform" in drawn.stdout, drawn.stderr


def test_a_period_that_ends_before_it_begins_is_refused(stack: RunningStack) -> None:
    asked = stack.cli("reports", "platform", "--from", "2031-05-31", "--to", "2031-05-01")
    assert (asked.returncode, asked.stdout) == (1, "")
    assert "ends before it begins" in asked.stderr


def test_a_report_runs_from_a_file_and_saved_by_its_id(stack: RunningStack, tmp_path: Path) -> None:
    town = built(stack)
    wish = {
        "subject": "bookings",
        "from_on": "2031-05-01",
        "to_on": "2031-05-31",
        "dimensions": ["status"],
        "measures": ["bookings"],
    }
    file = tmp_path / "report.json"
    file.write_text(json.dumps({"business_id": town.ids["salon"], **wish}))
    page = json.loads(stack.cli("reports", "run", str(file), "--json").stdout)
    printed = stack.cli("reports", "run", str(file), "--csv")
    rows = list(csv.DictReader(io.StringIO(printed.stdout)))
    assert rows == [{name: str(row[name]) for name in page["columns"]} for row in page["rows"]]
    assert sum(int(row["bookings"]) for row in rows) > 0
    saved = town.run(
        "select public.save_report(%s, 'States', %s)::text", town.ids["salon"], json.dumps(wish)
    )[0][0]
    assert json.loads(stack.cli("reports", "run", str(saved), "--json").stdout) == page
    missing = stack.cli("reports", "run", str(tmp_path / "none.json"))
    assert missing.returncode == 1 and "cannot be read" in missing.stderr


def test_dbt_gets_every_view_with_descriptions(stack: RunningStack) -> None:
    printed = stack.cli("gen", "dbt").stdout
    assert "- name: daily_business_stats" in printed and "data_tests:" in printed
    assert 'description: ""' not in printed


def test_lines_and_bars_show_the_largest_whole() -> None:
    assert sparkline([0, 1, 7, 14]) == "▁▂▅█"
    assert sparkline([]) == ""
    assert sparkline([0, -5]) == "▁▁"
    assert bar(0, 10) == ""
    assert len(bar(1, 1000)) == 1 < len(bar(1000, 1000))
