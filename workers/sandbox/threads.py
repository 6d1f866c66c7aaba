"""Threads of the sandbox's own.

The edge waits in threads for its answers. If these came from the same pool, so many callers at once
would leave none to answer them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import ParamSpec, TypeVar

import anyio
from anyio.to_thread import run_sync

# The books take one transaction at a time, so more threads would only wait.
_limit = anyio.CapacityLimiter(4)

P = ParamSpec("P")
Result = TypeVar("Result")


async def in_thread(function: Callable[P, Result], *arguments: P.args, **named: P.kwargs) -> Result:
    """Return what a function returns that blocks."""
    return await run_sync(partial(function, *arguments, **named), limiter=_limit)
