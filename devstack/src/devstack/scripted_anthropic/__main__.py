"""`python -m devstack.scripted_anthropic --port P [--script FILE]`: serves on loopback until SIGTERM or Ctrl-C."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from pathlib import Path

from aiohttp import web

from devstack.scripted_anthropic.plan import ScriptError, Step, load
from devstack.scripted_anthropic.server import ScriptedAnthropic

DEFAULT_SCRIPT = Path(__file__).parent / "scripts" / "daily.toml"


async def serve(port: int, steps: tuple[Step, ...]) -> None:
    """Listens on loopback until told to stop. Streams that are under way are cut."""
    runner = web.AppRunner(
        ScriptedAnthropic(steps).app(), access_log=None, shutdown_timeout=1, handler_cancellation=True
    )
    await runner.setup()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await web.TCPSite(runner, "127.0.0.1", port).start()
    print(f"scripted Anthropic on http://127.0.0.1:{port}, {len(steps)} steps", file=sys.stderr, flush=True)  # noqa: T201
    await stop.wait()
    await runner.cleanup()


def main() -> int:
    """Exit codes: 0 stopped, 2 bad script or arguments, 5 the port is taken."""
    parser = argparse.ArgumentParser(prog="python -m devstack.scripted_anthropic", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--script", type=Path, default=DEFAULT_SCRIPT)
    given = parser.parse_args()
    try:
        steps = load(given.script)
    except ScriptError as error:
        print(f"the script cannot be played: {error}", file=sys.stderr)  # noqa: T201
        return 2
    try:
        asyncio.run(serve(given.port, steps))
    except OSError as error:
        print(f"cannot listen on 127.0.0.1:{given.port}: {error}", file=sys.stderr)  # noqa: T201
        return 5
    return 0


if __name__ == "__main__":
    sys.exit(main())
