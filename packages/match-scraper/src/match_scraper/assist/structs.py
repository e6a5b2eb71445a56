"""The viewer's two documents as typed structs, as strictly as they are agreed. Unknown fields are ignored."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from match_scraper.assist.mending import INTEGERS
from match_scraper.values import Linked

Number = Annotated[int, Meta(ge=1, le=10**18)]
Word = Annotated[str, Meta(pattern=r"^([1-9]\d{0,17}|(?![+-]?[\d.]+$)[\x21-\x7e]{1,80})$")]
Id = Number | Word
Moment = Annotated[datetime, Meta(tz=True)]
Goals = Annotated[int, Meta(ge=0, le=99)]
Round = Annotated[int, Meta(ge=0, le=INTEGERS)]
Position = Annotated[int, Meta(ge=1, le=INTEGERS)]
AGE_GROUP = r"^U\d{1,2}$"


class Organisation(Struct, gc=False):
    id: Id | None = None
    name: str | None = None
    logo_full_path: str | None = None


class Named(Struct, gc=False):
    id: Id | None = None
    name: str | None = None


class Event(Struct, gc=False):
    """A match as the schedule has it. `start_time` is UTC; squads are ids, their names only age labels.

    `day_only` is no field of the document. It says that only the day of `start_time` was given.
    """

    game_key: Id
    start_time: Moment
    home_squad_id: Id
    away_squad_id: Id
    local_timezone: str | None = None
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
    round_number: Round | None = None
    day_only: bool = msgspec.field(default=False, name="*day_only")


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
    position: Position | None = None
    tiebreaker_values: dict[str, Value | None] | None = None


class AgeGroup(Struct, gc=False):
    name: Annotated[str, Meta(pattern=AGE_GROUP)]
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
