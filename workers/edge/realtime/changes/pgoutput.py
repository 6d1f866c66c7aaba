"""Decodes pgoutput, PostgreSQL's own logical replication protocol, version 1.

Source: PostgreSQL's manual, "Logical Replication Message Formats".
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Literal, NamedTuple

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
Operation = Literal["INSERT", "UPDATE", "DELETE"]


class Unchanged(Enum):
    """A value that was stored apart and did not change, so it is not sent."""

    UNCHANGED = "unchanged"


UNCHANGED = Unchanged.UNCHANGED
Value = str | Unchanged | None


class Relation(NamedTuple):
    """A table as it was when the rows were written."""

    oid: int
    columns: tuple[str, ...]


@dataclass(frozen=True)
class RowChange:
    """A change of a row, by the text of its values. `old` has the key if it changed, or is gone."""

    relation: Relation
    operation: Operation
    old: dict[str, Value]
    new: dict[str, Value]


@dataclass(frozen=True)
class Transaction:
    """A committed transaction: where it ends in the WAL, when, and what it changed, in order."""

    end_lsn: int
    committed_at: datetime
    changes: tuple[RowChange, ...]


class _Reader:
    """Reads one message from its start to its end."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, count: int) -> bytes:
        taken = self._data[self._at : self._at + count]
        self._at += count
        return taken

    def number(self, kind: str) -> int:
        found: int
        (found,) = struct.unpack_from(f">{kind}", self._data, self._at)
        self._at += struct.calcsize(f">{kind}")
        return found

    def string(self) -> str:
        end = self._data.index(0, self._at)
        text = self._data[self._at : end].decode()
        self._at = end + 1
        return text

    def row(self, relation: Relation) -> dict[str, Value]:
        """Read the values of the columns."""
        return {relation.columns[i]: self._value() for i in range(self.number("H"))}

    def _value(self) -> Value:
        match kind := self.take(1):
            case b"n":
                return None
            case b"u":
                return UNCHANGED
            case b"t":
                return self.take(self.number("I")).decode()
        raise ValueError(f"pgoutput sent a value of an unknown kind: {kind!r}.")


class Decoder:
    """Turns messages into transactions. A relation is described once a session."""

    def __init__(self) -> None:
        self._relations: dict[int, Relation] = {}
        self._changes: list[RowChange] = []

    def transactions(self, messages: Iterable[bytes]) -> Iterator[Transaction]:
        """Yield each transaction when its commit is read."""
        for message in messages:
            reader = _Reader(message)
            match reader.take(1):
                case b"B":
                    self._changes = []
                case b"R":
                    self._describe(reader)
                case b"I" | b"U" | b"D" as kind:
                    self._changes.append(self._change(kind, reader))
                case b"C":
                    yield self._commit(reader)
                case _:
                    # A type, an origin, a message or a truncation: nothing about a row.
                    continue

    def _commit(self, reader: _Reader) -> Transaction:
        reader.take(1 + 8)  # flags, and where the commit begins
        end, moment = reader.number("Q"), reader.number("q")
        done = tuple(self._changes)
        self._changes = []
        return Transaction(end, EPOCH + timedelta(microseconds=moment), done)

    def _describe(self, reader: _Reader) -> None:
        oid = reader.number("I")
        reader.string(), reader.string(), reader.take(1)  # schema, name, replica identity
        columns = []
        for _ in range(reader.number("H")):
            reader.take(1)  # whether it is part of the key
            columns.append(reader.string())
            reader.take(8)  # type and its modifier
        self._relations[oid] = Relation(oid, tuple(columns))

    def _change(self, kind: bytes, reader: _Reader) -> RowChange:
        relation = self._relations[reader.number("I")]
        old: dict[str, Value] = {}
        new: dict[str, Value] = {}
        part = reader.take(1)
        if part in (b"K", b"O"):
            old = reader.row(relation)
            part = reader.take(1)
        if part == b"N":
            new = reader.row(relation)
        operations: dict[bytes, Operation] = {b"I": "INSERT", b"U": "UPDATE", b"D": "DELETE"}
        return RowChange(relation, operations[kind], old, new)
