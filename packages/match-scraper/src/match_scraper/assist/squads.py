"""Find in which brackets each side's table counts a match: squad ids of the events against the standings'. Pure.

Only within the documents of one key: the same squad stands in League and in Flex. No names are compared.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from match_contract import League
from match_scraper.assist.keys import PRO_PATHWAY, PRO_PATHWAY_MARK
from match_scraper.assist.structs import BracketTable, Event, Id

Brackets = tuple[str, ...]
"""External ids of brackets."""
ADOPTING = frozenset({League.HOMEGROWN})
"""Leagues whose table counts a squad that it does not list, as long as that plays a schedule. In the others such a
squad is a visitor: the league's own table has no row for it."""
SCHEDULE_SHARE = 0.5
"""So much of what a bracket's own squads play makes a schedule; a visitor at a showcase plays two or three matches."""


@dataclass(frozen=True, slots=True)
class Joined:
    """`sides` in the order of the events: (home's brackets, away's); a side that no table counts has none.

    `adopted`: squads that no bracket lists and that play a schedule, with the brackets that they join. `guests`: the
    other ones, with how many matches they play.
    """

    sides: list[tuple[Brackets, Brackets]]
    adopted: Mapping[str, Brackets] = field(default_factory=dict)
    guests: Mapping[str, int] = field(default_factory=dict)


def brackets_of_squads(tables: Sequence[BracketTable]) -> dict[Id, Brackets]:
    """Return squad ids (as numbers and as text) with the brackets that list them, in the document's order."""
    found: dict[Id, Brackets] = {}
    for table in tables:
        bracket = str(table.id)
        for row in table.standings:
            squad = row.team.squad_id
            before = found.get(squad, ())
            if bracket not in before:
                found[squad] = (*before, bracket)
    for squad, brackets in list(found.items()):
        _enter(found, squad, brackets)
    return found


def _enter(found: dict[Id, Brackets], squad: Id, brackets: Brackets) -> None:
    """Enter a squad's brackets under its id as a number and as text."""
    found[squad] = brackets
    if isinstance(squad, int):
        found.setdefault(str(squad), brackets)
    elif squad.isdecimal():
        found.setdefault(int(squad), brackets)


def join(
    events: Sequence[Event], tables: Sequence[BracketTable], league: League, elsewhere: Collection[str] = ()
) -> Joined:
    """Resolve each event. `elsewhere` are squads of tables that cannot be read; they belong to no other one.


    - a squad in one bracket counts the match there, also against a squad of another bracket or age;
    - a squad in several: in the one that it shares with its opponent, else in the one whose competition (Pro Player
      Pathway or not) is the match's, else in all;
    - a squad in none, that plays a schedule: in the bracket that most of its opponents lead to;
    - any other one is a guest, whose side no table counts.
    """
    own = brackets_of_squads(tables)
    pathway = {str(table.id): PRO_PATHWAY_MARK in table.name for table in tables}
    unlisted = [event for event in events if not (event.home_squad_id in own and event.away_squad_id in own)]
    adopted = _adopted(events, unlisted, tables, own, pathway) if league in ADOPTING and unlisted else {}
    adopted = {squad: brackets for squad, brackets in adopted.items() if squad not in elsewhere}
    for squad, brackets in adopted.items():
        _enter(own, squad, brackets)
    guests: Counter[str] = Counter()
    for event in unlisted:
        squads = [squad for squad in (event.home_squad_id, event.away_squad_id) if squad not in own]
        guests.update(str(squad) for squad in squads if str(squad) not in elsewhere)
    return Joined([_sides(event, own, pathway) for event in events], adopted, guests)


def _adopted(
    events: Sequence[Event],
    unlisted: Sequence[Event],
    tables: Sequence[BracketTable],
    own: Mapping[Id, Brackets],
    pathway: Mapping[str, bool],
) -> dict[str, Brackets]:
    """Return the squads that no bracket lists and that play a schedule, with the brackets that they join.

    A schedule is measured by all of a squad's matches; each bracket in which it meets half as many opponents as that
    bracket's own squads play, or most of its own, is joined.
    """
    played: Counter[str] = Counter()
    for event in events:
        played.update((str(event.home_squad_id), str(event.away_squad_id)))
    usual = {
        str(table.id): median([played[str(row.team.squad_id)] for row in table.standings] or [0]) for table in tables
    }
    votes: dict[str, Counter[str]] = defaultdict(Counter)
    for event in unlisted:
        for squad, other in (
            (event.home_squad_id, event.away_squad_id),
            (event.away_squad_id, event.home_squad_id),
        ):
            if squad not in own and other in own:
                votes[str(squad)].update(_fitting(own[other], event, pathway))
    found: dict[str, Brackets] = {}
    for squad, led in votes.items():
        most = max(led.values())
        joins = tuple(
            sorted(
                bracket
                for bracket, count in led.items()
                if played[squad] >= SCHEDULE_SHARE * usual[bracket] and count >= SCHEDULE_SHARE * most
            )
        )
        if joins:
            found[squad] = joins
    return found


def _sides(event: Event, own: Mapping[Id, Brackets], pathway: Mapping[str, bool]) -> tuple[Brackets, Brackets]:
    home, away = own.get(event.home_squad_id, ()), own.get(event.away_squad_id, ())
    if len(home) < 2 and len(away) < 2:
        return home, away
    shared = tuple(bracket for bracket in home if bracket in away)
    if shared:
        brackets = _fitting(shared, event, pathway)
        return brackets, brackets
    return _fitting(home, event, pathway), _fitting(away, event, pathway)


def _fitting(brackets: Brackets, event: Event, pathway: Mapping[str, bool]) -> Brackets:
    """Return of several brackets those of the match's competition, or all where that settles nothing."""
    if len(brackets) < 2:
        return brackets
    competition = event.competition
    is_pathway = competition is not None and str(competition.id) == PRO_PATHWAY
    return tuple(bracket for bracket in brackets if pathway[bracket] is is_pathway) or brackets
