"""Read modular11's HTML: the page's filters, a page of matches, a Quality of Play table. Text in, rows out.

Every match stands twice, for desks and for phones; the first is read, the second
counts whether all were. What cannot be read is handed back with its text and what is wrong with it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time

import msgspec
from selectolax.lexbor import LexborHTMLParser, LexborNode

from match_scraper import text as text_of_feed
from match_scraper.values import Quality

PAGER = re.compile(r"(\d+)\s+page\s+out\s+of\s+(\d+)")
WHEN = re.compile(r"(\d{1,2}/\d{1,2}/(?:\d{4}|\d{2}))\s+(\d{1,2}:\d{2}\s*[ap]m)", re.IGNORECASE)
SCORE = re.compile(r"(\d{1,2})\s*:\s*(\d{1,2})(?:\s*\(\s*(\d{1,2})\s*:\s*(\d{1,2})\s*\))?")
CLUB = re.compile(r"/academy/(\d+)/")
AGE = re.compile(r"U\d{1,2}")
NO_MATCHES = "No data available."
NO_TEAMS = "There are no teams."
NOBODY = ("bye", "tbd", "")
CELLS = 5
"""Number and gender, date and venue, age, competition and division, teams and score."""
RATED_CELLS = 6
"""Rank, team, matches, and the three ratings."""


class Row(msgspec.Struct, frozen=True):
    """A match as it is printed. `day` and `clock` are local at the venue, whose zone is not said; None: no time set."""

    number: str
    day: date
    clock: time | None
    age: str
    competition: str
    division: str
    home: str
    away: str
    home_club: str | None
    away_club: str | None
    venue: str | None
    score: tuple[int, int] | None
    shootout: tuple[int, int] | None
    gender: str


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be read: its number where it has one, its text, what is wrong."""

    number: str | None
    text: str
    problem: str


@dataclass(frozen=True, slots=True)
class MatchPage:
    """One answer. `page` and `pages` are what its pager says of itself, 0 where it has none.

    `counted`: how many matches stand there by other marks than those by which they are read. It is not `seen` where the
    page's HTML has changed: then rows are missing.
    """

    rows: tuple[Row, ...]
    bad: tuple[BadRow, ...]
    page: int
    pages: int
    counted: int

    @property
    def seen(self) -> int:
        """Rows that the answer holds, read or not."""
        return len(self.rows) + len(self.bad)


class NotAFragment(ValueError):
    """An answer that is neither matches nor the few bytes that say there are none. `str()` says what it is."""


def clean(text: str) -> str:
    """Names carry double and trailing spaces."""
    return text_of_feed.clean(" ".join(text.replace("\xa0", " ").split()))


def options(html: str, name: str) -> dict[str, str]:
    """The choices of a filter of the page (`js-groups`, `js-age`): what it reads to the id that it sends."""
    found = LexborHTMLParser(html).css(f"select[{name}] option")
    return {clean(option.text()): option.attributes.get("value") or "" for option in found}


def read_matches(html: str) -> MatchPage:
    """Reads one answer of get_matches; raises NotAFragment."""
    tree = LexborHTMLParser(html)
    if tree.css_first(".container-table-matches") is None:
        if NO_MATCHES in html:
            return MatchPage((), (), 0, 0, 0)
        raise NotAFragment(_what(tree))
    rows: list[Row] = []
    bad: list[BadRow] = []
    for node in tree.css(".container-row > .table-content-row.hidden-xs"):
        try:
            rows.append(_row(node))
        except ValueError as error:
            text = clean(node.text(separator=" "))
            number = re.match(r"\d+", text)
            bad.append(BadRow(number[0] if number else None, text[:500], str(error)))
    pager = PAGER.search(clean(" ".join(node.text() for node in tree.css("[js-paginator]"))))
    page, pages = (int(pager[1]), int(pager[2])) if pager else (0, 0)
    if not rows and not bad:
        raise NotAFragment("a table of matches in which no row is found: the page has changed, look at it")
    counted = max(len(tree.css(".container-row > .visible-xs")), len(tree.css(".hidden-xs[js-match-group]")))
    return MatchPage(tuple(rows), tuple(bad), page, pages, counted)


def _what(tree: LexborHTMLParser) -> str:
    """What an answer is that is no fragment, in its own words."""
    text = clean(tree.body.text(separator=" ")) if tree.body else ""
    return text[:200] or "an answer without any text"


