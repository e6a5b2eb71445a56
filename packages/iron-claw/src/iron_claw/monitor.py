"""`iron-claw monitor`: sessions, budgets, calls and ladder actions as they happen, out of the journal or a JSON log.

The view is a pure fold over records; the journal's kinds (`k`) and the log's events (`event`) are both understood.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from iron_claw.budget import Counts
from iron_claw.journal import FILE

KILLED = "NAS-Request"
"""The cause of a session's end that the ladder brought about."""


@dataclass
class Shown:
    """One session as it is shown."""

    user: str
    budget: int | None
    used: int = 0
    reserved: int = 0
    calls: int = 0
    cost_micro_usd: int = 0
    action: str = "none"
    state: str = "open"


@dataclass
class View:
    """Everything on the screen."""

    sessions: dict[str, Shown] = field(default_factory=dict)
    held: dict[str, tuple[str, int]] = field(default_factory=dict)
    actions: Counter[str] = field(default_factory=Counter)
    endings: Counter[str] = field(default_factory=Counter)
    accounting: set[str] = field(default_factory=set)
    """Records that RADIUS has not answered yet."""
    unstored: set[str] = field(default_factory=set)
    """Calls that are not in the database yet."""

    def apply(self, record: dict[str, Any]) -> None:
        """Takes one record of the journal or one line of the log; what it does not know it leaves out."""
        if "k" in record:
            self._journal(record)
        elif "event" in record:
            self._log(record)

    def _journal(self, r: dict[str, Any]) -> None:
        session = self.sessions.get(r.get("sid", ""))
        match r["k"]:
            case "session":
                used = Counts(**r["settled"]).total
                self.sessions[r["sid"]] = Shown(r["user"], r["grant"]["token_budget"], used, 0, r["calls"], r["cost"])
            case "grant" if session is not None:
                session.budget = r["grant"]["token_budget"]
            case "reserve" if session is not None:
                session.reserved += r["tokens"]
                session.action = r["action"]
                self.held[r["call"]] = (r["sid"], r["tokens"])
                if r["action"] != "none":
                    self.actions[r["action"]] += 1
            case "settle":
                self._settled(r["call"], session, Counts(**r["counts"]), r["cost"])
                self.endings[r["ending"]] += 1
                self.unstored.add(r["call"])
            case "stored":
                self.unstored.difference_update(r["calls"])
            case "acct":
                self.accounting.add(r["id"])
            case "acked":
                self.accounting.discard(r["id"])
            case "close" if session is not None:
                session.state = r["cause"]
                if r["cause"] == KILLED:
                    session.action = "kill"
                    self.actions["kill"] += 1
            case _:
                pass

    def _settled(self, call: str, session: Shown | None, counts: Counts, cost: int | None) -> None:
        _, tokens = self.held.pop(call, ("", 0))
        if session is not None:
            session.reserved -= tokens
            session.used += counts.total
            session.calls += 1
            session.cost_micro_usd += cost or 0

    def _log(self, r: dict[str, Any]) -> None:
        session = self.sessions.get(r.get("session_id", ""))
        match r["event"]:
            case "session_opened":
                self.sessions[r["session_id"]] = Shown(r["user"], r["budget"])
            case "call_settled":
                counts = Counts(r["input_tokens"], r["cache_write_tokens"], r["cache_read_tokens"], r["output_tokens"])
                self._settled(r["call_id"], session, counts, r["cost_micro_usd"])
                self.endings[r["ending"]] += 1
            case "ladder":
                self.actions[r["action"]] += 1
                if session is not None:
                    session.action = r["action"]
            case "grant_changed" if session is not None:
                session.budget = r["token_budget"]
            case "session_closed" if session is not None:
                session.state = r["cause"]
            case _:
                pass

    def to_json(self) -> dict[str, Any]:
        """For scripts."""
        return {
            "sessions": {name: vars(shown) for name, shown in self.sessions.items()},
            "actions": dict(self.actions),
            "endings": dict(self.endings),
            "waiting": {"accounting": len(self.accounting), "calls": len(self.unstored)},
        }

    def render(self) -> RenderableType:
        """For a person: open sessions first, the newest of the others below."""
        table = Table("user", "budget", "used", "held", "", "calls", "micro-USD", "action", "state", expand=True)
        ordered = sorted(self.sessions.values(), key=lambda shown: shown.state != "open")
        for shown in ordered[:40]:
            bar = (
                ProgressBar(total=shown.budget, completed=shown.used + shown.reserved, width=20) if shown.budget else ""
            )
            numbers = (shown.used, shown.reserved)
            budget = "-" if shown.budget is None else f"{shown.budget:,}"
            table.add_row(
                shown.user,
                budget,
                *(f"{number:,}" for number in numbers),
                bar,
                str(shown.calls),
                f"{shown.cost_micro_usd:,}",
                shown.action,
                shown.state,
            )
        actions = ", ".join(f"{name} {count}" for name, count in self.actions.items()) or "none"
        endings = ", ".join(f"{name} {count}" for name, count in self.endings.items()) or "none"
        waiting = f"{len(self.accounting)} for RADIUS, {len(self.unstored)} calls for the database"
        return Group(table, Text(f"ladder: {actions}"), Text(f"calls: {endings}"), Text(f"journal waits: {waiting}"))


def of_lines(lines: TextIO) -> Iterator[View]:
    """A view after each line of a JSON log; a line that is no JSON object is left out."""
    view = View()
    for line in lines:
        try:
            record = json.loads(line)
        except ValueError:
            continue
        if isinstance(record, dict):
            view.apply(record)
            yield view


class Follower:
    """A journal that is still written. `look` reads what is new; one that was begun anew is read from its start."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / FILE
        self.view = View()
        self._inode = 0
        self._at = 0

    def look(self) -> View:
        """The view now."""
        try:
            about = self.file.stat()
        except FileNotFoundError:
            return self.view
        if about.st_ino != self._inode:
            self.view, self._inode, self._at = View(), about.st_ino, 0
        with self.file.open("rb") as lines:
            lines.seek(self._at)
            for line in lines:
                if not line.endswith(b"\n"):
                    break
                self._at += len(line)
                with suppress(ValueError, KeyError, TypeError):  # a damaged line: the gateway says it at its start
                    self.view.apply(json.loads(line))
        return self.view
