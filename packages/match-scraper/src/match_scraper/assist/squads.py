"""In which brackets each side's table counts a match: squad ids of the events against those of the standings. Pure.

Only within the documents of one key: the same squad stands in League and in Flex. No names are compared.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from match_scraper.assist.documents import BracketTable, Event, Id
from match_scraper.assist.keys import PRO_PATHWAY, PRO_PATHWAY_MARK

Brackets = tuple[str, ...]
"""External ids of brackets."""


@dataclass(frozen=True, slots=True)
class Joined:
    """`sides` in the order of the events: (home's brackets, away's); both empty where neither squad leads to one.

    `adopted`: squads that no bracket lists, with the brackets of their opponents that they join.
    """

    sides: list[tuple[Brackets, Brackets]]
    adopted: Mapping[str, Brackets] = field(default_factory=dict)


def brackets_of_squads(tables: Sequence[BracketTable]) -> dict[Id, Brackets]:
    """Squad id (as a number and as text) to the brackets that list it, in the document's order."""
    found: dict[Id, Brackets] = {}
    for table in tables:
        bracket = str(table.id)
        for row in table.standings:
            squad = row.team.squad_id
            before = found.get(squad, ())
            if bracket not in before:
                found[squad] = (*before, bracket)
    for squad, brackets in list(found.items()):
        if isinstance(squad, int):
            found.setdefault(str(squad), brackets)
        elif squad.isdecimal():
            found.setdefault(int(squad), brackets)
    return found


def join(events: Sequence[Event], tables: Sequence[BracketTable]) -> Joined:
    """Resolves each event by the rules of source-site.md, quirks 4 to 6:

    - a squad in one bracket counts the match there, also against a squad of another bracket or age;
    - a squad in several: in the one that it shares with its opponent, else in the one whose competition (Pro Player
      Pathway or not) is the match's, else in all;
    - a squad in none: in its opponent's. Two such squads meet in the bracket that most of their other matches led to.
    """
    own = brackets_of_squads(tables)
    pathway = {str(table.id): PRO_PATHWAY_MARK in table.name for table in tables}
    sides: list[tuple[Brackets, Brackets]] = []
    lost: list[int] = []
    adopted: dict[str, Counter[Brackets]] = defaultdict(Counter)
    for index, event in enumerate(events):
        home, away = own.get(event.home_squad_id), own.get(event.away_squad_id)
        if home is None and away is None:
            lost.append(index)
            sides.append(((), ()))
        elif home is None and away is not None:
            brackets = _fitting(away, event, pathway)
            adopted[str(event.home_squad_id)][brackets] += 1
            sides.append((brackets, brackets))
        elif away is None and home is not None:
            brackets = _fitting(home, event, pathway)
            adopted[str(event.away_squad_id)][brackets] += 1
            sides.append((brackets, brackets))
        elif home is not None and away is not None:
            if len(home) > 1 or len(away) > 1:
                sides.append(_both(home, away, event, pathway))
            else:
                sides.append((home, away))
    for index in lost:
        event = events[index]
        squads = (str(event.home_squad_id), str(event.away_squad_id))
        votes = adopted.get(squads[0], Counter()) + adopted.get(squads[1], Counter())
        if votes:
            brackets = min(votes, key=lambda found: (-votes[found], found))
            sides[index] = (brackets, brackets)
    return Joined(
        sides, {squad: tuple(sorted({b for found in votes for b in found})) for squad, votes in adopted.items()}
    )


def _both(home: Brackets, away: Brackets, event: Event, pathway: Mapping[str, bool]) -> tuple[Brackets, Brackets]:
    shared = tuple(bracket for bracket in home if bracket in away)
    if shared:
        brackets = _fitting(shared, event, pathway)
        return brackets, brackets
    return _fitting(home, event, pathway), _fitting(away, event, pathway)


def _fitting(brackets: Brackets, event: Event, pathway: Mapping[str, bool]) -> Brackets:
    """Of several brackets those of the match's competition, or all where that settles nothing."""
    if len(brackets) == 1:
        return brackets
    competition = event.competition
    is_pathway = competition is not None and str(competition.id) == PRO_PATHWAY
    return tuple(bracket for bracket in brackets if pathway[bracket] is is_pathway) or brackets
