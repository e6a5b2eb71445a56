"""What an endpoint may ask for, as `Annotated` aliases."""

import re
from typing import Annotated

from fastapi import Depends, Query, Request
from pydantic import AfterValidator, BeforeValidator

from match_contract import League, Season, season_of
from missing_table.web.problems import BadRequest
from missing_table.web.schemas import LIMIT_DEFAULT, LIMIT_MAX
from missing_table.web.state import State


def _state(request: Request) -> State:
    state: State = request.app.state.missing_table
    return state


StateDep = Annotated[State, Depends(_state)]


def _season(name: str) -> str:
    return Season.parse(name).name


def _league(name: object) -> object:
    return name.capitalize() if isinstance(name, str) else name


def _age_group(name: str) -> str:
    name = name.upper()
    if not re.fullmatch(r"U\d{1,2}", name):
        raise ValueError(f"age group {name!r} is not of the form 'U14'")
    return name


def clean_text(text: str) -> str:
    if "\x00" in text:
        raise ValueError("text with a NUL character")
    return text.strip()


SeasonQuery = Annotated[
    str | None, Query(description="A season such as 2026-27; the current one where none is given.", max_length=7)
]
ShownSeasonQuery = Annotated[
    str | None,
    Query(
        description="A season such as 2026-27; where none is given the current one, or the newest before it that has "
        "tables.",
        max_length=7,
    ),
]
LeagueQuery = Annotated[League | None, BeforeValidator(_league), Query(description="Homegrown, Academy or Flex.")]
AgeGroupQuery = Annotated[
    str | None,
    AfterValidator(lambda value: None if value is None else _age_group(value)),
    Query(description="An age group such as U14.", max_length=3),
]
DivisionQuery = Annotated[
    str | None,
    AfterValidator(lambda value: None if value is None else clean_text(value)),
    Query(description="A division by its plain name or its slug.", max_length=100),
]
TextQuery = Annotated[
    str | None,
    AfterValidator(lambda value: None if value is None else clean_text(value)),
    Query(description="Part of a name.", max_length=100),
]
AfterQuery = Annotated[int, Query(alias="cursor", ge=0, le=2**63 - 1, description="next_cursor of the page before.")]
LimitQuery = Annotated[
    int, Query(ge=1, le=LIMIT_MAX, description=f"At most {LIMIT_MAX}, {LIMIT_DEFAULT} if not given.")
]


def season_or_current(state: State, name: str | None) -> str:
    """The season that is asked for; the one of today where none is. Raises BadRequest for a malformed name."""
    if name is None:
        return season_of(state.now().date()).name
    try:
        return _season(name)
    except ValueError as error:
        raise BadRequest(str(error)) from None
