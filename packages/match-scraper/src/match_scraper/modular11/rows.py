"""Turn modular11's rows into matches and brackets. Pure; what an answer's HTML says is `fragments`' work."""

import hashlib
from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import UTC, datetime, time

import msgspec
from pydantic import ValidationError

from match_contract import (
    BracketStandings,
    DocumentRef,
    League,
    Match,
    Season,
    Source,
    StandingsRow,
    Status,
    TeamRef,
    Venue,
)
from match_scraper import canary
from match_scraper.guards import UNKNOWN_COMPETITION, sound
from match_scraper.modular11.fragments import NOBODY, Row
from match_scraper.modular11.names import bracket_id, key_of
from match_scraper.modular11.slices import Page, Slice
from match_scraper.outcomes import Outcome
from match_scraper.values import FeedKey, Reading, Rejected, Skipped

GENDER = "male"
OUTSIDE_REQUEST = "outside_request"
NO_ZONE = "UTC"
"""Times are printed without a zone, so none is kept: `time_set` is false, the local date holds."""
LEAGUE_COMPETITIONS = ("league", "league (pro player pathway)")
OTHER_COMPETITIONS = {
    "playoffs": "play-off: no table counts it",
    "mls next cup": "MLS NEXT Cup: no table counts it",
    "mls next flex": "MLS NEXT Flex: no table here counts it",
}
"""What else an answer may mix in, and why such a row is left out."""


def understand(empty: Reading, pages: list[tuple[Slice, Page]], now: datetime) -> Reading:
    """The reading of a league from its slices. Each row is judged by what it says of itself."""
    key = empty.key
    matches: dict[str, Match] = {}
    skipped: list[Skipped] = []
    rejected: list[Rejected] = []
    teams: dict[tuple[str, str, str], dict[str, TeamRef]] = {}
    asked = {(piece.age, piece.division) for piece, _ in pages}
    met: set[str] = set()
    seen = sum(page.counted for _, page in pages)
    for _, page in pages:
        skipped += [Skipped(None, "copy")] * page.copies
        rejected += [Rejected(number, {"text": text}, "bad_row", problem) for number, text, problem in page.bad]
        for row in page.rows:
            if row.number in met:
                skipped.append(Skipped(row.number, "copy"))
                continue
            met.add(row.number)
            match _judged(row, key, asked, page.read_at):
                case Match() as match:
                    matches[row.number] = match
                    own = teams.setdefault((match.home_brackets[0], row.age, row.division), {})
                    own.setdefault(match.home.name, match.home)
                    own.setdefault(match.away.name, match.away)
                case Skipped() as left_out:
                    skipped.append(left_out)
                case Rejected() as refused:
                    rejected.append(refused)
    parsed = len(matches) + len(skipped) + len(rejected)
    if parsed != seen:
        told = f"{key.key}: {seen} rows were seen and {parsed} accounted for: this is a fault of the reader, report it"
        return replace(empty, outcome=Outcome.MALFORMED, detail=told)
    found = list(matches.values())
    scored = sum(1 for match in found if match.home_score is not None)
    noon = [(datetime.combine(m.local_date, time(12), UTC), m.home_score is not None) for m in found]
    reading = replace(
        empty,
        outcome=Outcome.READ if seen else Outcome.EMPTY,
        detail=f"{key.key}: {len(found):,} matches in {len(teams)} brackets, {scored:,} scored, of {seen:,} rows seen",
        observed_at=now,
        documents=(_document(key, pages, now),),
        brackets=tuple(_bracket(key, name, own) for name, own in teams.items()),
        external_ids=tuple(found_number for found_number in dict.fromkeys((*matches, *_numbers(rejected)))),
        scored=scored,
        matches=found,
        skipped=tuple(skipped),
        rejected=tuple(rejected),
        notes=_notes(skipped),
        canary=canary.look(noon, now),
    )
    return sound(reading, seen=seen)


def _numbers(rejected: list[Rejected]) -> Iterator[str]:
    return (item.external_id for item in rejected if item.external_id)


def _notes(skipped: list[Skipped]) -> tuple[str, ...]:
    reasons = [item.reason for item in skipped]
    return tuple(f"{reasons.count(reason):,} rows left out: {reason}" for reason in sorted(set(reasons)))


