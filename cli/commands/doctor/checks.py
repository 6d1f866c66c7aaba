"""The checks of `frontdesk doctor`, one function each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import httpx
import psycopg

from cli import schema, settings
from cli.commands.doctor import payments, sizes, slots, transactions
from cli.commands.doctor.unbookable import in_words, unbookable
from cli.refusal import Refusal
from cli.schema import advisors, planning
from cli.settings.not_offered import not_offered, sentence
from cli.stack import programs
from cli.stack.state import Endpoints, State

FAILING_CALENDARS = Path(__file__).with_name("failing_calendars.sql")
STALE_FLAGS = """
    select flags.key, stale.reason
    from flags.flags
    cross join lateral flags.stale_reason(
        flags.kind, flags.created_at, flags.ends_at
    ) as stale (reason)
    where stale.reason is not null
    order by flags.key
"""
OLDEST_SECONDS = 60  # for which a message may wait


@dataclass(frozen=True)
class Finding:
    """What one check found. `next_step` is empty when there is nothing to do."""

    check: str
    result: Literal["ok", "warn", "fail"]
    message: str
    next_step: str = ""


Check = tuple[str, Callable[[], Finding]]


def checks(state: State, config: Path, *, is_deep: bool) -> Iterator[Check]:
    """Yield each check with its name; the slow one only when it is wanted."""
    yield "installation", _installation
    yield "configuration", lambda: _configuration(config)
    if is_deep:
        yield "migrations", _migrations
    try:
        endpoints = state.require_running()
    except Refusal as refusal:
        found = Finding("services", "warn", refusal.message, refusal.next_step)
        yield "services", lambda: found
        return
    of_stack = {
        "services": _services,
        "api": _api,
        "schema": _schema,
        "reloading": _reloading,
        "queues": _queues,
        "calendars": _calendars,
        "schedules": _schedules,
        "flags": _flags,
        "ledger": _ledger,
        "slots": _slots,
        "transactions": _transactions,
        "advisors": _advisors,
    }
    for name, examine in of_stack.items():
        yield name, partial(examine, endpoints)
    yield "payments", lambda: _payments(config)
    if "postgres" in endpoints.services:
        yield "size", lambda: _size(endpoints, config)


def examined(check: Check) -> Finding:
    """Run a check; an error that it raises is its finding."""
    name, examine = check
    try:
        return examine()
    except Refusal as refusal:
        return Finding(name, "fail", refusal.message, refusal.next_step)
    except (psycopg.Error, httpx.HTTPError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        return Finding(name, "fail", f"{reason}.", "Look with: ./frontdesk status")


def _installation() -> Finding:
    found = (programs.postgres_bin(), programs.postgrest(), programs.nginx())
    where = ", ".join(str(path) for path in found)
    return Finding("installation", "ok", f"The programs are there: {where}.")


def _configuration(path: Path) -> Finding:
    config = settings.load(path)
    exposed = ", ".join(config.api.schemas)
    if unknown := not_offered(config.auth):
        words = f"{path} is valid. {sentence(unknown)}"
        return Finding("configuration", "warn", words, f"Set enabled = false in {unknown[0]}.")
    return Finding("configuration", "ok", f"{path} is valid; it exposes {exposed}.")


def _migrations() -> Finding:
    differences = planning.drift()
    if not differences:
        return Finding("migrations", "ok", "They build exactly what sql/ declares.")
    return Finding(
        "migrations",
        "fail",
        f"They differ from sql/ in {len(differences)} statements.",
        "Write what is missing: ./frontdesk db diff",
    )


def _services(endpoints: Endpoints) -> Finding:
    bad = {
        name: service["state"]
        for name, service in endpoints.services.items()
        if service["state"] != "running"
    }
    if bad:
        words = ", ".join(f"{name} is {state}" for name, state in bad.items())
        return Finding("services", "fail", f"{words}.", f"Read {endpoints.state_dir}/logs.")
    restarted = [n for n, service in endpoints.services.items() if service["restarts"]]
    if restarted:
        words = f"All run, after restarts of {', '.join(restarted)}."
        return Finding("services", "warn", words, f"Read {endpoints.state_dir}/logs.")
    return Finding("services", "ok", f"All run: {', '.join(endpoints.services)}.")


def _api(endpoints: Endpoints) -> Finding:
    headers = {"apikey": endpoints.anon_key}
    answer = httpx.get(f"{endpoints.rest_url}/", headers=headers, timeout=10)
    if answer.status_code == 200:
        return Finding("api", "ok", f"PostgREST answers at {endpoints.rest_url}.")
    return Finding(
        "api",
        "fail",
        f"{endpoints.rest_url} answers {answer.status_code}.",
        f"Read {endpoints.state_dir}/logs/postgrest.log.",
    )


def _schema(endpoints: Endpoints) -> Finding:
    waiting = schema.pending(endpoints.db_url)
    if waiting:
        words = f"{len(waiting)} migrations are not applied: {', '.join(waiting)}."
        return Finding("schema", "warn", words, "Apply them: ./frontdesk db migrate")
    return Finding("schema", "ok", "Every migration is applied.")


def _reloading(endpoints: Endpoints) -> Finding:
    with psycopg.connect(endpoints.db_url) as connection:
        found = connection.execute(
            "select evtname from pg_event_trigger where evtenabled <> 'D'"
        ).fetchall()
    missing = {"pgrst_ddl_watch", "pgrst_drop_watch"} - {name for (name,) in found}
    if not missing:
        return Finding("reloading", "ok", "PostgREST notices changes of the schema by itself.")
    return Finding(
        "reloading",
        "warn",
        "PostgREST does not notice changes of the schema that are made by hand: the event triggers"
        f" {' and '.join(sorted(missing))} are missing, which only a superuser can create.",
        "Run supabase/platform/60_rest.sql as a superuser, or after each change:"
        " notify pgrst, 'reload schema'",
    )


def _queues(endpoints: Endpoints) -> Finding:
    with psycopg.connect(endpoints.db_url) as connection:
        states = connection.execute(
            "select name, oldest_seconds, dead, is_paused from private.queue_states()"
        ).fetchall()
    problems, steps = [], []
    for name, oldest, dead, is_paused in states:
        if dead:
            problems.append(f"{name} has {dead} dead letters")
            steps.append(f"./frontdesk queues dead {name}")
        if oldest > OLDEST_SECONDS:
            why = "it is paused" if is_paused else "no worker reads it"
            problems.append(f"a message of {name} has waited for {oldest:.0f} seconds, {why}")
            steps.append(f"./frontdesk queues {'resume' if is_paused else 'show'} {name}")
    if problems:
        return Finding("queues", "warn", f"{'; '.join(problems)}.", " · ".join(steps))
    return Finding("queues", "ok", "No message waits too long, and none is dead.")


def _calendars(endpoints: Endpoints) -> Finding:
    with psycopg.connect(endpoints.db_url) as connection:
        failing = connection.execute(FAILING_CALENDARS.read_bytes()).fetchall()
    if not failing:
        return Finding("calendars", "ok", "Every imported calendar can be read.")
    words = "; ".join(
        f"{resource} of {business} from {host or 'a file'}: {reason.rstrip('.')}"
        for resource, business, host, reason in failing
    )
    return Finding(
        "calendars",
        "warn",
        f"Calendars that nobody could read for a day: {words}.",
        "Ask these businesses for a new address; delete_calendar_import ends an old one.",
    )


def _schedules(endpoints: Endpoints) -> Finding:
    if found := unbookable(endpoints.db_url):
        return Finding("schedules", "warn", *in_words(found))
    return Finding("schedules", "ok", "Every active service can be booked at some time.")


def _flags(endpoints: Endpoints) -> Finding:
    with psycopg.connect(endpoints.db_url) as connection:
        stale = connection.execute(STALE_FLAGS).fetchall()
    if not stale:
        return Finding("flags", "ok", "No flag is stale.")
    words = ", ".join(f"{key} ({reason})" for key, reason in stale)
    step = "Look with: ./frontdesk flags list --stale, and remove those that nothing asks for."
    return Finding("flags", "warn", f"Flags that may have served their purpose: {words}.", step)


def _payments(path: Path) -> Finding:
    return Finding("payments", *payments.in_words(settings.load(path)))


def _ledger(endpoints: Endpoints) -> Finding:
    with psycopg.connect(endpoints.db_url) as connection:
        query = "select finding, subject from money.ledger_findings()"
        found = connection.execute(query).fetchall()
    if not found:
        return Finding("ledger", "ok", "The ledger balances.")
    (what, subject), count = found[0], len(found)
    words = f"The ledger does not agree: {what} {subject} ({count} in all)."
    return Finding("ledger", "fail", words, "See each: frontdesk ledger check")


def _slots(endpoints: Endpoints) -> Finding:
    return Finding("slots", *slots.in_words(endpoints.db_url))


def _transactions(endpoints: Endpoints) -> Finding:
    return Finding("transactions", *transactions.in_words(endpoints.db_url))


def _size(endpoints: Endpoints, path: Path) -> Finding:
    overrides = settings.load(path).db.settings
    return Finding("size", *sizes.in_words(endpoints.db_url, overrides))


def _advisors(endpoints: Endpoints) -> Finding:
    if programs.supabase_cli() is None:
        words = "The Supabase CLI is not installed, so its advisors were not asked."
        return Finding("advisors", "warn", words, "Install it with: npm ci")
    advice = advisors.advise(endpoints.db_url)
    if not advice:
        return Finding("advisors", "ok", "Supabase's database advisors find nothing.")
    names = ", ".join(sorted({found.name for found in advice}))
    is_error = any(found.level == "ERROR" for found in advice)
    return Finding(
        "advisors",
        "fail" if is_error else "warn",
        f"Supabase's database advisors find {len(advice)}: {names}.",
        "See each: supabase db advisors --db-url …",
    )
