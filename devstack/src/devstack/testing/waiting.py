"""Wait for what has no event to wait for: another process's state. Both fail with what they waited for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

DEADLINE_S = 60
PAUSE_S = 0.05


def until(happened: Callable[[], Any], what: str = "what was waited for", *, deadline_s: float = DEADLINE_S) -> Any:
    """Ask again and again and return the first answer that is true."""
    end = time.monotonic() + deadline_s
    while time.monotonic() < end:
        if found := happened():
            return found
        time.sleep(PAUSE_S)
    raise AssertionError(f"{what} did not happen in {deadline_s} s")


async def until_async(
    happened: Callable[[], Any | Awaitable[Any]],
    what: str = "what was waited for",
    *,
    deadline_s: float = DEADLINE_S,
) -> Any:
    """Do what `until` does without holding the event loop up; `happened` may be a coroutine function."""
    end = time.monotonic() + deadline_s
    while time.monotonic() < end:
        found = happened()
        if isinstance(found, Awaitable):
            found = await found
        if found:
            return found
        await asyncio.sleep(PAUSE_S)
    raise AssertionError(f"{what} did not happen in {deadline_s} s")
