"""Commands that start, change and stop a stack."""

from __future__ import annotations

from typing import Annotated

import typer

from devstack import control, guard, places
from devstack.choices import Choices
from devstack.commands.options import (
    Data,
    Embedded,
    Feeds,
    Json,
    Live,
    PortOffset,
    Today,
    app,
    folder,
    out,
    same_offset,
    say,
    screen,
    settings,
)
from devstack.commands.starting import bring_up, choose, clock_of, feeds_folder
from devstack.run import AgentOptions, agent_run


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
    same_offset(where, port_offset)
    stopped = control.down(where, say, forget=wipe)
    if as_json:
        out({"stopped": stopped, "wiped": wipe, "data": str(where)})
    else:
        screen.print(("stopped" if stopped else "nothing was running") + (", state forgotten" if wipe else ""))


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
    chosen, clock = feeds_folder(feeds), clock_of(today)
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


@app.command(hidden=True)
def hold(names: list[str], port_offset: PortOffset = None, data: Data = None, as_json: Json = False) -> None:
    """Keep services of the running stack stopped, to see what happens without them."""
    control.hold(folder(data), tuple(names), say, held=True)


@app.command(hidden=True)
def release(names: list[str], port_offset: PortOffset = None, data: Data = None, as_json: Json = False) -> None:
    """Let held services run again."""
    control.hold(folder(data), tuple(names), say, held=False)
