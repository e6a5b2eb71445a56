"""A whole past season through the queue: replica, agent process, RabbitMQ, worker, PostgreSQL, API, all real."""

import signal
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from devstack import patient
from devstack.replica.modular11 import matches
from devstack.replica.season import true_state
from devstack.testing import Amqp, Database
from devstack.testing.pipeline import Pipeline, pipeline
from devstack.testing.waiting import until
from match_contract import Season, wire

pytestmark = [pytest.mark.timeout(300)]
TODAY = "2026-10-05"
SEASON = Season(2025)
WHOLE = ("--source", "modular11", "--season", "2025-26")
LANDED = (
    "select m.external_id, m.local_date::text, m.home_score, m.away_score, m.home_shootout, m.away_shootout, a.name,"
    " d.name, h.name, w.name from matches m join seasons s on s.id = m.season_id"
    " join age_groups a on a.id = m.age_group_id join divisions d on d.id = m.division_id"
    " join teams h on h.id = m.home_team_id join teams w on w.id = m.away_team_id"
    " where s.name = '2025-26' and m.source = 'modular11' and m.status <> 'cancelled'"
)


def truth() -> set[tuple[object, ...]]:
    """What the site prints of the season: every row that is a match a table counts."""
    moment = datetime(2026, 10, 5, 13, 40, 3, tzinfo=UTC)
    return {
        (
            str(row.number),
            row.kick_off.date().isoformat(),
            *(row.score or (None, None)),
            *((row.shootout if row.score and row.shootout else None) or (None, None)),
            row.age,
            row.division,
            " ".join(row.home.split()),
            " ".join(row.away.split()),
        )
        for kind in ("league", "academy")
        for row in matches(1, "small", SEASON, kind, moment)
        if row.away_club and row.competition != "Playoffs"
    }


def asked(played: Pipeline, what: str) -> list[str]:
    return [item["query"] for item in played.replica.requests() if item["path"].endswith(what)]


def test_a_whole_season_lands_with_receipts_and_rankings_and_a_second_back_fill_changes_nothing(
    database: Database, amqp: Amqp, tmp_path: Path
) -> None:
    with pipeline(database, amqp, tmp_path, "--today", TODAY) as played:
        code, report, said = played.agent(*WHOLE, today=TODAY)
        assert code == 0, (said, played.rows("select reason, detail from ingest_rejections"))
        targets = {item["target"]: item for item in report["targets"]}
        assert {name: item["outcome"] for name, item in targets.items()} == {
            "all-homegrown": "landed",
            "all-academy": "landed",
        }
        wanted = truth()
        assert sum(item["found"] for item in targets.values()) == len(wanted) > 400
        assert sum(item["inserted"] for item in targets.values()) == len(wanted)
        assert set(played.rows(LANDED)) == wanted
        assert played.one("select count(*) from feed_snapshots where landed_at is null") == 0
        assert played.one("select count(*) from ingest_batches where state <> 'landed'") == 0
        assert played.one("select count(*) from ingest_batches where kind = 'quality'") > 0
        assert played.producer.depth(wire.QUEUE) == played.producer.depth(wire.DEAD_QUEUE) == 0
        assert not list((tmp_path / "agent" / "backfill").rglob("*.json")), "what landed is not kept"
        brackets = patient.get(f"{played.api_url}/api/brackets", params={"season": "2025-26"}).json()["items"]
        by_name = {(item["age_group"], item["league"], item["division"]): item for item in brackets}
        table = patient.get(f"{played.api_url}/api/brackets/{by_name['U15', 'Homegrown', 'Northeast']['id']}/table")
        scored = [row for row in wanted if row[6:8] == ("U15", "Northeast") and row[2] is not None]
        assert sum(row["played"] for row in table.json()["rows"]) == 2 * len(scored) > 100

        rankings = played.one("select count(*) from qop_snapshots")
        versions = played.rows("select id, version from brackets order by id")
        code, report, said = played.agent(*WHOLE, "--target", "all-homegrown", today=TODAY)
        assert code == 0, said
        (again,) = report["targets"]
        assert (again["outcome"], again["unchanged"]) == ("unchanged", targets["all-homegrown"]["inserted"])
        assert played.one("select count(*) from qop_snapshots") == rankings > 0
        assert played.rows("select id, version from brackets order by id") == versions


