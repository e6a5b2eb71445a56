"""Tell which matches of a document are the league's, by the competition that each names. Pure."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime

from match_contract import League
from match_scraper.assist.brackets import values_of
from match_scraper.assist.keys import COMPETITION_NAMES, COMPETITIONS
from match_scraper.assist.structs import BracketTable, Event

PLAYED = "matches_played"
UNNAMED = "without a name"


def league_of(event: Event) -> League | None:
    """Return the league of a match's competition: by its id, else by its exact name; None for one that is new.

    A match that names no competition has none that is new; the caller takes it for its document's.
    """
    competition = event.competition
    if competition is None:
        return None
    by_id = COMPETITIONS.get(str(competition.id))
    return by_id or COMPETITION_NAMES.get(competition.name or "")


def names_none(event: Event) -> bool:
    """Return True for a match that names no competition."""
    return event.competition is None or (event.competition.id is None and not event.competition.name)


def label_of(event: Event) -> str:
    """Return how a match's competition is called: its name and its id."""
    competition = event.competition
    name = repr(competition.name) if competition is not None and competition.name else UNNAMED
    return f"{name} ({competition.id if competition is not None else None})"


def counted_by_standings(
    events: Sequence[Event], new: Sequence[Event], tables: Sequence[BracketTable], synced_at: datetime
) -> frozenset[str]:
    """Return the labels of the new competitions that the document's own standings count.

    A squad's published number of matches says it, where it is that of its league matches with those of the new
    competition, and not that of its league matches alone. `events` are the league's own matches, `new` the others.
    """
    league = _finished(events, synced_at)
    by_label: dict[str, list[Event]] = defaultdict(list)
    for event in new:
        by_label[label_of(event)].append(event)
    all_new = _finished(new, synced_at)
    published = _published(tables)
    counted = set()
    for label, its in by_label.items():
        votes: Counter[bool] = Counter()
        for squad, count in _finished(its, synced_at).items():
            official = published.get(squad)
            if official in (league[squad] + count, league[squad] + all_new[squad]):
                votes[True] += 1
            elif official == league[squad]:
                votes[False] += 1
        if votes[True] > votes[False]:
            counted.add(label)
    return frozenset(counted)


def _finished(events: Sequence[Event], synced_at: datetime) -> Counter[str]:
    """Count the finished matches of each squad."""
    counts: Counter[str] = Counter()
    for event in events:
        if event.start_time <= synced_at and event.home_score is not None and event.away_score is not None:
            counts.update((str(event.home_squad_id), str(event.away_squad_id)))
    return counts


def _published(tables: Sequence[BracketTable]) -> dict[str, int]:
    """Return each squad's published number of matches; a squad in two tables has two of them and proves nothing."""
    found: dict[str, int] = {}
    twice: set[str] = set()
    for table in tables:
        for row in table.standings:
            squad, said = str(row.team.squad_id), values_of(row).get(PLAYED, "").removesuffix(".0")
            if squad in found:
                twice.add(squad)
            elif said.isdecimal():
                found[squad] = int(said)
    return {squad: count for squad, count in found.items() if squad not in twice}
