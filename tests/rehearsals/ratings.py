"""Ratings equal a recount after 10,000 random edits, decisions and deletions at once."""

from __future__ import annotations

from tests.harness.database import Database
from tests.races import test_reviews

CHANGES = 10_000

reviewed = test_reviews.reviewed


def test_ratings_equal_a_recount(reviewed: Database) -> None:
    test_reviews.recount(reviewed, CHANGES)
