"""The command line match-scraper, run as a person runs it, against the replica."""

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from devstack.replica.handle import Replica
from match_scraper.cli import main


class Cli:
    """Runs `match-scraper` with the replica as its source."""

    def __init__(self, replica: Replica, state: Path) -> None:
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("AGENT_")},
            "AGENT_SOURCE_RESOLVE": replica.resolve,
            "AGENT_SOURCE_CA": str(replica.ca),
            "AGENT_STATE_DIR": str(state),
        }

    def __call__(self, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "match_scraper.cli", *options],
            env={**self.environment, **environment},
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )


@pytest.fixture
def cli(replica: Replica, tmp_path: Path) -> Cli:
    return Cli(replica, tmp_path / "state")


def test_read_prints_the_matches_of_one_bracket_as_json(cli: Cli, replica: Replica) -> None:
    done = cli(
        "read", "--season", "2026-27", "--league", "homegrown", "--age-group", "u14", "--division", "northeast",
        "--browser", "never", "--json",
    )  # fmt: skip
    printed = json.loads(done.stdout)
    (bracket,) = [
        one
        for one in replica.truth()["keys"]["mls-next-league-26-27"]["brackets"]
        if (one["name"], one["age_group"]) == ("Northeast", "U14")
    ]
    assert done.returncode == 0, done.stderr
    assert [reading["outcome"] for reading in printed["readings"]] == ["read"]
    assert printed["matches"]
    assert {bracket for match in printed["matches"] for bracket in match["home_brackets"]} == {str(bracket["id"])}


def test_read_prints_csv_with_a_row_a_match(cli: Cli) -> None:
    done = cli("read", "--season", "2026-27", "--league", "Flex", "--browser", "never", "--csv")
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert done.returncode == 0, done.stderr
    assert len(rows) == 20
    assert {row["league"] for row in rows} == {"Flex"}


def test_read_goes_through_the_browser_unless_told_otherwise(cli: Cli, replica: Replica) -> None:
    done = cli("read", "--season", "2026-27", "--age-group", "U15")
    assert done.returncode == 0, done.stderr
    assert "matches" in done.stdout
    assert any(asked["path"] == "/mlsnext/schedule/homegrown-division/" for asked in replica.requests())


def test_read_back_fills_a_past_season_from_modular11(cli: Cli) -> None:
    done = cli(
        "read", "--source", "modular11", "--season", "2025-26", "--league", "academy", "--age-group", "u13",
        "--division", "New England", "--json",
    )  # fmt: skip
    printed = json.loads(done.stdout)
    assert done.returncode == 0, done.stderr
    assert printed["matches"]
    assert {(match["source"], match["season"]) for match in printed["matches"]} == {("modular11", "2025-26")}


def test_a_season_that_is_not_published_is_said_and_no_failure(cli: Cli, replica: Replica) -> None:
    done = cli("read", "--season", "2027-28", "--browser", "never")
    assert done.returncode == 0
    assert "not_published" in done.stderr


def test_a_source_that_is_down_ends_with_3_and_a_sentence(cli: Cli, replica: Replica) -> None:
    replica.knobs(pages="500", documents="500")
    by_browser = cli("read", "--season", "2026-27")
    by_http = cli("read", "--season", "2026-27", "--browser", "never", "--json")
    assert (by_browser.returncode, by_http.returncode) == (3, 3)
    assert "match-scraper: unreachable: " in by_browser.stderr
    assert "page.png" in by_browser.stderr
    assert {reading["outcome"] for reading in json.loads(by_http.stdout)["readings"]} == {"unreachable"}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("read", "--season", "2026"), "season '2026' is not of the form"),
        (("read", "--league", "Premier"), "unknown league 'Premier'"),
        (("read", "--browser", "sometimes"), "--browser 'sometimes'"),
        (("read", "--json", "--csv"), "choose one"),
        (("read", "--source", "teletext"), "--source 'teletext'"),
        (("read", "--season", "2025-26"), "--source modular11"),
        (("read", "--season", "2026-27", "--source", "modular11"), "--source assist"),
        (("read", "--season", "2025-26", "--source", "modular11", "--league", "Flex"), "modular11 has no Flex"),
        (("doctor", "--env-file", "/nowhere/env"), "/nowhere/env cannot be read"),
    ],
)
def test_bad_usage_ends_with_2_and_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], said: str
) -> None:
    monkeypatch.setattr(sys, "argv", ["match-scraper", *options])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


def test_a_malformed_setting_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("AGENT_SOURCE_RESOLVE", "mlssoccer")
    monkeypatch.setattr(sys, "argv", ["match-scraper", "doctor"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert "AGENT_SOURCE_RESOLVE" in capsys.readouterr().err


def test_doctor_says_platform_keys_freshness_and_what_is_not_there_yet(cli: Cli) -> None:
    done = cli("doctor", "--season", "2026-27", "--json")
    found = json.loads(done.stdout)
    assert done.returncode == 0, done.stderr
    assert (found["platform"], found["browser_used"], found["healthy"]) == ("assist", True, True)
    assert [key["outcome"] for key in found["keys"]] == ["read"] * 3
    assert all(key["observed_at"] == "2026-10-05T13:40:03+00:00" for key in found["keys"])
    assert {one["host"]: one["answers"] for one in found["hosts"]} == {
        "www.mlssoccer.com": True,
        "mls-assist.theintelligenceplatform.com": True,
        "www.modular11.com": True,
    }
    assert {one["key"]: one["published"] for one in found["next_season"]} == {
        "mls-next-league-27-28": False,
        "mls-next-flex-27-28": False,
        "mls-next-2-academy-division-27-28": False,
    }


def test_doctor_reads_on_where_the_page_fails_and_says_so(cli: Cli, replica: Replica) -> None:
    replica.knobs(platform="unknown")
    without = ",".join(part for part in replica.resolve.split(",") if "modular11" not in part)
    done = cli("doctor", "--season", "2026-27", AGENT_SOURCE_RESOLVE=without)
    assert done.returncode == 1
    assert "no platform that we know" in done.stdout
    assert "www.modular11.com: unreachable: " in done.stdout
    assert "mls-next-league-26-27" in done.stdout
