"""The command line: `python -m devstack.replica`. Serves until SIGTERM; logs one JSON object a line to stderr.

Exit codes: 0 ended by a signal, 2 bad usage or feeds that cannot be served, 5 the port is taken.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Annotated, Literal

import structlog
import typer

from devstack.replica import certificate
from devstack.replica.feeds import NoFeeds
from devstack.replica.knobs import BadKnob, from_text
from devstack.replica.season import BadToday
from devstack.replica.server import listen, make_server, serve_until_signal
from devstack.replica.world import World

log = structlog.get_logger("replica")


def main(
    *,
    port: Annotated[int, typer.Option(min=0, max=65535, help="https port on loopback; 0: any free one")],
    state: Annotated[Path, typer.Option(help="folder for the certificate")],
    feeds: Annotated[Path | None, typer.Option(help="serve these documents (data/schedule/<key>.json, ...)")] = None,
    today: Annotated[str | None, typer.Option(help="the generated season's clock: a date or a UTC time")] = None,
    seed: Annotated[int, typer.Option(help="of the generated season")] = 1,
    size: Annotated[Literal["full", "small"], typer.Option(help="24,623 matches, or a few hundred")] = "full",
    knob: Annotated[list[str] | None, typer.Option(help="name=value; may be given several times")] = None,
    ready_fd: Annotated[int | None, typer.Option(hidden=True, help="where to write the port once it serves")] = None,
) -> None:
    """Plays www.mlssoccer.com and the platforms behind it."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    try:
        world = World(feeds=feeds, today=today, seed=seed, size=size)
        world.turn(from_text(knob or []))
    except (NoFeeds, BadKnob, BadToday) as error:
        typer.echo(f"replica: {error}", err=True)
        raise typer.Exit(2) from error
    try:
        listener = listen(port)
    except OSError as error:
        typer.echo(f"replica: port {port} is taken ({error.strerror}); stop what uses it or give another", err=True)
        raise typer.Exit(5) from error
    _, pem = certificate.ensure(state)
    bound = listener.getsockname()[1]

    def ready() -> None:
        log.info("replica serves", port=bound, feeds=str(feeds) if feeds else None, now=world.now.isoformat())
        if ready_fd is not None:
            with os.fdopen(ready_fd, "wb") as pipe:
                pipe.write(json.dumps({"port": bound}).encode())

    asyncio.run(serve_until_signal(make_server(world, pem), listener, ready))
    log.info("replica ended", requests=len(world.requests()))


if __name__ == "__main__":
    typer.run(main)
