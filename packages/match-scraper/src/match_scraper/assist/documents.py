"""The viewer's two documents as typed structs: bytes in, values out. What they mean together is `join` and `assist`.

Unknown fields are ignored (source-site.md, quirk 11). A document that is sound is decoded in one go; one that is not is
taken apart, so that a bad event costs that event alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from match_scraper.values import Linked

Id = int | str
Moment = Annotated[datetime, Meta(tz=True)]
Goals = Annotated[int, Meta(ge=0, le=99)]


class Organisation(Struct, gc=False):
    id: Id | None = None
    name: str | None = None
    logo_full_path: str | None = None


class Named(Struct, gc=False):
    id: Id | None = None
    name: str | None = None


class Event(Struct, gc=False):
    """A match as the schedule has it. `start_time` is UTC; squads are ids, their names only age labels."""

    game_key: Id
    start_time: Moment
    local_timezone: str
    home_squad_id: Id
    away_squad_id: Id
    id: Id | None = None
    home_squad_name: str | None = None
    away_squad_name: str | None = None
    home_organisation: Organisation | None = None
    away_organisation: Organisation | None = None
    competition: Named | None = None
    completed: bool | None = None
    home_score: Goals | None = None
    away_score: Goals | None = None
    home_penalty_shootout_score: Goals | None = None
    away_penalty_shootout_score: Goals | None = None
    event_location: Named | None = None
    round_number: int | None = None


class Schedule(Struct):
    synced_at: Moment
    events: list[Event]
    linked_competition_seasons: list[Linked] | None = None


class Value(Struct, gc=False):
    value: str | int | float | None = None


class Team(Struct, gc=False):
    squad_id: Id
    organisation_id: Id | None = None
    name: str | None = None
    logo_url: str | None = None


class Row(Struct):
    team: Team
    position: Annotated[int, Meta(ge=1)] | None = None
    tiebreaker_values: dict[str, Value | None] | None = None


class AgeGroup(Struct, gc=False):
    name: Annotated[str, Meta(pattern=r"^U\d{1,2}$")]
    id: Id | None = None


class BracketTable(Struct):
    id: Id
    name: Annotated[str, Meta(min_length=1)]
    age_group: AgeGroup
    standings: list[Row]
    gender: str | None = None


class CompetitionSeason(Struct):
    competition_brackets: list[BracketTable]
    key: str | None = None
    name: str | None = None


class Standings(Struct):
    synced_at: Moment
    competition_season: CompetitionSeason
    linked_competition_seasons: list[Linked] | None = None


class _LooseSchedule(Struct):
    synced_at: Moment
    events: list[msgspec.Raw]
    linked_competition_seasons: Any = None


class _LooseBracket(Struct):
    id: Id
    name: Annotated[str, Meta(min_length=1)]
    age_group: AgeGroup
    standings: list[msgspec.Raw]
    gender: str | None = None


class _LooseSeason(Struct):
    competition_brackets: list[msgspec.Raw]
    key: str | None = None
    name: str | None = None


class _LooseStandings(Struct):
    synced_at: Moment
    competition_season: _LooseSeason
    linked_competition_seasons: Any = None


class Malformed(ValueError):
    """A document that cannot be read at all. `str()` gives the path of the first bad field and what stands there."""


@dataclass(frozen=True, slots=True)
class BadEvent:
    """An event that is not as agreed: its place in the document, what it was, what is wrong, where."""

    index: int
    payload: Mapping[str, Any]
    problem: str


@dataclass(frozen=True, slots=True)
class Documents:
    """Both documents, typed. `bad_rows` are problems of the standings, each with its path."""

    schedule: Schedule
    standings: Standings
    bad_events: tuple[BadEvent, ...] = ()
    bad_rows: tuple[str, ...] = ()
    rows: int = 0


_SCHEDULE = msgspec.json.Decoder(Schedule)
_STANDINGS = msgspec.json.Decoder(Standings)
_LOOSE_SCHEDULE = msgspec.json.Decoder(_LooseSchedule)
_LOOSE_STANDINGS = msgspec.json.Decoder(_LooseStandings)
_LOOSE_BRACKET = msgspec.json.Decoder(_LooseBracket)
_EVENT = msgspec.json.Decoder(Event)
_ROW = msgspec.json.Decoder(Row)


def parse(schedule: bytes, standings: bytes) -> Documents:
    """Reads both bodies; raises Malformed where a document as a whole is not what it should be."""
    events, bad_events = parse_schedule(schedule)
    tables, bad_rows = parse_standings(standings)
    rows = sum(len(bracket.standings) for bracket in tables.competition_season.competition_brackets)
    return Documents(events, tables, bad_events, bad_rows, rows + len(bad_rows))


def parse_schedule(body: bytes) -> tuple[Schedule, tuple[BadEvent, ...]]:
    """The sound events, and the others as they came."""
    try:
        return _SCHEDULE.decode(body), ()
    except msgspec.ValidationError:
        pass  # taken apart below, which says what is wrong and where
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(f"the schedule is no JSON: {error}") from error
    try:
        loose = _LOOSE_SCHEDULE.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(f"the schedule: {error}") from error
    events: list[Event] = []
    bad: list[BadEvent] = []
    for index, raw in enumerate(loose.events):
        try:
            events.append(_EVENT.decode(raw))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            bad.append(BadEvent(index, _payload(raw), _placed(str(error), f"events[{index}]")))
    return Schedule(loose.synced_at, events, _linked(loose.linked_competition_seasons)), tuple(bad)


def parse_standings(body: bytes) -> tuple[Standings, tuple[str, ...]]:
    """The sound brackets and rows, and what is wrong with the others."""
    try:
        return _STANDINGS.decode(body), ()
    except msgspec.ValidationError:
        pass  # taken apart below
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(f"the standings are no JSON: {error}") from error
    try:
        loose = _LOOSE_STANDINGS.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(f"the standings: {error}") from error
    brackets: list[BracketTable] = []
    bad: list[str] = []
    for number, raw in enumerate(loose.competition_season.competition_brackets):
        where = f"competition_brackets[{number}]"
        try:
            bracket = _LOOSE_BRACKET.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            bad.append(_placed(str(error), where))
            continue
        rows: list[Row] = []
        for index, raw_row in enumerate(bracket.standings):
            try:
                rows.append(_ROW.decode(raw_row))
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                bad.append(_placed(str(error), f"{where}.standings[{index}]"))
        brackets.append(BracketTable(bracket.id, bracket.name, bracket.age_group, rows, bracket.gender))
    season = CompetitionSeason(brackets, loose.competition_season.key, loose.competition_season.name)
    return Standings(loose.synced_at, season, _linked(loose.linked_competition_seasons)), tuple(bad)


def event_payloads(body: bytes) -> list[Mapping[str, Any]]:
    """All events of a schedule as they came, for the few that are rejected after they were decoded."""
    return [_payload(raw) for raw in _LOOSE_SCHEDULE.decode(body).events]


def _placed(problem: str, where: str) -> str:
    """msgspec's message with the event's own place in front of the field's: "events[3].home_score: Expected ..."."""
    said, _, path = problem.partition(" - at `")
    field = path.rstrip("`").removeprefix("$")
    return f"{where}{field}: {said}"


def _payload(raw: msgspec.Raw) -> Mapping[str, Any]:
    content = msgspec.json.decode(raw)
    return content if isinstance(content, dict) else {"value": content}


def _linked(content: Any) -> list[Linked]:
    """The siblings that a loosely read document names, those without a key left out."""
    items = content if isinstance(content, list) else []
    named = [item for item in items if isinstance(item, dict) and isinstance(item.get("key"), str)]
    return [Linked(item["key"], item["name"] if isinstance(item.get("name"), str) else "") for item in named]
