"""Why a calendar, or an event in it, cannot be read, in words for the people who imported it."""

from __future__ import annotations

LONGEST_QUOTE = 60  # characters
LONGEST_SENTENCE = 300


class Unreadable(Exception):
    """A calendar that cannot be read. The sentence names hosts, never a whole address."""

    def __init__(self, sentence: str) -> None:
        super().__init__(plain(sentence)[:LONGEST_SENTENCE])


class Skipped(Exception):
    """An event that does not block. The sentence says why, and never what the event is about."""


class OutOfTime(BaseException):
    """A limit of time was reached. Libraries that catch every Exception must not swallow it."""


def quoted(text: str) -> str:
    """Return a stranger's words as we may show them: short and between quotes."""
    return f"“{plain(text)[:LONGEST_QUOTE]}”"


def plain(text: str) -> str:
    """Return a stranger's words on one line, without control characters."""
    shown = "".join(letter if letter.isprintable() else " " for letter in text)
    return " ".join(shown.split())
