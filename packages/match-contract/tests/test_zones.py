"""Zone data is the locked package's, whatever the machine has, and says when it has grown old."""

import subprocess
import sys
from datetime import UTC, date, datetime
from importlib import resources
from pathlib import Path

import pytest

from match_contract.zones import edition, grown_old, zone, zone_name


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("America/New_York", "America/New_York"),
        ("america/new_york", "America/New_York"),
        (" America/Chicago ", "America/Chicago"),
        ("US/Eastern", "America/New_York"),
        ("US/Central", "America/Chicago"),
        ("US/Mountain", "America/Denver"),
        ("US/Pacific", "America/Los_Angeles"),
        ("US/Arizona", "America/Phoenix"),
        ("Canada/Pacific", "America/Vancouver"),
        ("America/Nassau", "America/Nassau"),
        ("UTC", "UTC"),
        ("America/Atlantis", None),
        ("../../etc/passwd", None),
        ("-04:00", None),
        ("", None),
    ],
)
def test_a_zone_is_known_by_any_of_its_names_and_called_by_that_of_today(said: str, name: str | None) -> None:
    assert zone_name(said) == name
    found = zone(said)
    assert (None if found is None else found.key) == name


def test_the_locked_data_is_read_and_not_the_machines_own(tmp_path: Path) -> None:
    folder = tmp_path / "America"
    folder.mkdir()
    here = Path(__file__).parent
    wrong = "import zoneinfo, sys; zoneinfo.reset_tzpath(to=[sys.argv[1]]); from zoneinfo import ZoneInfo\n"
    (folder / "Vancouver").write_bytes(_rules_of("Etc/GMT"))
    asked = (
        f"{wrong}from datetime import datetime, UTC\nfrom match_contract.zones import use_locked_zones\n"
        "moment = datetime(2027, 1, 16, 13, tzinfo=UTC)\n"
        "print(moment.astimezone(ZoneInfo('America/Vancouver')).hour)\n"
        "use_locked_zones()\n"
        "print(moment.astimezone(ZoneInfo('America/Vancouver')).hour)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", asked, str(tmp_path)], capture_output=True, text=True, check=True, cwd=here, timeout=60
    )
    assert done.stdout.split() == ["13", "6"], "Vancouver keeps its summer time from November 2026 on"


def _rules_of(name: str) -> bytes:
    return resources.files("tzdata").joinpath("zoneinfo", *name.split("/")).read_bytes()


def test_british_columbia_keeps_its_summer_time_in_the_locked_data() -> None:
    vancouver = zone("America/Vancouver")
    assert datetime(2027, 1, 16, 13, tzinfo=UTC).astimezone(vancouver).hour == 6


@pytest.mark.parametrize(
    ("current", "today", "is_old"),
    [
        ("2026f", date(2026, 12, 1), False),
        ("2026a", date(2026, 12, 31), False),
        ("2025b", date(2026, 2, 28), False),
        ("2025b", date(2026, 12, 1), True),
        ("2026f", date(2028, 1, 1), True),
    ],
)
def test_data_older_than_a_year_is_warned_of(current: str, today: date, is_old: bool) -> None:
    said = grown_old(today, current)
    assert (said is not None) is is_old
    assert said is None or f"edition {current}" in said


def test_the_edition_is_that_of_the_package() -> None:
    assert edition()[:4].isdecimal()
