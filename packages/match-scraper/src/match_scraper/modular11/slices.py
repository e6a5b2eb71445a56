"""Read a season slice by slice by the page's own request, and keep each whole slice on disk for a day.

A slice is a league, an age and a division. A back-fill that was interrupted goes on where it stopped.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import structlog

from match_contract import League, Season
from match_scraper.http import Query, Reader
from match_scraper.modular11.fragments import BadRow, MatchPage, NotAFragment, Row, options, read_matches
from match_scraper.modular11.names import AGES, ASYNCHRONOUS, TOURNAMENTS, bracket_id
from match_scraper.outcomes import Outcome, SourceError

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

LEAGUE_MATCHES = "2"
PER_PAGE = 25
MOST_PAGES = 400
KEPT_FOR = timedelta(days=1)
"""An older slice is read again: what it says may have been corrected since."""


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


async def kept_or_read(reader: Reader, season: Season, piece: Slice, now: datetime) -> Page:
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
