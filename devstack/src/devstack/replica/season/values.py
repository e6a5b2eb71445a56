"""What a season is made of: kinds, brackets, squads, fixtures and their history."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from devstack.replica.season.clubs import Club
from match_contract.season import Season

Size = Literal["full", "small"]


Kind = Literal["league", "flex", "academy"]
KEYS: dict[Kind, str] = {
    "league": "mls-next-league",
    "flex": "mls-next-flex",
    "academy": "mls-next-2-academy-division",
}
TITLES: dict[Kind, str] = {"league": "League", "flex": "MLS NEXT Flex", "academy": "Academy Division"}
COMPETITIONS: dict[Kind, tuple[int, str]] = {
    "league": (1605, "League"),
    "flex": (1607, "MLS NEXT Flex"),
    "academy": (2203, "Academy Division"),
}
PRO_PATHWAY = (1606, "League (Pro Player Pathway)")
AGES = {"U13": 36, "U14": 37, "U15": 38, "U16": 39, "U17": 40, "U19": 42}
"""Age groups and their ids in the viewer. There is no U18."""
EVENTS: dict[Kind, int] = {"league": 7_763, "flex": 3_155, "academy": 13_705}
FIRST_NUMBER: dict[Kind, int] = {"league": 20_000, "flex": 40_000, "academy": 50_000}
PRO = {
    "Northeast (Pro Player Pathway)": ("Northeast", "Mid-Atlantic"),
    "Southeast (Pro Player Pathway)": ("Southeast", "Florida"),
    "Central (Pro Player Pathway)": ("Mid-America", "Frontier"),
    "West (Pro Player Pathway)": ("Northwest", "Southwest"),
}
DAY = 86_400
HOUR = 3_600
PLACEHOLDER = 6 * 60
"""06:00 local: no time is set (quirk 3)."""
MINUTES = [hour * 60 + part for hour in range(8, 19) for part in (0, 0, 0, 15, 30, 30, 45)]


@dataclass(frozen=True, slots=True, eq=False)
class Squad:
    """A team of a club at an age. `label` is what the feed calls its name: "U14", "U13 AD", "U17B"."""

    id: int
    club: Club
    label: str
    strength: float


@dataclass(slots=True, eq=False)
class Bracket:
    """A conference at an age. `listed`: squads of the standings document; `playing`: those that have fixtures."""

    id: int
    kind: Kind
    name: str
    age: str
    listed: list[Squad] = field(default_factory=list)
    playing: list[Squad] = field(default_factory=list)

    @property
    def computed(self) -> bool:
        """U13 and U14 have no official values (quirk 10)."""
        return self.age in ("U13", "U14")


@dataclass(slots=True, eq=False)
class Slot:
    """What the schedule says from a moment on. `minute` is None where no time is set and the venue is "TBD"."""

    since: int
    day: date
    minute: int | None
    kick_off: int


@dataclass(slots=True, eq=False)
class Fixture:
    """A match, with everything that will ever be known of it. Moments are seconds since 1970, UTC."""

    number: int
    kind: Kind
    bracket: Bracket
    home: Squad
    away: Squad
    competition: tuple[int, str]
    venue: tuple[int, str]
    slots: list[Slot]
    score: tuple[int, int]
    shootout: tuple[int, int] | None
    published_at: int | None
    first_score: tuple[int, int]
    corrected_at: int
    vanishes_at: int | None = None
    appears_at: int = 0
    entered_early_at: int | None = None
    flagged: bool = True
    nameless: bool = False
    round_number: int | None = None
    home_brackets: tuple[int, ...] = ()
    away_brackets: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    season: Season
    brackets: dict[Kind, list[Bracket]]
    fixtures: dict[Kind, list[Fixture]]
