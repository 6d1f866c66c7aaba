"""Products on the command line: a file goes in, the same file comes out."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from cli.commands.products.cells import to_cells, to_row
from tests.contract.conftest import Town, built
from tests.harness.stack import RunningStack

FILE = """\
product,name,description,is_published,sku,price_minor,option:Size,attribute:length,alert_threshold
polo,Polo,"'=Soft, and warm",true,P-M,2500,M,71.5,3
polo,,,,P-L,2700,L,71.5,3
box,Box,"Two
lines",,,,,,
"""


@pytest.fixture(scope="module")
def town(stack: RunningStack) -> Town:
    """A town whose salon has a store and says how long its goods are."""
    town = built(stack)
    mine = {"business_id": town.ids["salon"]}
    town.new("store", "business.stores", **mine, name="Mitte")
    town.new(
        "length", "catalog.product_attributes", **mine, key="length", name="Length", kind="number"
    )
    return town


def slug(town: Town) -> str:
    ((found,),) = town.run("select slug from business.businesses where id = %s", town.ids["salon"])
    return str(found)


def imported(town: Town, folder: Path, text: str, *options: str) -> Any:
    """What the command said about each row, by outcome and sentence."""
    file = folder / "goods.csv"
    file.write_text(text, newline="")
    done = town.stack.cli("products", "import", slug(town), str(file), "--yes", "--json", *options)
    assert done.stdout, done.stderr
    report = json.loads(done.stdout)
    return done.returncode, [row["outcome"] for row in report["rows"]]


def test_what_was_exported_is_imported_unchanged(town: Town, tmp_path: Path) -> None:
    assert imported(town, tmp_path, FILE, "--dry-run") == (0, ["created"] * 3)
    assert imported(town, tmp_path, FILE) == (0, ["created"] * 3), "a dry run changed nothing"
    exported = town.stack.cli("products", "export", slug(town))
    assert imported(town, tmp_path, exported.stdout) == (0, ["unchanged"] * 3)
    rows = {row["sku"]: row for row in csv.DictReader(io.StringIO(exported.stdout, newline=""))}
    assert rows["P-M"]["description"] == "'=Soft, and warm", "no spreadsheet calculates it"
    assert (rows["P-L"]["option:Size"], rows["P-L"]["attribute:length"]) == ("L", "71.5")
    assert rows["P-L"]["alert_threshold"] == "3"
    as_json = tmp_path / "goods.json"
    as_json.write_text(town.stack.cli("products", "export", slug(town), "--json").stdout)
    again = town.stack.cli("products", "import", slug(town), str(as_json), "--yes")
    assert "0 created, 0 updated, 3 unchanged, 0 refused." in again.stderr


def test_a_refused_row_is_named(town: Town, tmp_path: Path) -> None:
    text = "product,name,sku,price_minor\nhat,Hat,HAT,100\ntie,Tie,TIE,much\n"
    assert imported(town, tmp_path, text) == (1, ["created", "refused"])
    assert town.run("select count(*) from catalog.products where slug = 'hat'") == [(0,)]
    assert imported(town, tmp_path, text, "--mode", "report") == (1, ["created", "refused"])
    assert town.run("select count(*) from catalog.products where slug = 'hat'") == [(1,)]
    file = tmp_path / "bad.json"
    file.write_text("{")
    done = town.stack.cli("products", "import", slug(town), str(file), "--yes")
    assert (done.returncode, "cannot be read" in done.stderr) == (1, True)


@pytest.mark.parametrize("text", ["=1+1", "-5", "'=1", "'n Roll", "plain", "two\r\nlines", "\tx"])
def test_a_cell_is_read_as_it_was(text: str) -> None:
    row = {"product": "p", "sku": "S", "name": text, "options": {"Size": text}}
    cells = to_cells(row)
    assert not cells["name"].startswith(tuple("=+-@\t\r"))
    assert to_row({name: cell for name, cell in cells.items() if cell}) == row
