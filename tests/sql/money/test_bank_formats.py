"""The formats of bank accounts in the database are those of the IBAN registry."""

from __future__ import annotations

import re
from random import Random

import pytest
from stdnum import iban, numdb

from tests.harness.database import Database

SIGNS = {"n": "0123456789", "a": "ABCDEFGHJK", "c": "0123456789ABCDEFGHJK"}
CHECK = """
    select
        number ~ number_pattern and money.has_iban_check(number),
        left(number, -1) ~ number_pattern
    from unnest(%s::text[]) with ordinality as given (number, place)
    inner join money.bank_formats on bank_formats.country = left(number, 2)
    order by place
"""


@pytest.fixture(scope="module")
def structures() -> dict[str, str]:
    """The basic account number of each country, as the registry writes it."""
    found = {prefix[1]: prefix[3]["bban"] for prefix in numdb.get("iban").prefixes}
    assert len(found) > 80
    return found


def test_the_countries_with_an_iban_are_those_of_the_registry(
    db: Database, structures: dict[str, str]
) -> None:
    rows = db.rows("select country from money.bank_formats where routing_pattern is null")
    assert {country for (country,) in rows} == set(structures)


def test_a_number_is_right_where_the_registry_says_so(
    db: Database, structures: dict[str, str]
) -> None:
    random = Random(7)
    numbers = []
    for country, structure in structures.items():
        parts = re.findall(r"(\d+)!([nac])", structure)
        bban = "".join(random.choice(SIGNS[kind]) for n, kind in parts for _ in range(int(n)))
        checked = iban.calc_check_digits(f"{country}00{bban}") + bban
        numbers.append(f"{country}{checked}")
        assert iban.is_valid(numbers[-1], check_country=False)
    mistyped = [
        number[:2] + f"{(int(number[2:4]) + 1) % 100:02}" + number[4:] for number in numbers
    ]
    assert db.rows(CHECK, numbers) == [(True, False)] * len(numbers)
    assert db.rows(CHECK, mistyped) == [(False, False)] * len(numbers)
