"""The generated season: its counts, its determinism, and every quirk of the source-site page, by its number."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from devstack.replica.season import Size, generate, true_state

TODAY = "2026-11-15"
LEAGUE, FLEX, ACADEMY = "mls-next-league-26-27", "mls-next-flex-26-27", "mls-next-2-academy-division-26-27"
Event = dict[str, Any]


@cache
def bodies(today: str, size: Size) -> dict[str, bytes]:
    return generate(1, today, size)


@cache
def document(path: str, today: str = TODAY, size: Size = "full") -> Any:
    return msgspec.json.decode(bodies(today, size)[path])


def events(key: str, today: str = TODAY, size: Size = "full") -> list[Event]:
    return list(document(f"data/schedule/{key}.json", today, size)["events"])


def by_key(key: str, today: str, size: Size = "full") -> dict[str, Event]:
    return {event["game_key"]: event for event in events(key, today, size)}


def brackets(key: str, size: Size = "full") -> list[dict[str, Any]]:
    standings = document(f"data/standings/{key}.json", size=size)
    return list(standings["competition_season"]["competition_brackets"])


def listed(key: str, size: Size = "full") -> dict[int, set[tuple[str, str]]]:
    """Squad id -> the (name, age) of its brackets."""
    found: dict[int, set[tuple[str, str]]] = defaultdict(set)
    for bracket in brackets(key, size):
        for row in bracket["standings"]:
            found[row["team"]["squad_id"]].add((bracket["name"], bracket["age_group"]["name"]))
    return found


@cache
def truth(today: str = TODAY, size: Size = "full") -> dict[str, Any]:
    return true_state(1, today, size)


@pytest.mark.parametrize("today", ["2026-08-25", "2026-10-05", "2027-03-01", "2027-07-20"])
def test_the_full_season_has_24623_events_in_three_competitions_on_any_day(today: str) -> None:
    assert [len(events(key, today)) for key in (LEAGUE, FLEX, ACADEMY)] == [7_763, 3_155, 13_705]


def test_it_has_232_brackets() -> None:
    ages = {key: Counter(bracket["age_group"]["name"] for bracket in brackets(key)) for key in (LEAGUE, FLEX, ACADEMY)}
    assert ages[LEAGUE] == {"U13": 8, "U14": 8, "U15": 8, "U16": 12, "U17": 12, "U19": 12}
    assert ages[FLEX] == {"U15": 13, "U16": 13, "U17": 13, "U19": 13}
    assert set(ages[ACADEMY].values()) == {20} and len(ages[ACADEMY]) == 6
    pathway = [bracket for bracket in brackets(LEAGUE) if bracket["name"].endswith("(Pro Player Pathway)")]
    assert Counter(bracket["age_group"]["name"] for bracket in pathway) == {"U16": 4, "U17": 4, "U19": 4}


@pytest.mark.parametrize("size", ["full", "small"])
def test_the_five_default_targets_have_a_bracket(size: Size) -> None:
    league = {(bracket["name"], bracket["age_group"]["name"]) for bracket in brackets(LEAGUE, size)}
    academy = {(bracket["name"], bracket["age_group"]["name"]) for bracket in brackets(ACADEMY, size)}
    assert {(name, age) for name in ("Northeast", "Florida") for age in ("U13", "U14")} <= league
    assert ("New England", "U14") in academy


def test_ids_are_unique_over_all_three_competitions() -> None:
    all_events = [event for key in (LEAGUE, FLEX, ACADEMY) for event in events(key)]
    assert len({event["game_key"] for event in all_events}) == len({event["id"] for event in all_events}) == 24_623


def test_the_same_seed_and_day_give_the_same_bytes_and_another_seed_gives_others() -> None:
    assert generate(1, TODAY, "small") == generate(1, date.fromisoformat(TODAY), "small")
    assert generate(1, TODAY, "small") != generate(2, TODAY, "small")


def test_another_season_has_its_own_keys_and_the_same_squads() -> None:
    later = events("mls-next-league-27-28", "2027-10-01", "small")
    teams = {event["home_squad_id"] for event in later}
    assert teams == {event["home_squad_id"] for event in events(LEAGUE, size="small")}


def test_names_that_break_readers_are_among_the_clubs() -> None:
    names = {event["home_organisation"]["name"] for event in events(LEAGUE) if event["home_organisation"]}
    assert "Intercontinental Football Academy of New England" in names
    assert any("'" in name for name in names)
    assert any(not name.isascii() for name in names)
    zones = {event["local_timezone"] for key in (LEAGUE, ACADEMY) for event in events(key)}
    assert {"America/New_York", "America/Chicago", "America/Denver", "America/Phoenix", "America/Los_Angeles"} <= zones


@pytest.mark.parametrize("size", ["full", "small"])
def test_quirk_1_future_matches_are_flagged_completed_with_scores(size: Size) -> None:
    early = [event for event in events(LEAGUE, size=size) if event["start_time"] > "2026-12-15" and event["completed"]]
    assert early
    assert all(event["home_score"] is not None for event in early)
    true = {match["game_key"]: match for match in truth(TODAY, size)["keys"][LEAGUE]["matches"]}
    assert {true[event["game_key"]]["status"] for event in early} == {"scheduled"}


def test_quirk_2_about_one_in_seven_has_no_score_for_a_day() -> None:
    weekend = [
        event
        for event in events(ACADEMY, "2026-10-05")
        if "2026-10-04T16:00" < event["start_time"] < "2026-10-05T01:00" and event["event_location"]["name"] != "TBD"
    ]
    missing = [event for event in weekend if event["home_score"] is None]
    assert 1 / 10 < len(missing) / len(weekend) < 1 / 5
    later = by_key(ACADEMY, "2026-10-07")
    still = [event for event in missing if later[event["game_key"]]["home_score"] is None]
    assert len(still) < len(missing) / 5
    assert {event["completed"] for event in missing} == {True, False}


def test_quirk_3_a_venue_tbd_goes_with_06_00_local() -> None:
    open_ones = [event for event in events(LEAGUE) if event["event_location"]["name"] == "TBD"]
    assert len(open_ones) > 1000
    for event in open_ones[:500]:
        local = datetime.fromisoformat(event["start_time"]).astimezone(ZoneInfo(event["local_timezone"]))
        assert (local.hour, local.minute) == (6, 0)
    eastern = {event["start_time"][11:16] for event in open_ones if event["local_timezone"] == "America/New_York"}
    assert eastern == {"10:00", "11:00"}


@pytest.mark.parametrize("size", ["full", "small"])
def test_quirk_4_two_teams_play_a_full_schedule_without_standing_anywhere(size: Size) -> None:
    squads = listed(LEAGUE, size)
    missing = Counter(
        (event["home_squad_id"], event["home_squad_name"])
        for event in events(LEAGUE, size=size)
        if event["home_squad_id"] not in squads
    )
    assert sorted(label for _, label in missing) == ["U14", "U15"]
    assert min(missing.values()) > 5
    ghosts = [
        row
        for bracket in brackets(LEAGUE, size)
        if (bracket["name"], bracket["age_group"]["name"]) == ("Northeast", "U15")
        for row in bracket["standings"]
        if row["tiebreaker_values"]["matches_played"]["value"] == "0"
    ]
    assert len(ghosts) == 1, "its club stands there under another squad, with zeros"


@pytest.mark.parametrize("size", ["full", "small"])
def test_quirk_5_a_squad_stands_in_two_brackets(size: Size) -> None:
    two = [where for where in listed(LEAGUE, size).values() if len(where) > 1]
    assert two == [{("Frontier", "U17"), ("Southeast (Pro Player Pathway)", "U17")}]


@pytest.mark.parametrize("size", ["full", "small"])
def test_quirk_6_an_under_16_plays_the_schedule_of_the_under_17(size: Size) -> None:
    mixed = [
        event for event in events(LEAGUE, size=size) if event["home_squad_name"][:3] != event["away_squad_name"][:3]
    ]
    assert len(mixed) > 5
    assert {frozenset((event["home_squad_name"], event["away_squad_name"])) for event in mixed} == {
        frozenset(("U16", "U17"))
    }
    assert {event["competition"]["id"] for event in mixed} == {1606}
    counted = [
        match for match in truth(TODAY, size)["keys"][LEAGUE]["matches"] if match["game_key"] == mixed[0]["game_key"]
    ]
    assert counted[0]["home_brackets"] != counted[0]["away_brackets"]


def test_quirk_7_scores_are_corrected_and_matches_move() -> None:
    before, after = by_key(LEAGUE, "2026-10-05"), by_key(LEAGUE, "2026-10-16")
    both = before.keys() & after.keys()
    scored = [key for key in both if before[key]["start_time"] < "2026-10-05" and before[key]["home_score"] is not None]
    corrected = [key for key in scored if before[key]["home_score"] != after[key]["home_score"]]
    moved = [key for key in both if before[key]["start_time"][:10] != after[key]["start_time"][:10]]
    assert len(corrected) > 3
    assert len(moved) > 10
    later = by_key(LEAGUE, "2027-02-20").values()
    far = Counter(event["start_time"][:10] for event in later).most_common()
    assert max(day for day, count in far if count > 20) > "2027-06-13", "a whole weekend was put on one far day"


@pytest.mark.parametrize("size", ["full", "small"])
def test_quirk_8_the_same_two_meet_twice_at_the_same_home(size: Size) -> None:
    pairs = Counter((event["home_squad_id"], event["away_squad_id"]) for event in events(LEAGUE, size=size))
    assert 2 in pairs.values()


def test_quirk_8_a_match_vanishes_and_is_issued_again_under_another_number() -> None:
    first, last = by_key(ACADEMY, "2026-08-25"), by_key(ACADEMY, "2027-07-20")
    gone, new = first.keys() - last.keys(), last.keys() - first.keys()
    assert len(gone) == len(new) >= 4
    assert {(first[key]["home_squad_id"], first[key]["away_squad_id"]) for key in gone} == {
        (last[key]["home_squad_id"], last[key]["away_squad_id"]) for key in new
    }
    true = {match["game_key"]: match for match in truth("2027-07-20")["keys"][ACADEMY]["matches"]}
    assert {true[key]["status"] for key in gone} == {"cancelled"}


def test_quirk_10_the_young_ones_have_no_values_and_stand_in_alphabetical_order() -> None:
    for bracket in brackets(LEAGUE):
        names = [row["team"]["name"] for row in bracket["standings"]]
        if bracket["age_group"]["name"] in ("U13", "U14"):
            assert names == sorted(names)
            assert all(row["tiebreaker_values"] == {} for row in bracket["standings"])
        else:
            assert all(len(row["tiebreaker_values"]) == 9 for row in bracket["standings"])


def test_quirk_11_crests_and_organisations_may_be_null_and_new_fields_appear() -> None:
    everything = events(LEAGUE) + events(ACADEMY)
    assert any(event["home_organisation"] is None for event in everything)
    assert any(event["away_organisation"]["logo_full_path"] is None for event in everything)
    assert set(events(LEAGUE, "2027-02-01")[0]) - set(events(LEAGUE)[0]) == {"broadcast_url"}


def test_flex_draws_go_to_a_shoot_out_and_count_two_points_to_one() -> None:
    drawn = [
        event
        for event in events(FLEX)
        if event["home_score"] is not None and event["home_score"] == event["away_score"]
    ]
    decided = [event for event in drawn if event["home_penalty_shootout_score"] is not None]
    assert 0.7 < len(decided) / len(drawn) < 1
    for bracket in brackets(FLEX):
        values = [
            {name: value["value"] for name, value in row["tiebreaker_values"].items()} for row in bracket["standings"]
        ]
        ties = sum(int(value["tie_penalty_shootout"]) for value in values)
        total = sum(int(value["points_penalty_shootout"]) for value in values)
        assert total >= 3 * sum(int(value["won_penalty_shootout"]) for value in values) + ties


def test_official_values_are_the_sum_of_the_published_results() -> None:
    played: Counter[tuple[int, int]] = Counter()
    for match in truth()["keys"][LEAGUE]["matches"]:
        if match["status"] == "completed":
            for side in ("home", "away"):
                played.update((bracket, match[f"{side}_squad_id"]) for bracket in match[f"{side}_brackets"])
    official = {bracket["id"]: bracket for bracket in brackets(LEAGUE)}
    checked = 0
    for bracket in truth()["keys"][LEAGUE]["brackets"]:
        rows = {row["squad_id"]: row for row in bracket["rows"]}
        for row in official[bracket["id"]]["standings"] if not bracket["computed"] else []:
            value = {name: text["value"] for name, text in row["tiebreaker_values"].items()}
            mine = rows[row["team"]["squad_id"]]
            assert int(value["matches_played"]) == mine["played"] == played[bracket["id"], mine["squad_id"]]
            assert int(value["points_penalty_shootout"]) == mine["points"] == 3 * mine["won"] + mine["tied"]
            checked += 1
    assert checked > 350


def test_at_the_season_s_end_hardly_anything_is_open() -> None:
    statuses = Counter(
        match["status"] for key in (LEAGUE, FLEX, ACADEMY) for match in truth("2027-07-28")["keys"][key]["matches"]
    )
    assert statuses["scheduled"] == 0
    assert 0 < statuses["tbd"] < 100
    assert statuses["completed"] > 24_500


def test_nothing_that_was_played_is_dated_before_the_season_or_after_it() -> None:
    days = sorted(match["local_date"] for match in truth("2027-07-28")["keys"][ACADEMY]["matches"])
    assert days[0] >= "2026-08-27"
    assert days[-1] <= (date(2027, 6, 13) + timedelta(weeks=6)).isoformat()