def _judged(
    row: Row, key: FeedKey, asked: Collection[tuple[str, str]], read_at: datetime
) -> Match | Skipped | Rejected:
    """What a row is, by what it says of itself; `asked` are the ages and divisions of the slices.

    An answer can mix ages and divisions. A row of another slice counts as that one's. A row of none is left out, or
    rejected where the whole league was asked for: then no slice is there that could bring it.
    """
    left_out = _no_match(row)
    if left_out:
        return Skipped(row.number, left_out)
    problem = _unfit(row, key.season)
    if not problem and (row.age, row.division) not in asked:
        if key != key_of(key.season, key.league):
            return Skipped(row.number, "of another age or division than was asked for")
        problem = OUTSIDE_REQUEST, f"the page's filters offer no {row.age} {row.division}"
    if not problem:
        try:
            return to_match(row, key, read_at)
        except ValidationError as error:
            first = error.errors()[0]
            problem = "bad_field", f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    return Rejected(row.number, msgspec.to_builtins(row), *problem)


def _no_match(row: Row) -> str | None:
    """Why a row is no match that a table counts."""
    if row.home.casefold() in NOBODY or row.away.casefold() in NOBODY:
        return "bye" if "bye" in (row.home.casefold(), row.away.casefold()) else "opponent not known yet"
    return OTHER_COMPETITIONS.get(row.competition.casefold())


def _unfit(row: Row, season: Season) -> tuple[str, str] | None:
    """Why a row is no match of this league: a word of a closed set and a sentence. It is never relabelled."""
    if row.competition.casefold() not in LEAGUE_COMPETITIONS:
        return UNKNOWN_COMPETITION, f"competition {row.competition!r} is none that we know, so no table counts it"
    if row.gender.casefold() != GENDER:
        return OUTSIDE_REQUEST, f"it says {row.gender!r} where {GENDER!r} was asked for"
    if not season.first_day <= row.day <= season.last_day:
        return OUTSIDE_REQUEST, f"its date {row.day} lies outside {season}"
    return None


def to_match(row: Row, key: FeedKey, now: datetime) -> Match:
    """A row as a match: status from date and score, which is all that is printed; raises pydantic.ValidationError.

    A club's Homegrown and Academy teams of an age are printed alike; the label tells them apart, as the viewer's does.
    """
    played = row.day <= now.date()
    score = row.score if played else None
    shootout = row.shootout if score else None
    over = row.day < now.date()
    brackets = (bracket_id(key.season, key.league, row.age, row.division),)
    label = f"{row.age} AD" if key.league is League.ACADEMY else row.age
    return Match(
        source=Source.MODULAR11,
        season=key.season.name,
        league=key.league,
        external_id=row.number,
        age_group=row.age,
        division=row.division,
        competition=row.competition,
        home=TeamRef(name=row.home, age_label=label, club_id=row.home_club, club_name=row.home),
        away=TeamRef(name=row.away, age_label=label, club_id=row.away_club, club_name=row.away),
        home_brackets=brackets,
        away_brackets=brackets,
        kick_off=None,
        timezone=NO_ZONE,
        local_date=row.day,
        time_set=False,
        venue=Venue(name=row.venue) if row.venue else None,
        status=Status.COMPLETED if score else Status.TBD if over else Status.SCHEDULED,
        home_score=score[0] if score else None,
        away_score=score[1] if score else None,
        home_shootout=shootout[0] if shootout else None,
        away_shootout=shootout[1] if shootout else None,
        observed_at=now,
    )


def _bracket(key: FeedKey, name: tuple[str, str, str], teams: dict[str, TeamRef]) -> BracketStandings:
    external_id, age, division = name
    rows = tuple(StandingsRow(team=team) for _, team in sorted(teams.items()))
    return BracketStandings(
        external_id=external_id,
        season=key.season.name,
        league=key.league,
        division=division,
        age_group=age,
        computed=True,
        teams=rows,
    )


def _document(key: FeedKey, pages: list[tuple[Slice, Page]], now: datetime) -> DocumentRef:
    """All slices as one document: the platform has none, and its answers carry no validators."""
    body = msgspec.json.encode([page.rows for _, page in pages])
    return DocumentRef(
        path=f"/public_schedule/league/get_matches#{key.key}",
        sha256=hashlib.sha256(body).hexdigest(),
        synced_at=now,
        size_bytes=len(body),
    )
