"""What the source publishes of a plan at a moment: the six documents, and beside them the truth. Pure."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime
from typing import Any

import msgspec

from devstack.replica.season.clock import stamp
from devstack.replica.season.tables import Result, Row, table
from devstack.replica.season.values import AGES, DAY, KEYS, TITLES, Bracket, Fixture, Kind, Plan, Slot

NO_VENUE = {"id": 10_228, "name": "TBD"}
DIVISION = {"id": 2, "name": "MLS Next"}
TIEBREAKERS = [
    {"abbr": abbreviation, "key": key, "name": name}
    for abbreviation, key, name in (
        ("PTS", "points_penalty_shootout", "Points"),
        ("PPM", "points_per_match_penalty_shootout", "Points Per Match"),
        ("MP", "matches_played", "Matches Played"),
        ("W", "won_penalty_shootout", "Won"),
        ("L", "loss_penalty_shootout", "Loss"),
        ("T", "tie_penalty_shootout", "Tie"),
        ("GD/M", "goal_differential_per_match", "Goal Differential Per Match"),
        ("GF/M", "goals_for_per_match", "Goals For Per Match"),
        ("GA/M", "goals_against_per_match", "Goals Against Per Match"),
    )
]
NEW_FIELDS_FROM = (1, 15)
"""From 15 January on events carry a field that nobody announced (quirk 11)."""


def slot_at(fixture: Fixture, now: int) -> Slot:
    """What the schedule says at a moment."""
    current = fixture.slots[0]
    for slot in fixture.slots:
        if slot.since <= now:
            current = slot
    return current


def score_at(fixture: Fixture, now: int) -> tuple[int, int] | None:
    """The score that is published at a moment, as it then stands; None before."""
    if fixture.published_at is None or now < fixture.published_at:
        return None
    return fixture.first_score if now < fixture.corrected_at else fixture.score


def gone_at(fixture: Fixture, now: int) -> bool:
    """Whether the match has vanished from the feed (quirk 8)."""
    return fixture.vanishes_at is not None and now >= fixture.vanishes_at


def shown_at(fixture: Fixture, now: int) -> bool:
    """Whether the feed has the match."""
    return fixture.appears_at <= now and not gone_at(fixture, now)


def key_of(plan: Plan, kind: Kind) -> str:
    return f"{KEYS[kind]}-{plan.season.key_suffix}"


def documents(plan: Plan, moment: datetime) -> dict[str, bytes]:
    """Path -> body of the six documents."""
    now = int(moment.timestamp())
    suffix = f"{plan.season.start_year % 100:02d}/{(plan.season.start_year + 1) % 100:02d}"
    linked = [{"name": f"{TITLES[kind]} {suffix}", "key": key_of(plan, kind)} for kind in KEYS]
    new_fields = moment.date() >= date(plan.season.start_year + 1, *NEW_FIELDS_FROM)
    made: dict[str, bytes] = {}
    for kind in KEYS:
        events = [_event(fixture, now, new_fields) for fixture in plan.fixtures[kind] if shown_at(fixture, now)]
        head = {"synced_at": stamp(now), "linked_competition_seasons": linked}
        made[f"data/schedule/{key_of(plan, kind)}.json"] = msgspec.json.encode({**head, "events": events})
        results = _results(plan.fixtures[kind], now)
        brackets = [_bracket(bracket, results.get(bracket.id, [])) for bracket in plan.brackets[kind]]
        competition = {
            "name": f"{TITLES[kind]} {suffix}",
            "key": key_of(plan, kind),
            "tiebreakers": TIEBREAKERS,
            "competition_brackets": brackets,
        }
        made[f"data/standings/{key_of(plan, kind)}.json"] = msgspec.json.encode(
            {**head, "competition_season": competition}
        )
    return made


def _event(fixture: Fixture, now: int, new_fields: bool) -> dict[str, Any]:
    slot = slot_at(fixture, now)
    score = score_at(fixture, now)
    shootout = fixture.shootout if score else None
    completed = score is not None or (slot.kick_off < now and fixture.flagged)
    if fixture.entered_early_at is not None and now < min(slot.kick_off for slot in fixture.slots) - DAY:
        score, completed = fixture.score, True  # quirk 1
        shootout = fixture.shootout
    home, away = fixture.home, fixture.away
    event: dict[str, Any] = {
        "id": 5_700_000 + fixture.number,
        "game_key": str(fixture.number),
        "start_time": stamp(slot.kick_off),
        "local_timezone": home.club.zone,
        "home_squad_id": home.id,
        "away_squad_id": away.id,
        "home_squad_name": home.label,
        "away_squad_name": away.label,
        "competition": {"id": fixture.competition[0], "name": fixture.competition[1]},
        "competition_bracket_id": fixture.bracket.id if fixture.round_number else None,
        "completed": completed,
        "home_organisation": None
        if fixture.nameless
        else {"id": home.club.id, "name": home.club.name, "logo_full_path": home.club.crest},
        "away_organisation": {"id": away.club.id, "name": away.club.name, "logo_full_path": away.club.crest},
        "home_score": score[0] if score else None,
        "away_score": score[1] if score else None,
        "home_penalty_shootout_score": shootout[0] if shootout else None,
        "away_penalty_shootout_score": shootout[1] if shootout else None,
        "event_location": NO_VENUE if slot.minute is None else {"id": fixture.venue[0], "name": fixture.venue[1]},
        "division": DIVISION,
        "round_number": fixture.round_number,
    }
    if new_fields:
        event["broadcast_url"] = None
    return event


def _results(fixtures: list[Fixture], now: int) -> dict[int, list[Result]]:
    """The counted matches of each bracket."""
    results: dict[int, list[Result]] = defaultdict(list)
    for fixture in fixtures:
        score = score_at(fixture, now)
        if score is None or gone_at(fixture, now):
            continue
        for bracket in {*fixture.home_brackets, *fixture.away_brackets}:
            results[bracket].append(
                Result(
                    fixture.home.id,
                    fixture.away.id,
                    *score,
                    fixture.shootout,
                    for_home=bracket in fixture.home_brackets,
                    for_away=bracket in fixture.away_brackets,
                )
            )
    return results


def _bracket(bracket: Bracket, results: list[Result]) -> dict[str, Any]:
    squads = {squad.id: squad for squad in bracket.listed}
    named = [(squad.id, squad.club.name) for squad in bracket.listed]
    rows = table(named, [] if bracket.computed else results)
    if bracket.computed:
        rows.sort(key=lambda row: row.name)
    return {
        "id": bracket.id,
        "name": bracket.name,
        "gender": "male",
        "age_group": {"id": AGES[bracket.age], "name": bracket.age},
        "standings": [
            {
                "position": position,
                "tiebreaker_values": {} if bracket.computed else _values(row),
                "team": {
                    "organisation_id": squads[row.squad].club.id,
                    "squad_id": row.squad,
                    "name": row.name,
                    "logo_url": squads[row.squad].club.crest,
                },
            }
            for position, row in enumerate(rows, 1)
        ],
    }


def _values(row: Row) -> dict[str, dict[str, str]]:
    """The official values: strings, ratios with two decimals."""
    goals_for, goals_against = sum(row.goals_for), sum(row.goals_against)
    values = {
        "points_penalty_shootout": str(row.points),
        "points_per_match_penalty_shootout": f"{float(row.points_per_match):.2f}",
        "matches_played": str(row.played),
        "won_penalty_shootout": str(row.won),
        "loss_penalty_shootout": str(row.lost),
        "tie_penalty_shootout": str(row.tied),
        "goal_differential_per_match": f"{float(row.per_match(goals_for - goals_against)):.2f}",
        "goals_for_per_match": f"{float(row.per_match(goals_for)):.2f}",
        "goals_against_per_match": f"{float(row.per_match(goals_against)):.2f}",
    }
    return {key: {"value": value} for key, value in values.items()}


def truth(plan: Plan, moment: datetime) -> dict[str, Any]:
    """What a reader who missed nothing knows at this moment: {now, season, keys: {key: {matches, brackets}}}.

    A match: game_key, squads, kick-off, local_date, time_set, status, published score, and the brackets in which each
    side's table counts it. A vanished match is "cancelled". A bracket: its whole table (teams that the standings do not
    list included), first to last, by the league's rules; at U13 and U14 too.
    """
    now = int(moment.timestamp())
    keys: dict[str, Any] = {}
    for kind in KEYS:
        results = _results(plan.fixtures[kind], now)
        members = {bracket.id: {squad.id: squad for squad in bracket.listed} for bracket in plan.brackets[kind]}
        listed = {squad for bracket in members.values() for squad in bracket}
        for fixture in plan.fixtures[kind]:
            for squad, own in ((fixture.home, fixture.home_brackets), (fixture.away, fixture.away_brackets)):
                if not any(squad.id in bracket for bracket in members.values()):
                    for bracket in own:
                        members[bracket][squad.id] = squad
        keys[key_of(plan, kind)] = {
            "matches": [_true_match(fixture, now) for fixture in plan.fixtures[kind] if fixture.appears_at <= now],
            "brackets": [
                {
                    "id": bracket.id,
                    "name": bracket.name,
                    "age_group": bracket.age,
                    "computed": bracket.computed,
                    "rows": [
                        _true_row(position, row)
                        for position, row in enumerate(
                            table(
                                [(squad.id, squad.club.name) for squad in members[bracket.id].values()],
                                results.get(bracket.id, []),
                                members[bracket.id].keys() - listed,
                            ),
                            1,
                        )
                    ],
                }
                for bracket in plan.brackets[kind]
            ],
        }
    return {"now": stamp(now), "season": plan.season.name, "keys": keys}


def _true_match(fixture: Fixture, now: int) -> dict[str, Any]:
    slot, score = slot_at(fixture, now), score_at(fixture, now)
    if gone_at(fixture, now):
        status, score = "cancelled", None
    elif score is not None:
        status = "completed"
    else:
        status = "tbd" if slot.kick_off <= now else "scheduled"
    shootout = fixture.shootout if score else None
    return {
        "game_key": str(fixture.number),
        "id": 5_700_000 + fixture.number,
        "home_squad_id": fixture.home.id,
        "away_squad_id": fixture.away.id,
        "home_brackets": fixture.home_brackets,
        "away_brackets": fixture.away_brackets,
        "start_time": stamp(slot.kick_off),
        "local_date": slot.day.isoformat(),
        "time_set": slot.minute is not None,
        "status": status,
        "home_score": score[0] if score else None,
        "away_score": score[1] if score else None,
        "home_shootout": shootout[0] if shootout else None,
        "away_shootout": shootout[1] if shootout else None,
    }


def _true_row(position: int, row: Row) -> dict[str, Any]:
    return {
        "position": position,
        "squad_id": row.squad,
        "name": row.name,
        "played": row.played,
        "won": row.won,
        "tied": row.tied,
        "lost": row.lost,
        "goals_for": sum(row.goals_for),
        "goals_against": sum(row.goals_against),
        "points": row.points,
    }
