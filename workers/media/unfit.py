"""Why a file is not taken."""

from __future__ import annotations

from typing import Literal, get_args

Reason = Literal[
    "hash_mismatch", "type_mismatch", "not_readable", "too_many_pixels", "ambiguous", "infected"
]
REASONS: tuple[Reason, ...] = get_args(Reason)


class Unfit(Exception):
    """The file is not fit, and never will be."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason
