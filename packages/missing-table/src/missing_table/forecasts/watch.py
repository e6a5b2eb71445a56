"""Sees to it that forecasts follow the league: when brackets change, the API's process has them made, by a process of
its own (`missing-table forecast`, at the lowest priority), so that no request waits for it.

Several APIs may do so at once: what one is at, the others leave alone.
"""

import asyncio
import os
import shutil
import sys

import psycopg
import structlog
from psycopg_pool import PoolTimeout

from missing_table.forecasts.queries import any_due
from missing_table.live.feed import Feed, Subscriber
from missing_table.web.state import State

QUIET_S = 5
"""A landing comes in many parts: its brackets are due once nothing has changed for so long,"""
LONGEST_S = 120
"""or, while changes do not end, after so long."""
ANYHOW_S = 3600
"""Looked for without having heard of anything."""

log = structlog.get_logger(__name__)


async def keep_forecasting(state: State, feed: Feed) -> None:
    """Until it is cancelled."""
    while True:
        changes = feed.subscribe()
        try:
            await _make(state)
            await _change(changes, ANYHOW_S)
            await _quiet(changes)
        finally:
            feed.unsubscribe(changes)


async def _change(changes: Subscriber, deadline_s: float) -> bool:
    """Waits for a bracket that changed, at most so long; whether one did."""
    try:
        async with asyncio.timeout(deadline_s):
            while True:
                event = await changes.get()
                if event is None or event.kind == "bracket":
                    return True
    except TimeoutError:
        return False


async def _quiet(changes: Subscriber) -> None:
    try:
        async with asyncio.timeout(LONGEST_S):
            while await _change(changes, QUIET_S):
                pass
    except TimeoutError:
        return


async def _make(state: State) -> None:
    try:
        async with state.connection() as connection:
            if not await any_due(connection):
                return
    except (psycopg.OperationalError, PoolTimeout) as error:
        log.warning("what is due cannot be looked for", error=str(error).strip())
        return
    gently = ["nice", "-n", "19"] if shutil.which("nice") else []
    child = await asyncio.create_subprocess_exec(
        *gently,
        sys.executable,
        "-m",
        "missing_table.cli",
        "forecast",
        "--json",
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        made, said = await child.communicate()
    except asyncio.CancelledError:
        child.terminate()
        await child.wait()
        raise
    if child.returncode == 0:
        log.info("forecasts made", made=made.decode(errors="replace").strip())
    else:
        log.warning(
            "forecasts were not made", exit_code=child.returncode, said=said.decode(errors="replace").strip()[-500:]
        )
