"""Targets: which brackets a run is about. Data from a TOML file; nothing here reads a feed or plans.

A run reads every bracket of the season, a target for each league, unless targets are named. The targets of the file are
the brackets that can be named, and that the model may look at more closely.
"""

import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from match_contract import Bracket, League
from match_scraper_agent.settings import SettingsError

DEFAULT_FILE = Path(__file__).with_name("targets.toml")
ALL = "all"


class Target(BaseModel):
    """A name and the bracket that it means; division and age group are None where it means all of a league."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{1,60}$")]
    league: League
    division: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)] | None = None
    age_group: Annotated[str, StringConstraints(pattern=r"^U\d{1,2}$")] | None = None

    def covers(self, bracket: Bracket) -> bool:
        """True where the bracket is this target's, or one of them."""
        return (
            bracket.league is self.league
            and (self.division is None or bracket.division.casefold() == self.division.casefold())
            and (self.age_group is None or bracket.age_group == self.age_group)
        )

    @property
    def is_whole_league(self) -> bool:
        """True where it means every bracket of its league."""
        return self.division is None and self.age_group is None

    @property
    def label(self) -> str:
        """As a person says it: "U14 Homegrown Northeast"."""
        return " ".join(part for part in (self.age_group, self.league.value, self.division or "(all)") if part)


EVERY_LEAGUE = tuple(Target(name=f"{ALL}-{league.value.lower()}", league=league) for league in League)


def _document(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"the targets file {file} cannot be read: {error}") from None


def load_club(path: Path | None = None) -> str | None:
    """The club whose people run this, as the targets file names it; None where it names none. Raises SettingsError."""
    file = path or DEFAULT_FILE
    club = _document(file).get("club")
    if club is not None and not (isinstance(club, str) and club.strip()):
        raise SettingsError(f"the targets file {file} is malformed: club: {club!r} is not a name")
    return club


def load_targets(path: Path | None = None) -> tuple[Target, ...]:
    """Reads a targets file (the package's own where none is named); raises SettingsError, one sentence."""
    file = path or DEFAULT_FILE
    document = _document(file)
    try:
        targets = tuple(Target.model_validate(entry) for entry in document.get("target", ()))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise SettingsError(f"the targets file {file} is malformed: {where}: {first['msg']}") from None
    names = [target.name for target in targets]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice or not targets:
        what = f"names {twice[0]!r} twice" if twice else "has no [[target]]"
        raise SettingsError(f"the targets file {file} {what}")
    return targets


def choose(known: Sequence[Target], names: Iterable[str]) -> tuple[Target, ...]:
    """Return the targets of a run: those named, in their order, or every league whole, for which `all` stands too."""
    wanted = list(dict.fromkeys(names))
    if not wanted or ALL in wanted:
        return EVERY_LEAGUE
    by_name = {target.name: target for target in (*known, *EVERY_LEAGUE)}
    for name in wanted:
        if name not in by_name:
            choices = ", ".join([*(target.name for target in known), ALL])
            raise SettingsError(f"unknown target {name!r}: choose one of {choices}")
    return tuple(by_name[name] for name in wanted)
