"""The command line behind ./mt: options in, exit codes out. The work is done in the modules that it calls."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from devstack import audit as advisories
from devstack import control, envfile, environments, guard, places
from devstack import images as container_images
from devstack import preflight as checkup
from devstack.checks import run_bench, run_findings, run_tests
from devstack.choices import GENERATED, Choices
from devstack.errors import BAD_USAGE, BadSettings, CannotStart, Trouble
from devstack.landed import drained, last_run
from devstack.run import AgentOptions, agent_run
from devstack.services.process import StartFailed
from devstack.stack import Stack

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


def _feeds(value: str | None) -> str | None:
    if value is None or value == GENERATED:
        return value
    chosen = Path(value).resolve()
    if not chosen.is_dir():
        raise BadSettings(
            f"--feeds {value}: there is no such folder. Real ones are in {places.shared_folder()}/data/feeds."
        )
    return str(chosen)


def _today(value: str | None) -> str | None:
    if value is None or value == "now":
        return value
    try:
        return (datetime.fromisoformat(value) if "T" in value else date.fromisoformat(value)).isoformat()
    except ValueError:
        raise BadSettings(f"--today {value!r} is no date: write it as 2026-10-18.") from None


def choose(
    data: Path, *, port_offset: int | None, embedded: bool, feeds: str | None, live: bool | None, today: str | None
) -> Choices:
    """The options over what the folder's stack was started with. What is not given stays as it was; feeds end live."""
    known = control.known_choices(data) or Choices()
    running = control.is_running(data)
    if running and port_offset is not None and port_offset != known.port_offset:
        raise BadSettings(
            f"the stack in {data} runs with --port-offset {known.port_offset}: leave the option out, stop it with "
            f"./mt down, or give the other stack a folder of its own with --data DIR."
        )
    clock = known.today if today is None else (None if today == "now" else today)
    return Choices(
        port_offset=known.port_offset if port_offset is None else port_offset,
        embedded=embedded or (running and known.embedded),
        live=(known.live and feeds is None) if live is None else live,
        feeds=known.feeds if feeds is None else feeds,
        today=clock,
        durability="throwaway" if os.environ.get("MT_DURABILITY") == "throwaway" else "durable",
    )


def bring_up(
    *,
    port_offset: int | None,
    data: Path | None,
    embedded: bool,
    feeds: str | None,
    live: bool | None,
    today: str | None,
) -> Stack:
    """Everything up to a stack that is ready: look, install, build, start."""
    if live and feeds:
        raise BadSettings("--live reads the real site and --feeds a folder: choose one.")
    set_by_person = settings()
    feeds, today = _feeds(feeds), _today(today)
    where = folder(data)
    choices = choose(where, port_offset=port_offset, embedded=embedded, feeds=feeds, live=live, today=today)
    guard.check(set_by_person, live=choices.live)
    places.ports(choices.port_offset)
    fell_back = control.prepare(choices.embedded, say)
    choices = choices.model_copy(update={"embedded": choices.embedded or fell_back})
    control.ensure_data(where)
    stack = Stack(where, choices, set_by_person)
    announce(stack)
    return control.up(where, choices, set_by_person, say)


def announce(stack: Stack) -> None:
    """What a person should know before anything starts."""
    choices = stack.choices
    if stack.external_database is not None:
        say(f"database: {stack.database_shown}, not the stack's own (DATABASE_URL is set)")
        if not stack.gives_passwords:
            say("the passwords of the role radius and of the RADIUS user agent stay as they are there")
    source = "the real www.mlssoccer.com" if choices.live else f"the replica, feeds: {choices.feeds}"
    say(f"source: {source}" + (f", today: {choices.today}" if choices.today else ""))
    say(
        "language model: api.anthropic.com (ANTHROPIC_API_KEY is set)"
        if stack.real_model
        else "language model: the SCRIPTED Anthropic of devstack (no ANTHROPIC_API_KEY is set)"
    )


