"""Ports and folders of a stack."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devstack import places
from devstack.errors import CannotStart


@given(st.integers(min_value=-1811, max_value=65535 - 15672))
def test_every_port_is_shifted_by_the_offset(offset: int) -> None:
    shifted = places.ports(offset)
    assert {name: port - offset for name, port in shifted.items()} == places.BASE_PORTS
    assert len(set(shifted.values())) == len(places.BASE_PORTS)


@pytest.mark.parametrize(("offset", "named"), [(60000, "postgres"), (65535, "backend"), (-1812, "radius-auth")])
def test_a_port_that_does_not_exist_is_named(offset: int, named: str) -> None:
    with pytest.raises(CannotStart, match=named if offset < 0 else "does not exist"):
        places.ports(offset)


def test_the_folder_that_was_asked_for_is_taken_where_servers_reach_it() -> None:
    wanted = Path("/var/tmp/mt-places")
    assert places.data_folder(wanted) == (wanted, None)


def test_a_path_too_long_for_a_socket_is_replaced_and_said(tmp_path: Path) -> None:
    wanted = tmp_path / ("x" * 60) / ("y" * 60)
    chosen, why = places.data_folder(wanted)
    assert chosen.parent == Path("/var/tmp")
    assert why is not None
    assert str(wanted) in why
    assert places.data_folder(wanted)[0] == chosen


@pytest.mark.skipif(os.geteuid() != 0, reason="servers run under other accounts only where we are root")
def test_a_folder_that_other_accounts_cannot_enter_is_replaced() -> None:
    closed = Path(f"/var/tmp/mt-closed-{os.getpid()}")
    closed.mkdir(mode=0o700)
    try:
        chosen, why = places.data_folder(closed / "data")
    finally:
        closed.rmdir()
    assert chosen != closed / "data"
    assert why


@pytest.mark.parametrize(
    ("folder", "room", "taken"),
    [("/", 0, "/"), ("/", 1 << 60, "/var/tmp"), ("/does-not-exist", 0, "/var/tmp")],
    ids=["room", "too little room", "no such folder"],
)
def test_what_is_thrown_away_is_kept_in_memory_where_there_is_room(
    monkeypatch: pytest.MonkeyPatch, folder: str, room: int, taken: str
) -> None:
    monkeypatch.setattr(places, "IN_MEMORY", Path(folder))
    monkeypatch.setattr(places, "ROOM_IN_MEMORY", room)
    assert places.throwaway_folder() == Path(taken)


@pytest.mark.skipif(os.geteuid() != 0, reason="servers run under other accounts only where we are root")
def test_memory_that_other_accounts_cannot_enter_is_not_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(places, "IN_MEMORY", tmp_path)
    monkeypatch.setattr(places, "ROOM_IN_MEMORY", 0)
    assert places.throwaway_folder() == Path("/var/tmp")
