"""Each knob of the replica, turned over real HTTP, and its effect seen over real HTTP."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

import devstack.replica
from devstack.replica import Replica
from devstack.replica.certificate import MODULAR11, SITE, VIEWER
from devstack.replica.handle import ReplicaFailed
from devstack.replica.knobs import BadKnob, Knobs, from_text, turned
from devstack.replica.viewer import shell

LEAGUE = "mls-next-league-26-27"
SCHEDULE = f"https://{VIEWER}/data/schedule/{LEAGUE}.json"
STANDINGS = f"https://{VIEWER}/data/standings/{LEAGUE}.json"
HOMEGROWN = f"https://{SITE}/mlsnext/schedule/homegrown-division/"
ACADEMY = f"https://{SITE}/mlsnext/schedule/academy_division/"
NOW = "2026-10-05T13:40:03Z"
Event = dict[str, Any]


def events(replica: Replica) -> dict[str, Event]:
    return {event["game_key"]: event for event in replica.get(SCHEDULE).json()["events"]}


def test_every_knob_is_in_the_readme() -> None:
    readme = (Path(devstack.replica.__file__).parent / "README.md").read_text()
    assert [name for name in Knobs.__struct_fields__ if f"`{name}`" not in readme] == []


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500, 503])
def test_documents_pages_and_viewer_fail_with_a_status(replica: Replica, status: int) -> None:
    replica.knobs(documents=str(status), pages=str(status), viewer=str(status), retry_after_s=7)
    for url in (SCHEDULE, HOMEGROWN, f"https://{VIEWER}/"):
        answer = replica.get(url)
        assert answer.status_code == status
        assert answer.headers.get("retry-after") == ("7" if status in (429, 503) else None)
    assert {asked["fault"] for asked in replica.requests()} == {str(status)}
    replica.knobs(reset=True)
    assert replica.get(SCHEDULE).status_code == 200


def test_a_reset_is_a_reset_of_the_connection(replica: Replica) -> None:
    replica.knobs(documents="reset")
    with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
        replica.get(SCHEDULE)
    assert replica.requests()[-1]["status"] == 0


def test_a_truncated_body_ends_before_its_length(replica: Replica) -> None:
    replica.knobs(documents="truncated")
    with pytest.raises(httpx.RemoteProtocolError, match=r"incomplete|peer closed"):
        replica.get(SCHEDULE)
    noted = replica.requests()[-1]
    assert (noted["status"], noted["fault"]) == (200, "truncated")
    assert noted["bytes"] > 1000


def test_a_hanging_answer_never_comes(replica: Replica) -> None:
    replica.knobs(documents="hang")
    with pytest.raises(httpx.ReadTimeout):
        replica.get(SCHEDULE, timeout_s=0.5)
    replica.knobs(documents="ok")
    assert replica.get(SCHEDULE).status_code == 200


def test_a_slow_answer_comes_whole(replica: Replica) -> None:
    replica.knobs(documents="slow", slow_ms=50)
    assert len(replica.get(SCHEDULE).json()["events"]) > 300
    assert replica.requests()[-1]["fault"] == "slow"


def test_an_empty_document_has_its_shape_and_nothing_in_it(replica: Replica) -> None:
    before = replica.get(SCHEDULE).headers["etag"]
    replica.knobs(documents="empty")
    assert replica.get(SCHEDULE).json()["events"] == []
    assert replica.get(STANDINGS).json()["competition_season"]["competition_brackets"] == []
    assert replica.get(SCHEDULE, If_None_Match=before).status_code == 200


def test_a_blank_document_and_the_shell_in_its_place(replica: Replica) -> None:
    replica.knobs(documents="blank")
    assert replica.get(SCHEDULE).content == b""
    replica.knobs(documents="shell")
    assert replica.get(SCHEDULE).content == shell()


def test_pages_can_be_blank_empty_or_the_viewer_s_shell(replica: Replica) -> None:
    replica.knobs(pages="blank")
    assert replica.get(HOMEGROWN).content == b""
    replica.knobs(pages="empty")
    assert "<main" not in replica.get(HOMEGROWN).text
    replica.knobs(pages="shell")
    assert replica.get(HOMEGROWN).content == shell()


def test_modular11_has_its_own_area_of_faults(replica: Replica) -> None:
    replica.knobs(fragments="429")
    assert replica.get(f"https://{MODULAR11}/public_schedule/league/get_matches").status_code == 429
    assert replica.get(f"https://{MODULAR11}/league-schedule/homegrown-division").status_code == 200


def test_a_fault_can_be_kept_to_one_document_and_to_so_many_answers(replica: Replica) -> None:
    replica.knobs(documents="500", only="/standings/", times=2)
    assert [replica.get(url).status_code for url in (SCHEDULE, STANDINGS, STANDINGS, STANDINGS)] == [200, 500, 500, 200]


def test_validators_can_be_missing(replica: Replica) -> None:
    tag, day = (replica.get(SCHEDULE).headers[name] for name in ("etag", "last-modified"))
    replica.knobs(etag="drop")
    assert "etag" not in replica.get(SCHEDULE).headers
    assert replica.get(SCHEDULE, If_None_Match=tag).status_code == 200
    assert replica.get(SCHEDULE, If_Modified_Since=day).status_code == 304
    replica.knobs(last_modified="drop")
    assert "last-modified" not in replica.get(SCHEDULE).headers
    assert replica.get(SCHEDULE, If_Modified_Since=day).status_code == 200


def test_a_document_shrinks_by_half_and_becomes_a_later_one(replica: Replica) -> None:
    before = replica.get(SCHEDULE)
    replica.knobs(shrink=0.5)
    after = replica.get(SCHEDULE, If_None_Match=before.headers["etag"])
    assert after.status_code == 200
    assert abs(len(after.json()["events"]) - len(before.json()["events"]) / 2) <= 1
    assert after.json()["synced_at"] > before.json()["synced_at"]
    assert after.headers["last-modified"] != before.headers["last-modified"]


@pytest.mark.parametrize("count", [0, 1, 25, 26, 60])
def test_so_many_events_as_the_knob_says(replica: Replica, count: int) -> None:
    replica.knobs(events=count)
    assert len(events(replica)) == count


def test_unknown_fields_appear_everywhere(replica: Replica) -> None:
    replica.knobs(unknown_fields=True)
    schedule, standings = replica.get(SCHEDULE).json(), replica.get(STANDINGS).json()
    bracket = standings["competition_season"]["competition_brackets"][0]
    for part in (schedule, schedule["events"][0], standings, bracket, bracket["standings"][0]):
        assert any(name.startswith("zz_") for name in part)


def test_so_many_events_have_a_wrong_type(replica: Replica) -> None:
    before = replica.get(SCHEDULE).json()["events"]
    replica.knobs(wrong_types=5)
    after = replica.get(SCHEDULE).json()["events"]
    assert sum(one != other for one, other in zip(before, after, strict=True)) == 5


def test_scores_are_corrected_and_withdrawn(replica: Replica) -> None:
    before = events(replica)
    replica.knobs(correct=2)
    corrected = [key for key, event in events(replica).items() if event != before[key]]
    assert len(corrected) == 2
    for key in corrected:
        assert events(replica)[key]["home_score"] == before[key]["home_score"] + 1
    replica.knobs(correct=0, withdraw=[corrected[0]])
    after = events(replica)
    assert [key for key in after if after[key] != before[key]] == [corrected[0]]
    assert after[corrected[0]]["home_score"] is None


def test_a_correction_leaves_no_shootout_after_what_is_no_tie_any_more(replica: Replica) -> None:
    schedule = SCHEDULE.replace("mls-next-league", "mls-next-flex")
    before = {event["game_key"]: event for event in replica.get(schedule).json()["events"]}
    shootouts = [key for key, event in before.items() if event["home_penalty_shootout_score"] is not None]
    assert shootouts
    replica.knobs(correct=shootouts)
    for event in replica.get(schedule).json()["events"]:
        if event["game_key"] in shootouts:
            assert event["home_score"] == before[event["game_key"]]["home_score"] + 1
            assert (event["home_penalty_shootout_score"], event["away_penalty_shootout_score"]) == (None, None)


def test_matches_move_and_vanish(replica: Replica) -> None:
    before = events(replica)
    replica.knobs(reschedule=3, vanish=2)
    after = events(replica)
    gone = before.keys() - after.keys()
    moved = [key for key in after if after[key]["start_time"] != before[key]["start_time"]]
    assert (len(gone), len(moved), len(before) - len(after)) == (2, 3, 2)
    assert all(before[key]["start_time"] > NOW and before[key]["home_score"] is None for key in gone)


def test_a_knob_that_is_turned_back_makes_a_later_document_with_the_old_content(replica: Replica) -> None:
    before = replica.get(SCHEDULE).json()
    replica.knobs(withdraw=1)
    withdrawn = replica.get(SCHEDULE).json()
    replica.knobs(withdraw=0)
    after = replica.get(SCHEDULE).json()
    assert before["events"] == after["events"] != withdrawn["events"]
    assert before["synced_at"] < withdrawn["synced_at"] < after["synced_at"]


def test_a_knob_of_the_page_leaves_the_documents_as_they_are(replica: Replica) -> None:
    before = replica.get(SCHEDULE).headers["etag"]
    replica.knobs(consent="late", iframe="eager", documents="ok")
    assert replica.get(SCHEDULE, If_None_Match=before).status_code == 304


def test_the_clock_moves_and_the_document_with_it(replica: Replica) -> None:
    before = replica.get(SCHEDULE)
    replica.today("2026-10-12")
    after = replica.get(SCHEDULE, If_None_Match=before.headers["etag"])
    assert after.json()["synced_at"] == "2026-10-12T13:40:03Z"
    assert sum(event["home_score"] is not None for event in after.json()["events"]) > sum(
        event["home_score"] is not None for event in before.json()["events"]
    )
    assert replica.truth()["now"] == "2026-10-12T13:40:03Z"
    with pytest.raises(ReplicaFailed, match="neither a date"):
        replica.today("soon")


def test_before_the_fixtures_are_published_the_page_points_at_a_key_that_is_not_there(replica: Replica) -> None:
    replica.today("2026-08-10")
    assert f"#/schedule/{LEAGUE}" in replica.get(HOMEGROWN).text
    assert replica.get(SCHEDULE).content == shell()
    replica.today("2026-08-25")
    assert replica.get(SCHEDULE).headers["content-type"] == "application/json"


def test_a_new_season_has_new_keys_and_the_old_documents_stay(replica: Replica) -> None:
    replica.today("2027-09-20")
    assert "mls-next-league-27-28" in replica.get(HOMEGROWN).text
    assert replica.get(SCHEDULE.replace("26-27", "27-28")).json()["events"]
    assert replica.get(SCHEDULE).json()["synced_at"].startswith("2027-09-20")


def test_the_academy_s_page_may_show_the_homegrown_one(replica: Replica) -> None:
    assert "academy-division-26-27" in replica.get(ACADEMY).text
    replica.knobs(academy_link="missing")
    assert "academy" not in replica.get(ACADEMY).text
    assert f"#/schedule/{LEAGUE}" in replica.get(ACADEMY).text


def test_the_page_may_have_another_platform_or_no_iframe(replica: Replica) -> None:
    replica.knobs(platform="unknown")
    assert 'data-src="https://next-viewer.mlssoccer.com/' in replica.get(HOMEGROWN).text
    replica.knobs(iframe="missing")
    assert "<iframe" not in replica.get(HOMEGROWN).text
    replica.knobs(iframe="eager", iframe_size="zero", reset=True)
    assert ' src="https' in replica.get(HOMEGROWN).text
    assert "width:0;height:0" in replica.get(HOMEGROWN).text


def test_robots_txt_follows_its_knob(replica: Replica) -> None:
    replica.knobs(robots="disallow")
    assert replica.get(f"https://{VIEWER}/robots.txt").text.endswith("Disallow: /\n")
    replica.knobs(robots="missing")
    assert replica.get(f"https://{SITE}/robots.txt").status_code == 404


def test_a_knob_or_value_that_does_not_exist_is_refused_and_nothing_turns(replica: Replica) -> None:
    with pytest.raises(ReplicaFailed, match="there is no knob 'consnt'"):
        replica.knobs(consnt="late", shrink=0.5)
    with pytest.raises(ReplicaFailed, match="sometimes"):
        replica.knobs(consent="sometimes")
    assert replica.knobs()["shrink"] == 0


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("consent=late", {"consent": "late"}),
        ("documents=500", {"documents": "500"}),
        ("shrink=0.5", {"shrink": 0.5}),
        ("unknown_fields=true", {"unknown_fields": True}),
        ("events=26", {"events": 26}),
        ("vanish=2", {"vanish": 2}),
        ("vanish=26029,26030", {"vanish": ["26029", "26030"]}),
        ("only=/standings/", {"only": "/standings/"}),
    ],
)
def test_knobs_are_read_from_the_command_line(text: str, value: dict[str, Any]) -> None:
    assert from_text([text]) == value
    name = next(iter(value))
    assert getattr(turned(Knobs(), value), name) == value[name]


def test_a_setting_without_a_value_is_refused() -> None:
    with pytest.raises(BadKnob, match="name=value"):
        from_text(["consent"])


def test_of_a_folder_of_documents_no_truth_is_known(replica: Replica, tmp_path: Path) -> None:
    file = tmp_path / f"data/schedule/{LEAGUE}.json"
    file.parent.mkdir(parents=True)
    file.write_bytes(replica.get(SCHEDULE).content)
    replica.feeds(tmp_path)
    assert replica.truth()["keys"] == {}
    replica.feeds(None)
    assert len(replica.truth()["keys"]) == 3


def test_crests_are_pictures(replica: Replica) -> None:
    crests = (event["home_organisation"] or {} for event in events(replica).values())
    url = next(crest for crest in (found.get("logo_full_path") for found in crests) if crest)
    assert replica.get(url).headers["content-type"] == "image/svg+xml"


def test_truth_has_every_match_and_table_of_the_documents(replica: Replica) -> None:
    told = replica.truth()["keys"]
    assert {match["game_key"] for match in told[LEAGUE]["matches"]} == set(events(replica))
    standings = replica.get(STANDINGS).json()["competition_season"]["competition_brackets"]
    assert [bracket["id"] for bracket in told[LEAGUE]["brackets"]] == [bracket["id"] for bracket in standings]
    assert json.dumps(told).count('"rows"') == len(standings) + len(told["mls-next-flex-26-27"]["brackets"]) + len(
        told["mls-next-2-academy-division-26-27"]["brackets"]
    )