@app.command()
def up(
    *,
    port_offset: PortOffset = None,
    data: Data = None,
    as_json: Json = False,
    embedded: Embedded = False,
    feeds: Feeds = None,
    live: Live = None,
    today: Today = None,
) -> None:
    """Set up what is missing and start what is not running."""
    stack = bring_up(port_offset=port_offset, data=data, embedded=embedded, feeds=feeds, live=live, today=today)
    if as_json:
        out(control.status(stack.data, stack.settings))
    else:
        screen.print(f"web: {stack.web_url}")


@app.command()
def run(
    *,
    port_offset: PortOffset = None,
    data: Data = None,
    as_json: Json = False,
    embedded: Embedded = False,
    feeds: Feeds = None,
    live: Live = None,
    today: Today = None,
    target: Annotated[
        list[str] | None, typer.Option("--target", help="A target's name, or all. May be repeated.")
    ] = None,
    from_: Annotated[
        str | None, typer.Option("--from", metavar="DATE", help="First day of the matches to read.")
    ] = None,
    to: Annotated[str | None, typer.Option("--to", metavar="DATE", help="Last day of the matches to read.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Plan and read; no model, write nothing anywhere.")
    ] = False,
    model: Annotated[str | None, typer.Option("--model", help="The language model to ask for.")] = None,
    no_proxy: Annotated[bool, typer.Option("--no-proxy", help="Run without a language model.")] = False,
    browser: Annotated[str | None, typer.Option("--browser", help="As the agent takes it.")] = None,
    accept_shrink: Annotated[
        list[str] | None, typer.Option("--accept-shrink", help="Accept one document that the shrink guard refused.")
    ] = None,
    receipt_timeout: Annotated[
        float | None, typer.Option("--receipt-timeout", metavar="SECONDS", help="How long to wait for receipts.")
    ] = None,
) -> None:
    """Set up, start, perform one agent run, print what landed and the web address. Exit code: the agent's."""
    stack = bring_up(port_offset=port_offset, data=data, embedded=embedded, feeds=feeds, live=live, today=today)
    options = AgentOptions(
        target=target or [],
        from_=from_,
        to=to,
        dry_run=dry_run,
        model=model,
        no_proxy=no_proxy,
        browser=browser,
        accept_shrink=accept_shrink or [],
        receipt_timeout=receipt_timeout,
    )
    code, document = agent_run(stack, options, as_json=as_json)
    if as_json:
        out({"exit_code": code, "web": stack.web_url, "run": document})
    else:
        screen.print(f"\nweb: {stack.web_url}   (exit code {code}; ./mt status, ./mt logs NAME)")
    raise typer.Exit(code)


@app.command()
def down(
    port_offset: PortOffset = None,
    data: Data = None,
    as_json: Json = False,
    wipe: Annotated[bool, typer.Option("--wipe", help="Forget the state too: database, queue, secrets, logs.")] = False,
) -> None:
    """Stop everything; the state survives unless --wipe is given."""
    where = folder(data)
    _same_offset(where, port_offset)
    stopped = control.down(where, say, forget=wipe)
    if as_json:
        out({"stopped": stopped, "wiped": wipe, "data": str(where)})
    else:
        screen.print(("stopped" if stopped else "nothing was running") + (", state forgotten" if wipe else ""))


def _same_offset(data: Path, port_offset: int | None) -> None:
    """An offset given with status, logs or down must be that of the stack in the folder."""
    known = control.known_choices(data)
    if known is not None and port_offset is not None and control.is_running(data) and known.port_offset != port_offset:
        raise BadSettings(
            f"the stack in {data} runs with --port-offset {known.port_offset}, not {port_offset}: give its --data."
        )


@app.command()
def status(port_offset: PortOffset = None, data: Data = None, as_json: Json = False) -> None:
    """How every service is: each is asked just now."""
    where = folder(data)
    _same_offset(where, port_offset)
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
    _same_offset(where, port_offset)
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


