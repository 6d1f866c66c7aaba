"""Starts the parts of a stack, restarts those that die, and stops them all."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from types import FrameType

from cli.refusal import Refusal
from cli.stack import process
from cli.stack.journal import Journal
from cli.stack.parts import Part, other_parts, postgres_part
from cli.stack.plan import Plan
from cli.stack.process import Identity
from cli.stack.state import Record

TICK = 0.1  # seconds between two looks at the parts
START_TIMEOUT = 60  # seconds in which a part must answer after its start
FIRST_DELAY, LONGEST_DELAY = 0.25, 30.0  # seconds before a dead part starts again
STEADY = 60  # seconds after which earlier deaths are forgotten


class Stopped(BaseException):
    """Somebody asked us to stop; not an error."""


@dataclass
class Running:
    """A part and its state. `due` and `since` are on the monotonic clock."""

    part: Part
    server: subprocess.Popen[bytes]
    identity: Identity
    state: str = "starting"
    since: float = field(default_factory=time.monotonic)
    due: float = 0.0
    deaths: int = 0
    restarts: int = 0


class Supervisor:
    """One run of one stack, from the first part's start to the last one's end.

    `prepare` makes the running database ready for the other parts.
    """

    def __init__(self, plan: Plan, journal: Journal, prepare: Callable[[Plan], None]) -> None:
        self._plan = plan
        self._journal = journal
        self._prepare = prepare
        self._running: dict[str, Running] = {}
        self._is_ready = False
        self._is_noted = True

    def run(self, on_ready: Callable[[], None]) -> None:
        """Bring the stack up, keep it up until a signal stops it, and take it down.

        Raises:
            Refusal: when a part does not start; everything is stopped then.
        """
        with _stopping_signals():
            try:
                self._record()
                self._bring_up()
                self._is_ready = True
                self._record()
                on_ready()
                while True:
                    time.sleep(TICK)
                    for running in self._running.values():
                        self._look_after(running)
                    if not self._is_noted:
                        self._note()
            except Stopped:
                self._journal.say("stopping …")
            finally:
                _ignore_signals()
                self._take_down()

    def _bring_up(self) -> None:
        plan = self._plan
        others = other_parts(plan)
        if plan.cluster is not None:
            if not plan.cluster.is_initialised:
                self._journal.say("making a new database …")
                plan.cluster.init()
            plan.cluster.require_version()
        if database := postgres_part(plan):
            self._start(database)
            self._await_all()
        self._journal.say("bringing the schema up to date …")
        self._prepare(plan)
        for part in others:
            self._start(part)
        self._await_all()

    def _start(self, part: Part, *, before: Running | None = None) -> None:
        part.clear()
        server = process.start(part.program)
        running = Running(part, server, Identity.of(server.pid))
        if before is not None:
            running.deaths, running.restarts = before.deaths, before.restarts + 1
        self._running[part.name] = running
        self._note()

    def _await_all(self) -> None:
        """Wait until every started part answers."""
        deadline = time.monotonic() + START_TIMEOUT
        for running in self._running.values():
            part = running.part
            while running.state != "running":
                if running.server.poll() is not None:
                    words = process.last_words(part.program.log)
                    raise Refusal(
                        f"The part {part.name} ended at its start: {words}",
                        f"Read {part.program.log}.",
                    )
                if part.is_ready():
                    running.state = "running"
                elif time.monotonic() > deadline:
                    raise Refusal(
                        f"The part {part.name} did not answer within {START_TIMEOUT} seconds.",
                        f"Read {part.program.log}.",
                    )
                else:
                    time.sleep(0.02)

    def _look_after(self, running: Running) -> None:
        now = time.monotonic()
        name = running.part.name
        if running.state == "restarting":
            if now >= running.due:
                self._start(running.part, before=running)
        elif running.server.poll() is not None:
            self._bury(running, now)
        elif running.state == "starting" and running.part.is_ready():
            running.state = "running"
            self._journal.say(f"{name} runs again (pid {running.identity.pid})")
            self._note()
        elif running.deaths and now - running.since > STEADY:
            running.deaths = 0

    def _bury(self, running: Running, now: float) -> None:
        """Note a death and the time of the restart: at once at first, then later and later."""
        process.kill_session(running.identity)
        delay = min(LONGEST_DELAY, FIRST_DELAY * 2**running.deaths)
        running.deaths += 1
        running.state, running.due = "restarting", now + delay
        code = running.server.returncode
        how = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
        self._journal.say(f"{running.part.name} {how}; it starts again in {delay:g} s")
        self._note()

    def _take_down(self) -> None:
        """Stop the database last, so that the others can finish what they do."""
        groups: list[list[Running]] = [[], []]
        for running in self._running.values():
            groups[running.part.name == "postgres"].append(running)
        for group, timeout in zip(groups, (10, 30), strict=True):
            process.stop([(r.identity, r.part.program.stop_signal) for r in group], timeout=timeout)
            for running in group:
                running.server.wait()
                running.part.clear()
                running.state = "stopped"
        self._is_ready = False
        self._note()

    def _note(self) -> None:
        """Record a change; on a full disk try again later, because the parts still run."""
        try:
            self._record()
            self._is_noted = True
        except OSError as error:
            if self._is_noted:
                self._journal.say(f"the state cannot be written: {error.strerror}")
            self._is_noted = False

    def _record(self) -> None:
        services = {
            name: {
                "pid": running.identity.pid if running.state in ("starting", "running") else None,
                "state": running.state,
                "url": running.part.url,
                "restarts": running.restarts,
            }
            for name, running in self._running.items()
        }
        self._plan.state.write(
            Record(
                supervisor=Identity.of(self._journal.pid),
                boot=process.boot(),
                is_ready=self._is_ready,
                endpoints=replace(self._plan.endpoints(), services=services),
                ports=self._plan.inner_ports,
                parts={name: running.identity for name, running in self._running.items()},
            )
        )


@contextmanager
def _stopping_signals() -> Iterator[None]:
    """Turn SIGINT, SIGTERM and SIGHUP into `Stopped`."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        _ignore_signals()
        raise Stopped

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    yield


def _ignore_signals() -> None:
    """Ignore further requests to stop while stopping."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
