"""Say who a squad is, as both documents name it. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from match_contract import TeamRef
from match_scraper.assist.structs import BracketTable, Event
from match_scraper.text import clean

LONGEST_LABEL = 40
LONGEST_CREST = 500


@dataclass(slots=True)
class _Facts:
    """What both documents together say of a squad; the standings come first, then the first event that says it."""

    name: str | None = None
    club: str | None = None
    club_name: str | None = None
    crest: str | None = None
    label: str | None = None
    complete: bool = False


@dataclass(frozen=True, slots=True)
class Teams:
    """Each squad's team, one a squad, so that it reads the same in every match. `crestless`: clubs without their crest.

    The name is the standings document's, else the organisation's, which may be null.
    """

    by_squad: dict[str, TeamRef] = field(default_factory=dict)
    crestless: tuple[str, ...] = ()


def teams_of(events: Sequence[Event], tables: Sequence[BracketTable]) -> Teams:
    """Return the teams of all squads that the documents name."""
    facts: dict[str, _Facts] = {}
    for table in tables:
        for row in table.standings:
            team = row.team
            known = facts.setdefault(str(team.squad_id), _Facts())
            known.name = known.name or text(team.name)
            known.club = known.club or (None if team.organisation_id is None else str(team.organisation_id))
            known.crest = known.crest or text(team.logo_url, LONGEST_CREST + 1)
    for event in events:
        for squad, label, organisation in (
            (str(event.home_squad_id), event.home_squad_name, event.home_organisation),
            (str(event.away_squad_id), event.away_squad_name, event.away_organisation),
        ):
            one = facts.get(squad)
            if one is None:
                one = facts[squad] = _Facts()
            if one.complete:
                continue
            one.label = one.label or text(label, LONGEST_LABEL)
            if organisation is not None:
                one.club = one.club or (None if organisation.id is None else str(organisation.id))
                one.club_name = one.club_name or text(organisation.name)
                one.crest = one.crest or text(organisation.logo_full_path, LONGEST_CREST + 1)
                one.complete = one.label is not None and one.club_name is not None
    return Teams({squad: _team(squad, known) for squad, known in facts.items()}, _crestless(facts.values()))


def _team(squad: str, facts: _Facts) -> TeamRef:
    return TeamRef(
        squad_id=squad,
        name=facts.name or facts.club_name or f"Unnamed team ({squad})",
        age_label=facts.label,
        club_id=facts.club,
        club_name=facts.club_name or facts.name,
        crest_url=facts.crest if _is_kept(facts.crest) else None,
    )


def _is_kept(crest: str | None) -> bool:
    return crest is not None and len(crest) <= LONGEST_CREST


def _crestless(facts: Iterable[_Facts]) -> tuple[str, ...]:
    names = (one.club_name or one.name or "" for one in facts if one.crest is not None and not _is_kept(one.crest))
    return tuple(sorted(set(names)))


def text(value: str | None, longest: int = 200) -> str | None:
    """Return a text as it may be shown, None where nothing of it is left."""
    return (clean(value, longest) or None) if value else None
