"""Why a calendar cannot be read, in words for whoever imported it."""

from __future__ import annotations


class Unreadable(Exception):
    """A calendar that cannot be read. The sentence names hosts, never a whole address."""
