"""modular11, the platform of the seasons up to 2025-26: a whole season by the page's own request, slice by slice.

A slice is a league, an age and a division. Each one that was read whole is kept in a folder for a day, so that a
back-fill that was interrupted goes on where it stopped. What an answer's HTML says is `fragments`' work.
"""

import hashlib
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from time import perf_counter

import httpx
import msgspec
import structlog
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
from match_scraper.assist import UNKNOWN_COMPETITION
from match_scraper.feed import guarded, sound
from match_scraper.fragments import (
    NOBODY,
    BadRow,
    MatchPage,
    NotAFragment,
    Quality,
    Row,
    options,
    read_matches,
    read_quality,
)
from match_scraper.http import Query, Reader
from match_scraper.outcomes import Outcome, SourceError
from match_scraper.settings import ReaderSettings
from match_scraper.values import Discovery, FeedKey, LandedFeed, Reading, Rejected, Skipped, Validators

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

LAST_SEASON = Season(2025)
TOURNAMENTS = {League.HOMEGROWN: ("12", "53", "homegrown-division"), League.ACADEMY: ("35", "71", "academy-division")}
"""The league's tournament, its list of Quality of Play tables, the page with its filters."""
AGES = {"U13": "21", "U14": "22", "U15": "33", "U16": "14", "U17": "15", "U19": "26"}
LEAGUE_MATCHES = "2"
GENDER = "male"
OUTSIDE_REQUEST = "outside_request"
PER_PAGE = 25
MOST_PAGES = 400
KEPT_FOR = timedelta(days=1)
"""An older slice is read again: what it says may have been corrected since."""
KEY_LENGTH = 80
ASYNCHRONOUS = {"X-Requested-With": "XMLHttpRequest"}
NO_ZONE = "UTC"
"""Times are printed without a zone, so none is kept: `time_set` is false, the local date holds."""
LEAGUE_COMPETITIONS = ("league", "league (pro player pathway)")
OTHER_COMPETITIONS = {
    "playoffs": "play-off: no table counts it",
    "mls next cup": "MLS NEXT Cup: no table counts it",
    "mls next flex": "MLS NEXT Flex: no table here counts it",
}
"""What else an answer may mix in (source-site.md, section 3), and why such a row is left out."""

Progress = Callable[[int, int, str], None]
"""Called with slices done, slices in all, and what is read next."""


@dataclass(frozen=True, slots=True)
class Slice:
    """One request's filter: `group` and `age_id` are the page's own ids of division and age."""

    league: League
    age: str
    division: str
    age_id: str
    group: str

    @property
    def name(self) -> str:
        """As a person says it."""
        return f"{self.age} {self.league} {self.division}"


class Page(msgspec.Struct, frozen=True):
    """What a slice gave, as it is kept between runs. `bad`: number, text, problem. `read_at` is its observation.

    `counted`: how many rows stood on its pages, by `MatchPage.counted`.
    """

    rows: list[Row]
    bad: list[tuple[str | None, str, str]]
    copies: int
    pages: int
    counted: int
    read_at: datetime


def bracket_id(season: Season, league: League, age: str, division: str) -> str:
    """The external id of a bracket, which this platform does not number."""
    words = re.sub(r"[^a-z0-9]+", "-", f"{league} {age} {division}".casefold()).strip("-")
    return f"m11-{season}-{words}"


def find_keys(settings: ReaderSettings, season: Season) -> Discovery:
    """The leagues of a past season, in the shape of a look at the page; the platform's address is in the settings."""
    return Discovery(
        platform="modular11",
        viewer_url=settings.modular11_url.rstrip("/"),
        keys=tuple(key_of(season, league) for league in TOURNAMENTS),
        browser_used=False,
    )


def key_of(
    season: Season, league: League, ages: Collection[str] | None = None, divisions: Collection[str] | None = None
) -> FeedKey:
    """The key under which a league of a past season lands; this platform has none of its own.

    A part of a league (some ages, some divisions) has a key of its own: what it does not hold is not missing.
    """
    key = f"modular11-{league.value.casefold()}-{season.key_suffix}"
    if ages is None and divisions is None:
        return FeedKey(key, league, season)
    names = [*sorted(ages or ["every-age"]), *sorted(divisions or ["everywhere"])]
    words = re.sub(r"[^a-z0-9]+", "-", " ".join(names).casefold()).strip("-")
    if len(key) + 1 + len(words) > KEY_LENGTH:
        words = hashlib.sha256(words.encode()).hexdigest()[:16]
    return FeedKey(f"{key}-{words}", league, season)


async def read_season(
    reader: Reader,
    season: Season,
    *,
    now: datetime,
    leagues: Collection[League] = tuple(TOURNAMENTS),
    ages: Collection[str] | None = None,
    divisions: Collection[str] | None = None,
    progress: Progress = lambda done, total, name: None,
) -> list[Reading]:
    """Reads the matches of a season, one reading a league; None means all ages, all divisions. See `read_league`."""
    return [
        await read_league(
            reader, key_of(season, league, ages, divisions), now=now, ages=ages, divisions=divisions, progress=progress
        )
        for league in leagues
    ]


