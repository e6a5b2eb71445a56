"""What the commands of ./mt have in common: options, streams, state folder."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from devstack import control, envfile, places
from devstack.errors import BadSettings

app = typer.Typer(
    name="mt",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Missing Table on one machine: every server, the source, a run, the page, the tests.",
)


screen = Console(stderr=True, highlight=False, soft_wrap=True)


PortOffset = Annotated[
    int | None,
    typer.Option("--port-offset", metavar="N", help="Shift every port by N (default: as the stack in DATA, else 0)."),
]


Data = Annotated[Path | None, typer.Option("--data", metavar="DIR", help="State folder (default: .mt/).")]


Json = Annotated[bool, typer.Option("--json", help="JSON alone on stdout; progress on stderr.")]


Embedded = Annotated[bool, typer.Option("--embedded", help="Python packages alone: no apt, no root, no broker.")]


Feeds = Annotated[
    str | None,
    typer.Option("--feeds", metavar="DIR", help="The replica serves these documents ('generated': its own season)."),
]


Live = Annotated[
    bool | None,
    typer.Option("--live/--no-live", help="Read the real mlssoccer.com, or the replica again.", show_default=False),
]


Today = Annotated[
    str | None,
    typer.Option("--today", metavar="DATE", help="The generated season's clock ('now': the real one)."),
]


def say(text: str) -> None:
    """Progress, for a person, on stderr."""
    screen.print(f"  {text}", markup=False)


def plain(text: str) -> None:
    """A line of a command's own output."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def out(document: Any) -> None:
    """The JSON of a command, alone on stdout."""
    sys.stdout.write(json.dumps(document, indent=2, default=str) + "\n")


def folder(data: Path | None, *, tell: bool = True) -> Path:
    """The state folder of this command, named on screen where it is not the one asked for."""
    chosen, why = places.data_folder(data)
    if why and tell:
        say(f"state folder: {chosen} ({why})")
    return chosen


def settings() -> dict[str, str]:
    """What the person set, or exit 2 with file and line."""
    return envfile.read(os.environ)


def same_offset(data: Path, port_offset: int | None) -> None:
    """An offset given with status, logs or down must be that of the stack in the folder."""
    known = control.known_choices(data)
    if known is not None and port_offset is not None and control.is_running(data) and known.port_offset != port_offset:
        raise BadSettings(
            f"the stack in {data} runs with --port-offset {known.port_offset}, not {port_offset}: give its --data."
        )
