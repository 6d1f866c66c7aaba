"""Delivers a batch of changes: asks once for each caller and view, then tells in commit order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from workers.edge.realtime.changes.catalog import Catalog, Connection, View
from workers.edge.realtime.changes.followers import (
    Follower,
    Followers,
    Group,
    Interest,
    follows,
    grouped,
)
from workers.edge.realtime.changes.history import Caller, Entry, History, Key, Verdict
from workers.edge.realtime.changes.past import Past
from workers.edge.realtime.changes.rows import (
    Answer,
    Filters,
    Question,
    Row,
    Select,
    Shape,
    found,
    read,
)
from workers.edge.realtime.changes.wire import written
from workers.edge.realtime.interfaces import Change, Notice

FORGOTTEN = Notice(is_ok=False, message="Rows were deleted meanwhile: reload what you show")
REMEMBERED = 3  # batches whose delivered rows are known, should one be deleted next

Asked = dict[tuple[Caller, View], Question]


class Delivery:
    """What a connection of the reader delivers with."""

    def __init__(
        self,
        connection: Connection,
        catalog: Catalog,
        history: History,
        followers: Followers,
        past: Past,
    ) -> None:
        self._connection = connection
        self._catalog = catalog
        self._history = history
        self._followers = followers
        self._past = past
        self._delivered: list[dict[tuple[Caller, View], Answer]] = []

    async def deliver(self, entries: Sequence[Entry]) -> None:
        """Deliver a batch to everybody who follows."""
        live = grouped(self._followers.live)
        views = self._views(entries)
        await self._judge_gone(entries, views, live)
        await self._past.move_on()
        for group in live:
            self._tell_of_unknown(group, entries)
        answers = await self._deliver_to(live, entries, views)
        self._delivered = [*self._delivered, answers][-REMEMBERED:]

    async def catch_up(self, follower: Follower, entries: Sequence[Entry]) -> None:
        """Deliver what somebody missed who comes back."""
        (group,) = grouped([follower])
        self._tell_of_unknown(group, entries)
        await self._deliver_to([group], entries, self._views(entries))

    def _views(self, entries: Iterable[Entry]) -> dict[int, list[View]]:
        return self._catalog.of_tables({entry.table_oid for entry in entries})

    def _tell_of_unknown(self, group: Group, entries: Iterable[Entry]) -> None:
        if any(self._is_unknown(group, entry) for entry in entries):
            group.deliver(FORGOTTEN)

    def _is_unknown(self, group: Group, entry: Entry) -> bool:
        """Whether nobody knows if somebody could see a row that is gone."""
        if entry.operation != "DELETE":
            return False
        return any(
            follows(binding, view)
            and binding.fits("DELETE")
            and (group.caller, view.name) not in entry.verdicts
            for view in self._views([entry])[entry.table_oid]
            for binding in group.bindings
        )

    async def _deliver_to(
        self, live: Sequence[Group], entries: Sequence[Entry], views: Mapping[int, list[View]]
    ) -> dict[tuple[Caller, View], Answer]:
        flat = [view for of_table in views.values() for view in of_table]
        changed = [entry for entry in entries if entry.operation != "DELETE"]
        asked = await self._questions(self._followers.interests(flat, live), changed)
        answers = await read(self._connection, list(asked.values()))
        rows = {pair: answers[question] for pair, question in asked.items()}
        unanswered = {
            caller: told for (caller, _), told in rows.items() if isinstance(told, Notice)
        }
        for group in live:
            if group.caller in unanswered:
                group.deliver(unanswered[group.caller])
        for entry in entries:
            for view in views[entry.table_oid]:
                for group in live:
                    row = self._row(group.caller, view, entry, rows)
                    if row is not None:
                        await self._tell(group, view, entry, row)
        return {pair: found(answer) for pair, answer in rows.items()}

    def _row(
        self,
        caller: Caller,
        view: View,
        entry: Entry,
        rows: Mapping[tuple[Caller, View], Answer | Notice],
    ) -> Row | None:
        if entry.operation != "DELETE":
            return found(rows.get((caller, view), {})).get(entry.key)
        verdict = entry.verdicts.get((caller, view.name))
        return Row(verdict.key_json, {}, verdict.fitting) if verdict else None

    async def _tell(self, group: Group, view: View, entry: Entry, row: Row) -> None:
        ids: dict[Select, list[int]] = defaultdict(list)
        for binding in group.bindings:
            if (
                follows(binding, view)
                and binding.fits(entry.operation)
                and binding.filters in row.fitting
            ):
                ids[binding.select].append(binding.id)
        for select, fitting in ids.items():
            shape = await self._shape(group.caller, view, Interest({select: None}))
            columns, record = shape.chosen(select), row.records.get(select)
            data = written(entry, view, columns, record=record, key=row.key_json)
            cursor = self._history.cursor(entry.position)
            group.deliver(Change(tuple(dict.fromkeys(fitting)), data, cursor))

    async def _judge_gone(
        self,
        entries: Sequence[Entry],
        views: Mapping[int, list[View]],
        live: Sequence[Group],
    ) -> None:
        gone = [entry for entry in entries if entry.operation == "DELETE"]
        if not gone or not self._past.is_whole:
            return
        tables = {entry.table_oid for entry in gone}
        flat = [view for oid in tables for view in views[oid]]
        asked = await self._questions(self._followers.of_gone_rows(flat, live), gone)
        delivered = {question: self._just_delivered(*pair) for pair, question in asked.items()}
        seen = await self._past.seen(list(asked.values()), delivered)
        for (caller, view), question in asked.items():
            for entry in gone:
                if entry.table_oid == view.table_oid:
                    row = seen[question].get(entry.key)
                    entry.verdicts[caller, view.name] = (
                        Verdict(row.key_json, row.fitting) if row else None
                    )

    def _just_delivered(self, caller: Caller, view: View) -> Answer:
        """Return rows that were delivered after the snapshots were taken."""
        rows: Answer = {}
        for batch in self._delivered:
            rows |= batch.get((caller, view), {})
        return rows

    async def _questions(
        self, interests: Mapping[tuple[Caller, View], Interest], entries: Sequence[Entry]
    ) -> Asked:
        asked: Asked = {}
        for (caller, view), interest in interests.items():
            keys: dict[Key, None] = {
                entry.key: None
                for entry in entries
                if entry.table_oid == view.table_oid and entry.operation in interest.operations
            }
            shape = await self._shape(caller, view, interest)
            if keys and {column.name for column in shape.columns} >= set(view.key):
                asked[caller, view] = Question(caller, shape, tuple(keys))
        return asked

    async def _shape(self, caller: Caller, view: View, interest: Interest) -> Shape:
        columns = await self._catalog.columns(self._connection, view, caller.role)
        filters: tuple[Filters, ...] = tuple(interest.filters)
        return Shape(view, tuple(columns.values()), tuple(interest.selects), filters)