async def read_league(
    reader: Reader,
    key: FeedKey,
    *,
    now: datetime,
    ages: Collection[str] | None = None,
    divisions: Collection[str] | None = None,
    validators: Mapping[str, Validators] | None = None,
    landed: LandedFeed | None = None,
    accept_shrink: bool = False,
    progress: Progress = lambda done, total, name: None,
) -> Reading:
    """Reads one league of a season. Never raises for what the source does: the reading has a named outcome.

    Slices that were read stay in `state_dir`/backfill for a day, or until `forget` is called, so a second call goes on
    where the first one stopped. The platform has no validators: where the rows' hash is the one that landed, it is
    `unchanged`. `landed`, `accept_shrink`: as for `read_feed`.
    """
    site = httpx.URL(reader.settings.modular11_url).host
    empty = Reading(key=key, outcome=Outcome.UNREACHABLE, detail="", source=Source.MODULAR11, site=site)
    started, requests, size = perf_counter(), reader.requests, reader.bytes_read
    try:
        slices = await find_slices(reader, key.league, ages, divisions)
        pages: list[tuple[Slice, Page]] = []
        for done, piece in enumerate(slices):
            progress(done, len(slices), piece.name)
            pages.append((piece, await _kept_or_read(reader, key.season, piece, now)))
        progress(len(slices), len(slices), key.league.value)
        reading = understand(empty, pages, now)
    except SourceError as error:
        reading = replace(empty, outcome=error.outcome, detail=f"{key.key}: {error.detail}")
    known = reading.documents if reading.outcome is Outcome.READ else ()
    if any((validators or {}).get(ref.path, Validators()).sha256 == ref.sha256 for ref in known):
        reading = replace(empty, outcome=Outcome.UNCHANGED, detail=f"{key.key}: unchanged since it last landed")
    elif not accept_shrink:
        reading = guarded(reading, landed)
    return replace(
        reading,
        timings={"all_s": perf_counter() - started},
        requests=reader.requests - requests,
        bytes_read=reader.bytes_read - size,
    )


def forget(state_dir: Path, season: Season) -> None:
    """Forgets the slices that were kept of a season: call it once they have landed."""
    for file in _folder(state_dir, season).glob("*.json"):
        file.unlink()


async def find_slices(
    reader: Reader, league: League, ages: Collection[str] | None, divisions: Collection[str] | None
) -> list[Slice]:
    """The slices to ask for; ages and divisions by the names that the page's own filters have today."""
    url = f"{reader.settings.modular11_url.rstrip('/')}/league-schedule/{TOURNAMENTS[league][2]}"
    answer = await reader.get(url)
    html = answer.body.decode("utf-8", "replace")
    groups = options(html, "js-groups")
    age_ids = {name: number for name, number in options(html, "js-age").items() if name in AGES} or AGES
    if not groups:
        told = f"{url} has no filter of divisions (select[js-groups]): the page has changed, look at it"
        raise SourceError(Outcome.MALFORMED, told)
    chosen_divisions = _chosen(divisions, groups, f"{url} offers no division")
    return [
        Slice(league, age, division, age_ids[age], groups[division])
        for age in _chosen(ages, age_ids, f"{url} offers no age")
        for division in chosen_divisions
    ]


def _chosen(wanted: Collection[str] | None, there: Collection[str], none: str) -> list[str]:
    """Of the names that are there those that are wanted, in the page's order; capitals do not count."""
    if wanted is None:
        return list(there)
    low = {name.casefold(): name for name in wanted}
    unknown = sorted(set(low) - {name.casefold() for name in there})
    if unknown:
        raise SourceError(Outcome.NOT_PUBLISHED, f"{none} {low[unknown[0]]!r}; it offers {', '.join(there)}")
    return [name for name in there if name.casefold() in low]


def _folder(state_dir: Path, season: Season) -> Path:
    return state_dir / "backfill" / season.name


async def _kept_or_read(reader: Reader, season: Season, piece: Slice, now: datetime) -> Page:
    name = bracket_id(season, piece.league, piece.age, piece.division)
    file = _folder(reader.settings.state_dir, season) / f"{name}.json"
    kept = _kept(file)
    if kept is not None and timedelta() <= now - kept.read_at < KEPT_FOR:
        return kept
    page = await read_slice(reader, season, piece, now)
    _keep(file, page)
    return page


def _kept(file: Path) -> Page | None:
    try:
        return msgspec.json.decode(file.read_bytes(), type=Page)
    except FileNotFoundError:
        return None
    except msgspec.DecodeError as error:
        log.warning("backfill.slice_unreadable", file=str(file), error=str(error))
        return None


