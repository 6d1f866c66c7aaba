"""Customers on the command line."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

from tests.contract.conftest import Town, built
from tests.harness.stack import RunningStack

HEADING = "name,email,phone,tags,note,kind\n"

CONSENT = """
    insert into crm.consents (business_id, customer_id, purpose, is_given, source, at)
    select business_id, id, 'marketing', true, 'paper', now() from customers.customers where id = %s
"""


def listed(town: Town) -> list[dict[str, Any]]:
    done = town.stack.cli("customers", "list", "--business", town.ids["salon"], "--json")
    assert done.returncode == 0, done.stderr
    rows: list[dict[str, Any]] = json.loads(done.stdout)
    return rows


def test_customers_are_imported_exported_merged_parted_and_blocked(
    stack: RunningStack, tmp_path: Path
) -> None:
    town = built(stack)
    salon, file = town.ids["salon"], tmp_path / "customers.csv"
    known = len(listed(town))

    file.write_text(HEADING + "Ann,ann@example.com,,VIP,Nuts.,allergy\nBad,nonsense,,,,\n")
    done = stack.cli("customers", "import", salon, str(file), "--yes", "--json")
    assert done.returncode == 1 and "Nothing was changed" in done.stderr
    (refused,) = [row for row in json.loads(done.stdout)["rows"] if row["outcome"] == "refused"]
    assert refused["row"] == 2 and "email" in refused["message"]
    assert len(listed(town)) == known

    file.write_text(HEADING + "Ann,ann@example.com,,VIP,Nuts.,allergy\n=1+1,,+4930123456,,,\n")
    assert stack.cli("customers", "import", salon, str(file)).returncode == 1
    assert stack.cli("customers", "import", salon, str(file), "--yes").returncode == 0
    rows = {row["name"]: row for row in listed(town)}
    assert rows["Ann"]["tags"] == "VIP" and rows["=1+1"]["phone"] == "+4930123456"

    exported = stack.cli("customers", "export", salon).stdout
    cells = {row["name"]: row for row in csv.DictReader(io.StringIO(exported))}
    assert cells["'=1+1"]["phone"] == "'+4930123456"
    file.write_text(exported)
    again = stack.cli("customers", "import", salon, str(file), "--yes", "--json")
    assert again.returncode == 0, again.stderr
    assert {row["name"] for row in listed(town)} >= {"Ann", "=1+1"}

    ann, other = rows["Ann"]["id"], rows["=1+1"]["id"]
    assert stack.cli("customers", "merge", ann, other, "--yes").returncode == 0
    assert other not in {row["id"] for row in listed(town)}
    town.run(CONSENT, ann)
    shown = json.loads(stack.cli("customers", "show", ann, "--json").stdout)
    assert [answer["source"] for answer in shown["consents"]] == ["paper"]
    assert shown["phone"] == "+4930123456" and shown["notes"][0]["body"] == "Nuts."
    merger = shown["mergers"][0]["id"]
    assert stack.cli("customers", "unmerge", merger, "--yes").returncode == 0
    assert other in {row["id"] for row in listed(town)}

    assert stack.cli("customers", "block", ann, "--reason", "Rude.", "--yes").returncode == 0
    assert {row["id"]: row["is_blocked"] for row in listed(town)}[ann]
    assert stack.cli("customers", "unblock", ann, "--yes").returncode == 0
    assert stack.cli("customers", "show", salon).returncode == 1
