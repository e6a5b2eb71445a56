"""What modular11 prints: a match as the site's own markup has it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from html import escape

EMPTY = '<div class="container-fluid"><p class="text-center">No data available.</p></div>'
SHOWN_LENGTH = 14
"""Visible text is cut after this many characters; data-title is whole."""


@dataclass(frozen=True, slots=True)
class Match:
    """One row as the site prints it: everything is text, times are local at the venue."""

    number: int
    kick_off: datetime
    time_set: bool
    age: str
    competition: str
    division: str
    home: str
    away: str
    home_club: int
    away_club: int
    venue: str
    score: tuple[int, int] | None
    shootout: tuple[int, int] | None


def text(value: str) -> str:
    """Text as the site escapes it."""
    return escape(value, quote=False).replace("'", "&#039;")


def short(value: str) -> str:
    return text(value if len(value) <= SHOWN_LENGTH else f"{value[:SHOWN_LENGTH].rstrip()}...")


def when(row: Match) -> str:
    """ "10/18/25 09:30am"; "12:00am" means no time set; some rows have the year in four digits."""
    year = "%Y" if row.number % 10 == 3 else "%y"
    return row.kick_off.strftime(f"%m/%d/{year} %I:%M%p").replace("AM", "am").replace("PM", "pm")


def score(row: Match) -> str:
    if row.score is None:
        return "TBD"
    plain = f"{row.score[0]}&nbsp:&nbsp{row.score[1]}"
    return f"{plain}<br>({row.shootout[0]}&nbsp:&nbsp{row.shootout[1]})" if row.shootout else plain


def _team(side: str, name: str, club: int) -> str:
    crest = f'<img src="https://www.modular11.com/uploads/academy/{club}/crest.png" alt="">' if club else ""
    title = escape(name, quote=False).replace("'", "&#039;")
    return f'<div class="col-sm-3 container-{side}-team">{crest}<p data-title="{title}">{short(name)}</p></div>'


def _match(row: Match) -> str:
    """A match, twice: for desks and, hidden there, for phones."""
    first, second = _team("first", row.home, row.home_club), _team("second", row.away, row.away_club)
    group, bracket, venue = text(row.division), text(row.competition), text(row.venue)
    shown = f'<span class="score-match-table">{score(row)}</span>'
    return f"""<div class="container-row">
 <div class="row table-content-row hidden-xs" js-match-group="{group}" js-match-bracket="{bracket}">
  <div class="col-sm-1 pad-0">  {row.number} <br> MALE </div>
  <div class="col-sm-2"> {when(row)} <a><div class="container-location">
   <p data-title="{venue}">{short(row.venue)}</p></div></a></div>
  <div class="col-sm-1 pad-0"> {row.age} </div>
  <div class="col-sm-2"> {bracket} <br> {group} </div>
  <div class="col-sm-6 pad-0"><div class="row container-teams-info">
   {first}
   <div class="col-sm-2 container-score">{shown}</div>
   {second}</div></div></div>
 <div class="visible-xs"><div class="row table-content-row" js-match-group="{group}" js-match-bracket="{bracket}">
  <div class="col-xs-12">{row.number} <br> MALE <br> {row.age} <br> {bracket} <br> {group}</div>
  <div class="col-xs-12">{when(row)} <div class="container-location"><p data-title="{venue}">{venue}</p></div></div>
  <div class="col-xs-12 container-teams-info">{first}
   <div class="container-score">{shown}</div>{second}</div></div></div></div>
"""


def fragment(rows: list[Match], page: int, pages: int, *, pager: bool = True, lost_row: bool = False) -> str:
    """The answer to the page's request: matches and pager, or the few bytes that say there are none.

    `lost_row`: the first match's row for desks has another class.
    """
    if not rows:
        return EMPTY
    beyond = min(page + 1, pages)
    links = "".join(f'<li><a js-page="{number}">{number}</a></li>' for number in range(1, pages + 1))
    turn = f"""<div class="text-center" js-paginator><div class="current-pages"> {page} page out of {pages} </div>
<ul class="pagination"><li><a js-page="{max(1, page - 1)}">Previous</a></li>{links}
<li><a js-page="{beyond}">Next</a></li></ul></div>"""
    body = "".join(_match(row) for row in rows)
    if lost_row:
        body = body.replace("hidden-xs", "hidden-phone", 1)
    return f'<div class="container-fluid container-table-matches">{body}</div>{turn if pager else ""}'
