"""Documents that many people issue at once have numbers without gaps, also when some roll back."""

from __future__ import annotations

from tests.harness.acting import answer, connected, number, say, together
from tests.harness.database import Database

SALES = 8
TRIES = 24
BOOK = "select public.book(tests.id('Cut')::text, %s)"
ISSUE = """
    select money.issue_document('receipt', business_id, id, 0)
    from sales.sales order by placed_at, id offset %s limit 1
"""


def sell(shop: Database) -> None:
    for hour in range(SALES):
        assert answer(shop, BOOK, f"2031-05-05T{9 + hour:02}:00:00Z") == "ok"


def test_numbers_have_no_gaps_whoever_issues_and_rolls_back(shop: Database) -> None:
    sell(shop)

    def issue(turn: int) -> str:
        with connected(shop) as connection:
            if turn % 3 == 0:
                connection.execute(f"begin; {ISSUE}; rollback".encode(), (turn % SALES,))
                return "rolled back"
            connection.execute(f"begin; {ISSUE}; commit".encode(), (turn % SALES,))
            return "issued"

    assert together(TRIES, issue) == {"rolled back": TRIES // 3, "issued": TRIES * 2 // 3}
    numbers = [row[0] for row in shop.rows("select number from money.documents order by number")]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) == number(shop, "select count(distinct sale_id) from money.documents")
    assert len(numbers) == number(shop, "select last_number from money.document_counters")


def test_one_cancellation_is_credited_once(shop: Database) -> None:
    sell(shop)
    with connected(shop) as connection:
        connection.execute(ISSUE.encode(), (0,))
    booking = str(
        shop.rows(
            "select bookings.id from scheduling.bookings"
            " inner join money.documents on documents.sale_id = bookings.sale_id"
        )[0][0]
    )

    def press(_turn: int) -> str:
        with connected(shop) as connection:
            return say(connection, "select public.cancel_booking(%s)", booking)

    assert together(6, press) == {"ok": 6}
    assert number(shop, "select count(*) from money.documents where kind = 'credit_note'") == 1