@pytest.mark.season
def test_a_back_fill_that_was_killed_goes_on_where_it_stopped(database: Database, amqp: Amqp, tmp_path: Path) -> None:
    with pipeline(database, amqp, tmp_path, "--today", TODAY) as played:
        academy = "tournament=35"
        command = played.command(*WHOLE)
        with (tmp_path / "killed.log").open("wb") as log:
            process = subprocess.Popen(
                command, env={**played.environment, "AGENT_TODAY": TODAY}, stdout=log, stderr=subprocess.STDOUT
            )
            until(lambda: any(academy in query for query in asked(played, "get_matches")), "the second league is begun")
            process.send_signal(signal.SIGKILL)
            process.wait()
        kept = {file.stem for file in (tmp_path / "agent" / "backfill").rglob("*.json")}
        assert any("homegrown" in name for name in kept)
        played.replica.forget_requests()
        code, report, said = played.agent(*WHOLE, today=TODAY)
        assert code == 0, said
        assert not any("tournament=12" in query for query in asked(played, "get_matches")), "read once is enough"
        assert "never ended" in " ".join(report["warnings"])
        assert set(played.rows(LANDED)) == truth()


@pytest.mark.season
def test_a_part_of_a_season_takes_nothing_away_from_another_part(
    database: Database, amqp: Amqp, tmp_path: Path
) -> None:
    with pipeline(database, amqp, tmp_path, "--today", TODAY) as played:
        for target in ("u14-hg-northeast", "u13-hg-florida", "u14-hg-northeast", "u14-hg-northeast"):
            code, _, said = played.agent(*WHOLE, "--target", target, today=TODAY)
            assert code == 0, said
        wanted = {row for row in truth() if row[6:8] in {("U14", "Northeast"), ("U13", "Florida")}}
        assert set(played.rows(LANDED)) == wanted
        assert played.one("select count(*) from matches where status = 'cancelled' or absent_snapshots > 0") == 0


@pytest.mark.season
def test_what_the_platform_refuses_ends_the_back_fill_with_its_name_and_lands_nothing_of_that_league(
    database: Database, amqp: Amqp, tmp_path: Path
) -> None:
    with pipeline(database, amqp, tmp_path, "--today", TODAY, "--knob", "modular11=page-two-repeats-one") as played:
        code, report, said = played.agent(*WHOLE, "--target", "all-homegrown", today=TODAY)
        assert code == 3, said
        (target,) = report["targets"]
        assert (target["outcome"], target["inserted"]) == ("failed", 0)
        assert "repeats the matches" in target["detail"]
        assert played.one("select count(*) from matches") == 0
        played.replica.knobs(reset=True)
        code, _, said = played.agent(*WHOLE, "--target", "all-homegrown", today=TODAY)
        assert code == 0, said


@pytest.mark.season
def test_a_season_of_the_assist_viewer_that_is_over_is_back_filled_too(
    database: Database, amqp: Amqp, tmp_path: Path
) -> None:
    later = "2027-10-05"
    with pipeline(database, amqp, tmp_path, "--today", later) as played:
        past = ("--source", "assist", "--season", "2026-27", "--browser", "never")
        code, report, said = played.agent(*past, today=later)
        assert code == 0, said
        assert {item["target"] for item in report["targets"]} == {"all-homegrown", "all-academy", "all-flex"}
        assert {item["outcome"] for item in report["targets"]} == {"landed"}
        landed = played.rows(
            "select m.external_id, m.home_score, m.away_score from matches m join seasons s on s.id = m.season_id"
            " where s.name = '2026-27'"
        )
        keys = true_state(1, "2027-08-20", "small")["keys"]  # the last season that was shown before the next one
        wanted = {
            (match["game_key"], match["home_score"], match["away_score"])
            for key in keys.values()
            for match in key["matches"]
            if match["status"] != "cancelled"
        }
        assert set(landed) == wanted
