"""Who meets whom, when, how it ends, and what happens on the way."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from random import Random

from devstack.replica.season import clock
from devstack.replica.season.values import (
    COMPETITIONS,
    DAY,
    EVENTS,
    FIRST_NUMBER,
    HOUR,
    MINUTES,
    PLACEHOLDER,
    PRO,
    PRO_PATHWAY,
    Bracket,
    Fixture,
    Kind,
    Size,
    Slot,
    Squad,
)
from match_contract.season import Season

AGAIN = 19_000
"""What a match that was issued again adds to its competition's first number."""


def match_counts(brackets: list[Bracket], total: int | None) -> list[int]:
    """How many fixtures each bracket has: at most home and away against each, together `total` (None: all)."""
    most = [len(members) * (len(members) - 1) for members in map(members_of, brackets)]
    if total is None:
        return most
    exact = [total * count / sum(most) for count in most]
    counts = [int(share) for share in exact]
    for index in sorted(range(len(most)), key=lambda n: counts[n] - exact[n])[: total - sum(counts)]:
        counts[index] += 1
    return counts


def members_of(bracket: Bracket) -> list[Squad]:
    return bracket.playing or bracket.listed


def _rounds(members: list[Squad], random: Random) -> list[tuple[int, Squad, Squad]]:
    """Home and away against each, as (round, home, away), by the circle method."""
    circle: list[Squad | None] = list(members)
    random.shuffle(circle)
    if len(circle) % 2:
        circle.append(None)
    half = len(circle) // 2
    single: list[tuple[int, Squad, Squad]] = []
    for number in range(len(circle) - 1):
        for index in range(half):
            one, other = circle[index], circle[-1 - index]
            if one and other:
                home, away = (one, other) if (number + index) % 2 else (other, one)
                single.append((number, home, away))
        circle = [circle[0], circle[-1], *circle[1:-1]]
    back = [(number + len(circle) - 1, away, home) for number, home, away in single]
    return single + back


