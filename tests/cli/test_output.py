"""Data on stdout: one form for instants, and nothing that a spreadsheet or a terminal obeys."""

from __future__ import annotations

import csv
import datetime
import io
import json
import uuid

import pytest

from cli.output import show

AT = datetime.datetime(2031, 5, 6, 10, tzinfo=datetime.timezone(datetime.timedelta(hours=2)))
ROW = {
    "id": uuid.UUID(int=1),
    "at": AT,
    "on": AT.date(),
    "name": "=HYPERLINK(1)",
    "count": -3,
    "nothing": None,
}


def test_instants_are_utc_with_their_offset_in_json_and_csv(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show([ROW], columns=tuple(ROW), as_json=True)
    (in_json,) = json.loads(capsys.readouterr().out)
    show([ROW], columns=tuple(ROW), as_json=False, as_csv=True)
    (in_csv,) = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert in_json["at"] == in_csv["at"] == "2031-05-06T08:00:00+00:00"
    assert in_json["on"] == in_csv["on"] == "2031-05-06"
    assert (in_json["count"], in_json["nothing"], in_csv["count"]) == (-3, None, "-3")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_is_a_formula(start: str, capsys: pytest.CaptureFixture[str]) -> None:
    show([{"name": f"{start}1+1"}], columns=("name",), as_json=False, as_csv=True)
    (row,) = csv.DictReader(io.StringIO(capsys.readouterr().out, newline=""))
    assert row["name"] == f"'{start}1+1".replace("\r", "\n")


def test_other_cells_stay_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    show([{"name": "Zoë = x"}], columns=("name",), as_json=False, as_csv=True)
    assert capsys.readouterr().out == "name\nZoë = x\n"


def test_a_table_has_no_character_that_a_terminal_obeys(capsys: pytest.CaptureFixture[str]) -> None:
    show([{"name": "red \x1b[31m"}], columns=("name",), as_json=False)
    assert "\x1b" not in capsys.readouterr().out
