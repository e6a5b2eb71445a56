"""What a person chose for a stack stays chosen until something else is said."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer

from devstack import control
from devstack.choices import GENERATED, Choices
from devstack.commands import looking, starting
from devstack.errors import BadSettings

FOLDER = "/srv/feeds"


def chosen(data: Path, **given: object) -> Choices:
    options: dict[str, object] = {"port_offset": None, "embedded": False, "feeds": None, "live": None, "today": None}
    return starting.choose(data, **(options | given))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("known", "given", "live", "feeds"),
    [
        (Choices(live=True), {}, True, GENERATED),
        (Choices(live=True, feeds=FOLDER), {"today": "2026-10-18"}, True, FOLDER),
        (Choices(live=True), {"live": False}, False, GENERATED),
        (Choices(live=True), {"feeds": FOLDER}, False, FOLDER),
        (Choices(live=True), {"feeds": GENERATED}, False, GENERATED),
        (Choices(feeds=FOLDER), {"live": True}, True, FOLDER),
        (Choices(feeds=FOLDER), {}, False, FOLDER),
        (Choices(), {}, False, GENERATED),
    ],
)
def test_what_is_read_stays_until_something_else_is_said(
    tmp_path: Path, known: Choices, given: dict[str, object], live: bool, feeds: str
) -> None:
    (tmp_path / "stack.json").write_text(known.model_dump_json())
    found = chosen(tmp_path, **given)
    assert (found.live, found.feeds) == (live, feeds)


def test_a_preflight_that_mends_starts_what_was_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = Choices(live=True, embedded=True, port_offset=7)
    (tmp_path / "stack.json").write_text(before.model_dump_json())
    asked: list[Choices] = []

    def up(data: Path, choices: Choices, *_: object) -> None:
        assert data == tmp_path
        asked.append(choices)

    monkeypatch.setattr(looking, "folder", lambda data: data)
    monkeypatch.setattr(starting, "folder", lambda data: data)
    monkeypatch.setattr(starting, "settings", dict[str, str])
    monkeypatch.setattr(control, "prepare", lambda embedded, _say: embedded)
    monkeypatch.setattr(control, "up", up)
    with pytest.raises(typer.Exit):
        looking.preflight(data=tmp_path, fix=True, as_json=True)
    assert [choices.model_copy(update={"durability": "durable"}) for choices in asked] == [before]


def test_both_sources_at_once_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="choose one"):
        starting.bring_up(port_offset=None, data=tmp_path, embedded=False, feeds=FOLDER, live=True, today=None)
