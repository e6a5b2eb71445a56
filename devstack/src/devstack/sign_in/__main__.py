"""`python -m devstack.sign_in --port P --state DIR`: serves on loopback until SIGTERM or Ctrl-C.

SIGN_IN_API_KEY is the project's `apikey`; SIGN_IN_EMAIL and SIGN_IN_PASSWORD name the account that is there at once.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from pathlib import Path

from aiohttp import web

from devstack.sign_in.keys import SigningKeys
from devstack.sign_in.people import People
from devstack.sign_in.server import PREFIX, SignIn


async def serve(port: int, sign_in: SignIn) -> None:
    """Listens on loopback until told to stop."""
    runner = web.AppRunner(sign_in.app(), access_log=None, shutdown_timeout=1)
    await runner.setup()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await web.TCPSite(runner, "127.0.0.1", port).start()
    print(f"sign-in on http://127.0.0.1:{port}{PREFIX}", file=sys.stderr, flush=True)  # noqa: T201
    await stop.wait()
    await runner.cleanup()


def main() -> int:
    """Exit codes: 0 stopped, 2 bad arguments, 5 the port is taken."""
    parser = argparse.ArgumentParser(prog="python -m devstack.sign_in", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--state", type=Path, required=True)
    given = parser.parse_args()
    missing = [name for name in ("SIGN_IN_API_KEY", "SIGN_IN_EMAIL", "SIGN_IN_PASSWORD") if not os.environ.get(name)]
    if missing:
        print(f"not set: {', '.join(missing)}", file=sys.stderr)  # noqa: T201
        return 2
    people = People(given.state / "people.json")
    people.keep(os.environ["SIGN_IN_EMAIL"], os.environ["SIGN_IN_PASSWORD"])
    issuer = f"http://127.0.0.1:{given.port}{PREFIX}"
    sign_in = SignIn(SigningKeys(given.state / "keys.json"), people, os.environ["SIGN_IN_API_KEY"], issuer)
    try:
        asyncio.run(serve(given.port, sign_in))
    except OSError as error:
        print(f"cannot listen on 127.0.0.1:{given.port}: {error}", file=sys.stderr)  # noqa: T201
        return 5
    return 0


if __name__ == "__main__":
    sys.exit(main())
