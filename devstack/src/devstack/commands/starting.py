"""From options to a stack that is ready."""

from __future__ import annotations

import os
from datetime import date, datetime
from pathlib import Path

from devstack import control, guard, places
from devstack.choices import GENERATED, Choices
from devstack.commands.options import (
    folder,
    say,
    settings,
)
from devstack.errors import BadSettings
from devstack.stack import Stack


def feeds_folder(value: str | None) -> str | None:
    if value is None or value == GENERATED:
        return value
    chosen = Path(value).resolve()
    if not chosen.is_dir():
        raise BadSettings(
            f"--feeds {value}: there is no such folder. Real ones are in {places.shared_folder()}/data/feeds."
        )
    return str(chosen)


def clock_of(value: str | None) -> str | None:
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
    feeds, today = feeds_folder(feeds), clock_of(today)
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
