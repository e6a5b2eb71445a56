"""Commands that show a stack, or let a person look into it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from datetime import datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from devstack import control, environments, guard
from devstack import preflight as checkup
from devstack.choices import Choices
from devstack.commands.options import (
    Data,
    Embedded,
    Json,
    PortOffset,
    app,
    folder,
    out,
    plain,
    same_offset,
    say,
    screen,
    settings,
)
from devstack.commands.starting import bring_up
from devstack.errors import BadSettings
from devstack.landed import drained, last_run
from devstack.stack import Stack


@app.command()
def status(port_offset: PortOffset = None, data: Data = None, as_json: Json = False) -> None:
    """How every service is: each is asked just now."""
    where = folder(data)
    same_offset(where, port_offset)
    seen = control.status(where, settings())
    if as_json:
        out(seen)
        return
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=200)
    if not seen["running"]:
        console.print(f"nothing is running ({where}). Start it with ./mt up", soft_wrap=True)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("service", "state", "address", "pid", "since (UTC)", "restarts", ""):
        table.add_column(title, no_wrap=bool(title), overflow="fold")
    for part in seen["services"]:
        state = "not answering" if part["answers"] is False else part["state"]
        colour = "green" if state in ("ready", "done") else "red" if state in ("failed", "not answering") else "yellow"
        note = (
            part["note"]
            if state in ("ready", "done")
            else part["error"].splitlines()[0]
            if part["error"]
            else part["note"]
        )
        table.add_row(
            part["name"],
            f"[{colour}]{state}[/]",
            part["address"],
            str(part["pid"] or ""),
            part["since"][:19].replace("T", " "),
            str(part["restarts"] or ""),
            note,
        )
    console.print(table)
    mode = (
        "EMBEDDED: no broker, no RADIUS, no nginx; PostgreSQL from a wheel; the backend serves the site"
        if seen["embedded"]
        else ""
    )
    lines = [
        mode,
        f"web: {seen['web']}   api: {seen['api']}/api/brackets   database: {seen['database']}",
        f"source: {'the real site' if seen['live'] else seen['feeds']}   model: {seen['model']}   "
        f"today: {seen['today'] or 'now'}",
        f"state: {seen['data']}   logs: {seen['data']}/logs",
    ]
    console.print("\n" + "\n".join(line for line in lines if line), soft_wrap=True)


@app.command()
def logs(
    *,
    name: Annotated[str, typer.Argument(help="A service as ./mt status names it, or supervisor.")],
    port_offset: PortOffset = None,
    data: Data = None,
    as_json: Json = False,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as the log grows.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", help="How many of the last lines.")] = 200,
) -> None:
    """Show a service's log."""
    where = folder(data)
    same_offset(where, port_offset)
    file = where / "logs" / f"{name}.log"
    if not file.exists():
        there = ", ".join(sorted(path.stem for path in (where / "logs").glob("*.log"))) or "none yet"
        raise BadSettings(f"there is no log of {name!r} in {where}/logs; there are: {there}")
    if as_json:
        text = file.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:]
        out({"name": name, "file": str(file), "lines": text})
        return
    tail = shutil.which("tail") or "tail"
    argv = [tail, "-n", str(lines), *(["-F"] if follow else []), str(file)]
    raise typer.Exit(subprocess.run(argv, check=False).returncode)


@app.command("exec", context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
def execute(
    *,
    port_offset: PortOffset = None,
    data: Data = None,
    as_json: Json = False,
    program: Annotated[
        str, typer.Argument(help="match-scraper-agent, match-scraper, missing-table, iron-claw or psql.")
    ],
    arguments: Annotated[list[str] | None, typer.Argument(help="Handed on as they are.")] = None,
) -> None:
    """Run one of our programs, or psql, with the settings of the stack. Options of ./mt stand before the program."""
    where = folder(data)
    same_offset(where, port_offset)
    state = control.read_state(where)
    if state is None:
        raise BadSettings(f"nothing is running in {where}: start it with ./mt up")
    stack = Stack(where, Choices.model_validate(state["choices"]), settings())
    guard.check(stack.settings, live=stack.choices.live)
    argv, env = environments.command(stack, program, arguments or [], os.environ)
    sys.stdout.flush()
    os.execvpe(argv[0], argv, env)  # noqa: S606


@app.command(hidden=True)
def preflight(
    *,
    port_offset: PortOffset = None,
    data: Data = None,
    as_json: Json = False,
    embedded: Embedded = False,
    fix: Annotated[bool, typer.Option("--fix", help="Start what is down and look again.")] = False,
) -> None:
    """Is everything fit for a run? What scripts/preflight.sh local shows. 0 when nothing failed, else 1."""
    where = folder(data)
    same_offset(where, port_offset)

    def mend() -> object:
        known = control.known_choices(where) or Choices()
        return bring_up(
            port_offset=port_offset, data=data, embedded=embedded or known.embedded, feeds=None, live=None, today=None
        )

    findings = checkup.run(where, mend if fix else None, say if as_json else plain)
    if as_json:
        out([vars(finding) for finding in findings])
    raise typer.Exit(int(any(finding.verdict == "FAIL" for finding in findings)))


@app.command(hidden=True)
def landed(
    port_offset: PortOffset = None,
    data: Data = None,
    as_json: Json = False,
    since: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%dT%H:%M:%S%z"], help="The run that began then or later; without it the newest."),
    ] = None,
) -> None:
    """Wait for the queue to drain, then say what the run left in the database. 4 when messages are left."""
    where = folder(data)
    same_offset(where, port_offset)
    state = control.read_state(where)
    if state is None:
        raise BadSettings(f"nothing is running in {where}: start it with ./mt up")
    stack = Stack(where, Choices.model_validate(state["choices"]), settings())
    left = 0 if stack.choices.embedded else drained(stack, 60)
    found = last_run(stack, since)
    if as_json:
        out({"left_in_queue": left, **found})
    else:
        screen.print(f"queue matches: {left} messages left")
        for receipt in found["receipts"]:
            screen.print("  ".join(f"{key} {value}" for key, value in receipt.items()))
        if found["run"]:
            screen.print(f"{'this' if since else 'last'} run: {found['run']}", markup=False)
        else:
            screen.print("this run's report has not landed" if since else "no report has landed")
        screen.print(f"matches in the database: {found['matches_in_database']}")
    raise typer.Exit(4 if left else 0)