def _row(node: LexborNode) -> Row:
    cells = [child for child in node.iter() if (child.attributes.get("class") or "").startswith("col-")]
    if len(cells) != CELLS:
        raise ValueError(f"{len(cells)} cells instead of {CELLS}")
    number, gender = _two(cells[0], "number and gender")
    if not number.isdecimal():
        raise ValueError(f"the number {number!r}")
    day, clock = _when(cells[1])
    age = clean(cells[2].text())
    if not AGE.fullmatch(age):
        raise ValueError(f"the age {age!r}")
    competition, division = _two(cells[3], "competition and division")
    home, home_club = _team(cells[4], "first")
    away, away_club = _team(cells[4], "second")
    score, shootout = _score(cells[4])
    place = cells[1].css_first(".container-location p")
    venue = clean(place.attributes.get("data-title") or place.text()) if place is not None else ""
    return Row(
        number=number,
        day=day,
        clock=clock,
        age=age,
        competition=clean(node.attributes.get("js-match-bracket") or competition),
        division=clean(node.attributes.get("js-match-group") or division),
        home=home,
        away=away,
        home_club=home_club,
        away_club=away_club,
        venue=None if venue.casefold() in NOBODY else venue,
        score=score,
        shootout=shootout,
        gender=gender,
    )


def _two(cell: LexborNode, what: str) -> tuple[str, str]:
    """The two lines of a cell, on either side of its <br>."""
    lines = [line for line in (clean(part) for part in cell.text(separator="\n").split("\n")) if line]
    if len(lines) != len(("first", "second")):
        raise ValueError(f"{what}: {' / '.join(lines)!r}")
    return lines[0], lines[1]


def _when(cell: LexborNode) -> tuple[date, time | None]:
    """Date, and time unless it is 12:00am, which stands for no time set. The year has two digits or four."""
    text = clean(cell.text(deep=True, separator=" "))
    found = WHEN.search(text)
    if not found:
        raise ValueError(f"the date {text[:40]!r}")
    year = "%Y" if len(found[1].rsplit("/", 1)[1]) == len("2025") else "%y"
    moment = datetime.strptime(f"{found[1]} {found[2].replace(' ', '').upper()}", f"%m/%d/{year} %I:%M%p")
    return moment.date(), moment.time() if moment.time() != time(0) else None


def _team(cell: LexborNode, side: str) -> tuple[str, str | None]:
    box = cell.css_first(f".container-{side}-team")
    name = box.css_first("p") if box is not None else None
    if box is None or name is None:
        raise ValueError(f"no {side} team")
    crest = box.css_first("img")
    club = CLUB.search((crest.attributes.get("src") or "") if crest is not None else "")
    return clean(name.attributes.get("data-title") or name.text()), club[1] if club else None


def _score(cell: LexborNode) -> tuple[tuple[int, int] | None, tuple[int, int] | None]:
    """Score and shoot-out; "TBD" is not played or not published, "0 : 0" a result."""
    node = cell.css_first(".container-score")
    text = clean(node.text(separator=" ")) if node is not None else ""
    if node is not None and text.casefold() == "tbd":
        return None, None
    found = SCORE.fullmatch(text)
    if not found:
        raise ValueError(f"the score {text!r}")
    shootout = (int(found[3]), int(found[4])) if found[3] else None
    return (int(found[1]), int(found[2])), shootout


def read_quality(html: str) -> tuple[Quality, ...]:
    """Reads an answer of get_teams; raises NotAFragment, also for a line that cannot be read."""
    tree = LexborHTMLParser(html)
    tables = tree.css(".container-table-standing")
    if not tables and NO_TEAMS not in html:
        raise NotAFragment(_what(tree))
    return tuple(row for table in tables for row in _quality(table))


def _quality(table: LexborNode) -> Iterator[Quality]:
    heading = table.css_first("p[data-title]")
    division = clean((heading.attributes.get("data-title") or "") if heading is not None else "")
    for row in table.css(".form_row.row.main_row"):
        cells = [child for child in row.iter() if (child.attributes.get("class") or "").startswith("col-")]
        name = row.css_first("p[data-title]")
        texts = [clean(cell.text()) for cell in cells]
        if name is None or len(texts) != RATED_CELLS or not texts[0].isdecimal():
            raise NotAFragment(f"a Quality of Play line {' | '.join(texts)[:200]!r}")
        if not texts[2].isdecimal():
            raise NotAFragment(f"a Quality of Play line with {texts[2]!r} matches")
        yield Quality(
            division=division,
            rank=int(texts[0]),
            team=clean(name.attributes.get("data-title") or ""),
            matches=int(texts[2]),
            attack=texts[3],
            defence=texts[4],
            score=texts[5],
        )
