"""Calendars of teams and clubs, read by the libraries that calendar programs are built on."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from devstack import patient, strangers

from .conftest import HERE

pytestmark = [pytest.mark.interop, pytest.mark.stack, pytest.mark.xdist_group("stack"), pytest.mark.timeout(600)]


def read(python: Path, calendar: Path) -> dict[str, list[Any]]:
    """Return what each library finds in a calendar file."""
    argv = [python, HERE / "read_calendar.py", calendar]
    done = subprocess.run(argv, capture_output=True, text=True, env=strangers.clean_environment(), check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, list[Any]] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("kind", ["teams", "clubs"])
def test_every_library_reads_the_same_events_and_all_of_them(
    kind: str, address: str, calendar_readers: Path, tmp_path: Path
) -> None:
    bracket = next(b for b in patient.get(f"{address}/api/brackets").json()["items"] if b["played"])
    team = patient.get(f"{address}/api/brackets/{bracket['id']}/table").json()["rows"][0]["team"]
    number = team["id"] if kind == "teams" else team["club_id"]
    calendar = tmp_path / "calendar.ics"
    calendar.write_bytes(patient.get(f"{address}/api/{kind}/{number}/calendar.ics").content)
    found = read(calendar_readers, calendar)
    matches = patient.get(f"{address}/api/matches", params={kind[:-1]: number, "limit": 1000}).json()["items"]
    assert found["icalendar"] == found["vobject"] == found["recurring_ical_events"]
    assert len(found["icalendar"]) == len(matches) > 0
    starts = {match["kick_off"] or match["local_date"] for match in matches}
    assert {start[:10] for _, start, _, _ in found["icalendar"]} >= {start[:10] for start in starts if "T" in start}
