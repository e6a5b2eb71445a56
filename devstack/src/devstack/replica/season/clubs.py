"""Invented clubs: names, zones, venues, crests. No real club plays here (one name the project's aliases need does)."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

LEAGUE_REGIONS: dict[str, tuple[str, ...]] = {
    "Northeast": ("America/New_York",),
    "Mid-Atlantic": ("America/New_York",),
    "Southeast": ("America/New_York", "America/New_York", "America/Chicago"),
    "Florida": ("America/New_York",),
    "Mid-America": ("America/Chicago", "America/Detroit", "America/Indiana/Indianapolis"),
    "Frontier": ("America/Chicago", "America/Denver"),
    "Northwest": ("America/Los_Angeles", "America/Boise"),
    "Southwest": ("America/Los_Angeles", "America/Phoenix"),
}
"""The eight conferences of the Homegrown Division and the zones of their clubs, taken in turn."""
ACADEMY_REGIONS: dict[str, str] = {
    "New England": "Northeast",
    "Hudson Valley": "Northeast",
    "Metropolitan": "Northeast",
    "Keystone": "Mid-Atlantic",
    "Chesapeake": "Mid-Atlantic",
    "Carolinas": "Southeast",
    "Piedmont": "Southeast",
    "Gulf Coast": "Southeast",
    "North Florida": "Florida",
    "South Florida": "Florida",
    "Great Lakes": "Mid-America",
    "Ohio Valley": "Mid-America",
    "Heartland": "Mid-America",
    "Upper Midwest": "Mid-America",
    "Lone Star North": "Frontier",
    "Lone Star South": "Frontier",
    "Mountain": "Frontier",
    "Desert": "Southwest",
    "Southern California": "Southwest",
    "Northern California": "Northwest",
}
"""The twenty conferences of the Academy Division, each in the region of the Homegrown Division around it."""
FLEX_GROUPS = (
    "Bay State", "Atlantic", "Capital", "Coastal", "Peach State", "Sunshine", "Gulf", "Lakes", "Midwest", "Lone Star",
    "Rocky Mountain", "Cascade", "Pacific",
)  # fmt: skip
SPECIAL = {
    "Northeast": [
        "Intercontinental Football Academy of New England",
        "St. Brendan's Rovers",
        "Quarry SC (North)",
        "Académie Rochambeau",
    ],
    "Florida": ["Cape O'Hara FC", "Peñasco Keys SC"],
    "New England": ["Saint-Père United Soccer Club of the Upper Connecticut River Valley"],
}
"""Names that have broken readers: an apostrophe, accents, parentheses, length."""
FIRST = (
    "Alder", "Amber", "Birch", "Bluff", "Bridge", "Cedar", "Clear", "Copper", "Crest", "Eagle", "Elm", "Fair", "Falcon",
    "Fox", "Glen", "Granite", "Harbor", "Hazel", "Heron", "Iron", "Juniper", "Lake", "Larch", "Marsh", "Mill", "Oak",
    "Otter", "Pine", "River", "Sable", "Silver", "Stone", "Timber", "Willow",
)  # fmt: skip
SECOND = (
    "brook", "bury", "dale", "field", "ford", "gate", "haven", "hurst", "mont", "port", "ridge", "shore", "stead",
    "ton", "vale", "view", "ville", "wick", "wood",
)  # fmt: skip
FORMS = (
    "{} FC", "{} SC", "{} United", "FC {}", "{} Rovers", "Academy of {}", "{} Athletic", "{} Soccer Club", "AC {}",
    "{} Wanderers", "{} City", "Inter {}", "{} Surf", "Sporting {}", "{} Rush",
)  # fmt: skip
COMPLEXES = ("Sports Complex", "Regional Park", "Community Fields", "Recreation Center", "High School")


@dataclass(frozen=True, slots=True, eq=False)
class Club:
    """An organisation. `venues` are (id, name); `crest` may be None."""

    id: int
    name: str
    zone: str
    crest: str | None
    venues: tuple[tuple[int, str], ...]


def clubs(seed: int, *, league: int, academy: int) -> dict[str, list[Club]]:
    """The clubs of each region of the Homegrown Division (`league` of each) and of each Academy conference.

    An Academy conference begins with three clubs of its Homegrown region: they have squads in both divisions.
    """
    random = Random(f"clubs-{seed}")  # noqa: S311
    places = [first + second for first in FIRST for second in SECOND]
    random.shuffle(places)
    next_place = iter(places)
    count = 0

    def found(name: str | None, zone: str) -> Club:
        nonlocal count
        count += 1
        place = next(next_place)
        venues = tuple(
            (40_000 + count * 4 + number, f"{place} {random.choice(COMPLEXES)} - Field {random.randint(1, 9)}")
            for number in range(random.randint(1, 3))
        )
        number = 3_000 + count
        crest = f"https://mls-assist.theintelligenceplatform.com/crests/{number}.svg" if random.random() < 0.8 else None
        return Club(number, name or random.choice(FORMS).format(place), zone, crest, venues)

    found_clubs: dict[str, list[Club]] = {}
    for region, zones in LEAGUE_REGIONS.items():
        names = SPECIAL.get(region, [])[:league]
        made = [found(names[n] if n < len(names) else None, zones[n % len(zones)]) for n in range(league)]
        found_clubs[region] = made
    for conference, region in ACADEMY_REGIONS.items():
        shared = found_clubs[region][:3]
        names = SPECIAL.get(conference, [])
        zones = LEAGUE_REGIONS[region]
        extra = [found(names[n] if n < len(names) else None, zones[n % len(zones)]) for n in range(academy - 3)]
        found_clubs[f"AD {conference}"] = shared + extra
    return found_clubs