def fixtures_of(kind: Kind, brackets: list[Bracket], season: Season, size: Size, random: Random) -> list[Fixture]:
    days = clock.weekends(season)
    if kind == "flex":
        days = days[3:30]
    made: list[Fixture] = []
    number = FIRST_NUMBER[kind]
    for bracket, count in zip(brackets, match_counts(brackets, EVENTS[kind] if size == "full" else None), strict=True):
        pairs = _rounds(members_of(bracket), random)[:count]
        if len(pairs) > len(pairs) // 2 + 2 and count > 20:
            last_round, home, away = pairs[-1]  # the return match at the same home again: quirk 8
            pairs[-1] = (last_round, away, home)
        rounds = pairs[-1][0] + 1
        competition = PRO_PATHWAY if bracket.name in PRO else COMPETITIONS[kind]
        for turn, home, away in pairs:
            day = days[turn * len(days) // rounds]
            number += 1
            made.append(
                _fixture(
                    number=number,
                    bracket=bracket,
                    home=home,
                    away=away,
                    competition=competition,
                    saturday=day,
                    turn=turn,
                    season=season,
                    random=random,
                )
            )
    made.sort(key=lambda fixture: (fixture.slots[-1].kick_off, fixture.number))
    return made


def _fixture(
    *,
    number: int,
    bracket: Bracket,
    home: Squad,
    away: Squad,
    competition: tuple[int, str],
    saturday: date,
    turn: int,
    season: Season,
    random: Random,
) -> Fixture:
    kind = bracket.kind
    known = int(clock.published_at(season).timestamp())
    chance = random.random
    zone = home.club.zone
    day = saturday + timedelta(1 if chance() < 0.42 else 0)
    minute = random.choice(MINUTES)
    kick_off = clock.epoch(day, minute, zone)
    open_slot = Slot(known, day, None, clock.epoch(day, PLACEHOLDER, zone))
    timed = Slot(known, day, minute, kick_off)
    if chance() < 0.5 or kick_off < known + 21 * DAY:
        slots = [timed]
    else:
        timed.since = kick_off - int((14 + 31 * chance()) * DAY)
        slots = [open_slot, timed] if chance() > 0.02 else [open_slot]
    if chance() < 0.03:
        _move(slots, zone, random)
    kick_off = slots[-1].kick_off
    edge = home.strength - away.strength + 0.15
    score = (_goals(1.5 + edge, random), _goals(1.5 - edge, random))
    shootout = None
    if kind == "flex" and score[0] == score[1] and chance() < 0.95:
        shootout = random.choice(((4, 3), (5, 4), (3, 2), (4, 2), (3, 4), (2, 4), (5, 6), (3, 1), (1, 3), (8, 7)))
    slow = chance()  # quirk 2: one in seven comes a day late, one in five hundred never
    wait = 2 * HOUR + int(6 * HOUR * chance()) + (DAY if slow < 1 / 7 else 0)
    published_at = kick_off + wait if slow < 0.998 else None
    corrected = chance() < 0.02 and published_at is not None and shootout is None and score[0] > 0 and kind != "flex"
    return Fixture(
        number=number,
        kind=kind,
        bracket=bracket,
        home=home,
        away=away,
        competition=competition,
        venue=random.choice(home.club.venues),
        slots=slots,
        score=score,
        shootout=shootout,
        published_at=published_at,
        first_score=(score[0] - 1, score[1]) if corrected else score,
        corrected_at=(published_at or 0) + int((1 + 8 * chance()) * DAY) if corrected else 0,
        flagged=chance() < 0.5,
        nameless=chance() < 0.001,
        round_number=turn + 1 if chance() < 0.01 else None,
    )


def _goals(mean: float, random: Random) -> int:
    """Poisson, by multiplying, capped at nine."""
    limit, product, goals = 2.718281828 ** -max(0.2, mean), random.random(), 0
    while product > limit and goals < 9:
        product *= random.random()
        goals += 1
    return goals


def _move(slots: list[Slot], zone: str, random: Random) -> None:
    """Another day, announced before the old one or, now and then, only after it has passed (quirk 7)."""
    old = slots[-1]
    day = old.day + timedelta(random.choice((7, 14, 21, 28, 35)))
    said = old.kick_off - int((8 + 10 * random.random()) * DAY) if random.random() < 0.85 else old.kick_off + DAY
    minute = random.choice(MINUTES)
    slots.append(Slot(max(said, old.since + 1), day, minute, clock.epoch(day, minute, zone)))


def mishaps(kind: Kind, fixtures: list[Fixture], season: Season, size: Size, random: Random) -> None:
    """What happens to whole weekends and to single matches: quirks 1, 7 and 8."""
    if kind == "flex":
        return
    few = 1 if size == "small" else 4
    for saturday, region in ((clock.weekends(season)[5], "Florida"), (clock.weekends(season)[21], "Northeast")):
        _postpone_weekend(fixtures, saturday, region, season)
    untouched = [fixture for fixture in fixtures if len(fixture.slots) < 3 and fixture.published_at is not None]
    published = int(clock.published_at(season).timestamp())
    for number, fixture in enumerate(random.sample(untouched, few * 2)):
        kick_off = min(slot.kick_off for slot in fixture.slots)
        vanishes_at = max(published + (number + 1) * 5 * DAY, kick_off - (10 + number) * DAY)
        if vanishes_at < kick_off:
            fixture.vanishes_at = vanishes_at
            fixtures.append(_issued_again(fixture, vanishes_at, number))
    later = [fixture for fixture in untouched if fixture.slots[0].kick_off > published + 75 * DAY]
    for fixture in random.sample(later, few * 3):
        if fixture.vanishes_at is None:
            fixture.entered_early_at = published


def _issued_again(fixture: Fixture, since: int, number: int) -> Fixture:
    """The same match under another number, in place of the one that vanished."""
    slots = [replace(slot, since=max(slot.since, since)) for slot in fixture.slots]
    again = FIRST_NUMBER[fixture.kind] + AGAIN + number
    return replace(fixture, number=again, slots=slots, vanishes_at=None, appears_at=since)


def _postpone_weekend(fixtures: list[Fixture], saturday: date, region: str, season: Season) -> None:
    """All of a region's matches of one weekend, on its Friday, to the one far day, without a time for a while."""
    days = (saturday, saturday + timedelta(1))
    far = clock.far_day(season)
    for fixture in fixtures:
        if fixture.bracket.name == region and fixture.slots[-1].day in days:
            zone = fixture.home.club.zone
            said = clock.epoch(saturday, 0, zone) - 12 * HOUR
            if any(slot.since >= said for slot in fixture.slots):
                continue
            delay = (fixture.published_at or 0) - fixture.slots[-1].kick_off
            minute = MINUTES[fixture.number % len(MINUTES)]
            final = clock.epoch(far, minute, zone)
            fixture.slots.append(Slot(said, far, None, clock.epoch(far, PLACEHOLDER, zone)))
            fixture.slots.append(Slot(final - 20 * DAY, far, minute, final))
            if fixture.published_at is not None:
                correction = fixture.corrected_at - fixture.published_at if fixture.corrected_at else 0
                fixture.published_at = final + delay
                fixture.corrected_at = fixture.published_at + correction if correction else 0


def count_in(brackets: list[Bracket], fixtures: list[Fixture]) -> None:
    """In which brackets each side's table counts a match.

    The ones that both sides share; where they share none (an age up, quirk 6), each side's own. A squad that the
    standings do not list belongs to its opponents' (quirk 4).
    """
    own: dict[int, list[int]] = {}
    for bracket in brackets:
        for squad in bracket.listed:
            own.setdefault(squad.id, []).append(bracket.id)
    for fixture in fixtures:
        fixture.nameless = fixture.nameless and fixture.home.id in own  # else nobody could say who plays
        home = own.get(fixture.home.id, own.get(fixture.away.id, []))
        away = own.get(fixture.away.id, own.get(fixture.home.id, []))
        shared = [bracket for bracket in home if bracket in away]
        fixture.home_brackets = tuple(shared or home)
        fixture.away_brackets = tuple(shared or away)