@app.command()
def source(
    feeds: Annotated[
        str, typer.Option("--feeds", metavar="DIR", help="The documents to serve ('generated': its own season).")
    ],
    port_offset: PortOffset = None,
    data: Data = None,
    as_json: Json = False,
    today: Today = None,
) -> None:
    """Serve a folder of feeds as the source: repoint the running stack's replica, or start the replica alone."""
    set_by_person = settings()
    chosen, clock = _feeds(feeds), _today(today)
    where = folder(data)
    running = control.is_running(where)
    choices = choose(where, port_offset=port_offset, embedded=False, feeds=chosen, live=False, today=clock)
    guard.check(set_by_person, live=choices.live)
    if not running or (control.known_choices(where) or Choices()).only:
        choices = choices.model_copy(update={"only": ("replica",)})
    places.ports(choices.port_offset)
    control.ensure_data(where)
    stack = control.up(where, choices, set_by_person, say)
    address = f"https://127.0.0.1:{stack.ports['replica']}"
    if as_json:
        out({"address": address, "feeds": choices.feeds, "certificate": str(where / "replica" / "cert.pem")})
    else:
        screen.print(f"source: {address}, feeds: {choices.feeds}")


@app.command()
def test(
    kind: Annotated[str, typer.Argument(help="fast, season, faults, images, fuzz, interop or all.")] = "fast",
    port_offset: PortOffset = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Set up and run the checks and the tests. The last line is pytest's own."""
    raise typer.Exit(run_tests(kind, say, as_json=as_json, out=out, port_offset=port_offset, data=data))


@app.command()
def bench(
    name: Annotated[str, typer.Argument(help="ingest, scrape, proxy, api or web.")],
    scale: Annotated[
        int | None, typer.Option(help="ingest alone: how it lands in a league of so many seasons.", min=1, max=100)
    ] = None,
    port_offset: PortOffset = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Measure one room against its peer; starts what it needs on free ports."""
    raise typer.Exit(run_bench(name, say, as_json=as_json, scale=scale))


@app.command()
def findings(port_offset: PortOffset = None, data: Data = None, as_json: Json = False) -> None:
    """Run the scripts of findings/ and print which behavior of other programs changed. 1 when one did."""
    raise typer.Exit(run_findings(say, as_json=as_json, out=out))


@app.command()
def images(
    *,
    names: Annotated[list[str] | None, typer.Argument(help="Which; all of the cluster's where none is named.")] = None,
    port_offset: PortOffset = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Build the container images and print the sizes of their compressed archives. 1 when one is above its limit."""
    built = container_images.Workshop(folder(data) / "images").build(container_images.names_of(names or []), say)
    if as_json:
        out([{**vars(image), "limit_mb": image.limit_mb, "fits": image.fits} for image in built])
    else:
        for image in built:
            plain(image.shown)
    raise typer.Exit(int(not all(image.fits for image in built)))


@app.command()
def audit(port_offset: PortOffset = None, data: Data = None, as_json: Json = False) -> None:
    """Ask the advisory sources about every locked package: 1 when one knows of a fault; SKIPPED is no pass."""
    report = advisories.audit(say, osv=os.environ.get("MT_OSV_URL") or advisories.OSV)
    if as_json:
        out(advisories.as_json(report))
    else:
        for line in advisories.lines(report):
            typer.echo(line)
    raise typer.Exit(report.exit_code)


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
    _same_offset(where, port_offset)
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
    _same_offset(where, port_offset)

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
    _same_offset(where, port_offset)
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


@app.command(hidden=True)
def hold(names: list[str], port_offset: PortOffset = None, data: Data = None, as_json: Json = False) -> None:
    """Keep services of the running stack stopped, to see what happens without them."""
    control.hold(folder(data), tuple(names), say, held=True)


@app.command(hidden=True)
def release(names: list[str], port_offset: PortOffset = None, data: Data = None, as_json: Json = False) -> None:
    """Let held services run again."""
    control.hold(folder(data), tuple(names), say, held=False)


def guarded(call: Callable[[], Any]) -> int:
    """Runs a command; its troubles become a sentence on stderr and the exit code of the design's table."""
    try:
        call()
    except Trouble as error:
        screen.print(f"mt: {error}", markup=False)
        return error.exit_code
    except StartFailed as error:
        screen.print(f"mt: {error}", markup=False)
        return CannotStart.exit_code
    except KeyboardInterrupt:
        screen.print("mt: interrupted")
        return 130
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else (0 if end.code is None else BAD_USAGE)
    return 0


def main() -> None:
    """The front door's inside."""
    sys.exit(guarded(app))