def _keep(file: Path, page: Page) -> None:
    """Written beside its place and moved there, so that a crash leaves a whole file or none."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_suffix(".part")
    draft.write_bytes(msgspec.json.encode(page))
    draft.replace(file)


def request(season: Season, piece: Slice, page: int) -> Query:
    """The parameters of the page's own request. Dates are required; an unknown `status` is answered by an error."""
    return [
        ("open_page", page),
        ("academy", 0),
        ("tournament", TOURNAMENTS[piece.league][0]),
        ("gender", 1),
        ("age[]", piece.age_id),
        ("brackets", ""),
        ("groups[]", piece.group),
        ("group", ""),
        ("match_number", 0),
        ("status", "all"),
        ("match_type", LEAGUE_MATCHES),
        ("schedule", 0),
        ("team", 0),
        ("teamPlayer", 0),
        ("location", 0),
        ("as_referee", 0),
        ("report_status", 0),
        ("start_date", f"{season.first_day} 00:00:00"),
        ("end_date", f"{season.last_day} 23:59:59"),
    ]


async def read_slice(reader: Reader, season: Season, piece: Slice, now: datetime) -> Page:
    """All pages of a slice, by its pager's text; raises SourceError where what came cannot be all of it."""
    url = f"{reader.settings.modular11_url.rstrip('/')}/public_schedule/league/get_matches"
    rows: dict[str, Row] = {}
    bad: list[BadRow] = []
    copies, counted, page, pages = 0, 0, 1, 1
    while page <= pages:
        answer = await reader.get(url, headers=ASYNCHRONOUS, params=request(season, piece, page))
        try:
            found = read_matches(answer.body.decode("utf-8", "replace"))
        except NotAFragment as error:
            told = f"{piece.name}, page {page}: no matches came but {str(error)!r}: nothing of it is taken"
            raise SourceError(Outcome.MALFORMED, told) from error
        if page == 1:
            pages = _pages(piece, found)
        new = {row.number: row for row in found.rows if row.number not in rows}
        copies += len(found.rows) - len(new)
        _check_page(piece, found, page=page, pages=pages, new=len(new) + len(found.bad))
        counted += found.counted
        rows |= new
        bad += found.bad
        page += 1
    whole = len(rows) + len(bad)
    if pages > 1 and whole <= PER_PAGE * (pages - 1):
        told = f"{piece.name}: {whole} different matches on {pages} pages of {PER_PAGE}: nothing of it is taken"
        raise SourceError(Outcome.MALFORMED, told)
    return Page(list(rows.values()), [(one.number, one.text, one.problem) for one in bad], copies, pages, counted, now)


def _pages(piece: Slice, first: MatchPage) -> int:
    """How many pages the first one announces. Without a pager it is the only one, as long as it is not full."""
    if first.pages == 0 and first.seen >= PER_PAGE:
        told = f"{piece.name}: {first.seen} matches and no pager that says how many pages there are: nothing is taken"
        raise SourceError(Outcome.MALFORMED, told)
    if first.pages > MOST_PAGES:
        raise SourceError(
            Outcome.MALFORMED, f"{piece.name}: the pager announces {first.pages:,} pages: nothing is taken"
        )
    return max(1, first.pages)


def _check_page(piece: Slice, found: MatchPage, *, page: int, pages: int, new: int) -> None:
    """A page is the one that was asked for, is full unless it is the last, shows all its rows and brings new ones."""
    problem = None
    if pages > 1 and (found.page, found.pages) != (page, pages):
        problem = f"page {page} of {pages} was asked for and {found.page} of {found.pages} came"
    elif found.seen != found.counted:
        problem = f"{found.seen} rows are found on page {page} of {pages} where {found.counted} stand: look at the page"
    elif page < pages and found.seen < PER_PAGE:
        problem = f"page {page} of {pages} has {found.seen} rows of {PER_PAGE}"
    elif found.seen and not new:
        problem = f"page {page} of {pages} repeats the matches of the pages before"
    elif pages > 1 and not found.seen:
        problem = f"page {page} of {pages} is empty"
    if problem:
        raise SourceError(Outcome.MALFORMED, f"{piece.name}: {problem}: nothing of it is taken, try again later")


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
    unknown = sum(1 for item in rejected if item.reason == UNKNOWN_COMPETITION)
    return sound(reading, bad=(len(rejected) - unknown) / max(1, seen), unknown=unknown / max(1, seen))


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


async def read_quality_of_play(reader: Reader, league: League, age: str) -> tuple[Quality, ...]:
    """The Quality of Play tables of a league's age as they stand now, empty where there are none. Raises SourceError.

    The answer names no season: it is of the one that is played when it is asked for.
    """
    tournament, list_type, _ = TOURNAMENTS[league]
    params: Query = [
        ("tournament_type", "league"),
        ("UID_age", AGES[age]),
        ("UID_gender", 0),
        ("UID_event", tournament),
        ("list_type", list_type),
    ]
    url = f"{reader.settings.modular11_url.rstrip('/')}/public_schedule/league/get_teams"
    answer = await reader.get(url, headers=ASYNCHRONOUS, params=params)
    try:
        return read_quality(answer.body.decode("utf-8", "replace"))
    except NotAFragment as error:
        told = f"Quality of Play of {age} {league}: {error}: nothing of it is taken"
        raise SourceError(Outcome.MALFORMED, told) from error
