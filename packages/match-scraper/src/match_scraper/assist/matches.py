"""Say what the viewer's two documents mean: matches, brackets, and every row that is neither. Pure.

Essential are a match's number, both squads and its date. Whatever else is odd becomes null, with a note that names it.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from match_contract import Match, Source, TeamRef, Venue
from match_contract.guards import KEPT_SHARE
from match_scraper import canary
from match_scraper.assist.brackets import heads_of, standings_of
from match_scraper.assist.competitions import counted_by_standings, label_of, league_of, names_none
from match_scraper.assist.documents import DATE_UNKNOWN, BadEvent, Documents, event_payloads
from match_scraper.assist.kickoffs import KickOff, KickOffs, is_no_venue, venue_of
from match_scraper.assist.mending import IDENTIFIER, Odd, identifier
from match_scraper.assist.results import NoTie, Results
from match_scraper.assist.squads import Brackets, Joined, brackets_of_squads, join
from match_scraper.assist.structs import Event, Id
from match_scraper.assist.teams import Teams, teams_of, text
from match_scraper.guards import UNKNOWN_COMPETITION
from match_scraper.outcomes import Outcome
from match_scraper.values import FeedKey, Reading, Rejected, Skipped

LEFT_OUT = "of a bracket that cannot be read"
NEW_COMPETITION = "of a competition that no table here counts"
NO_BRACKET = "neither side stands in a table"
SHOWN = 5


def understand(documents: Documents, schedule_body: bytes, key: FeedKey) -> Reading:
    """Join and read all events of a key. Never raises for what a document says: that row is then rejected."""
    return _Understanding(documents, schedule_body, key).reading()


class _Unreadable(Exception):
    """An event that is no match that we can count: a word of a closed set, and a sentence."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


class _LeftOut(Exception):
    """An event that is left out and counted: why."""


class _Understanding:
    """The state of one `understand`: what is looked up often, and what is counted."""

    def __init__(self, documents: Documents, schedule_body: bytes, key: FeedKey) -> None:
        self.documents = documents
        self.key = key
        self.body = schedule_body
        self.synced_at = documents.schedule.synced_at
        self.events = documents.schedule.events
        self.heads, self.bad_tables = heads_of(documents.standings.competition_season.competition_brackets, key)
        self.tables = [head.table for head in self.heads]
        self.info = {head.bracket.external_id: head.bracket for head in self.heads}
        self.own = brackets_of_squads(self.tables)
        self.new_counted: frozenset[str] = frozenset()
        self.aside = self._aside()
        counted = [event for event in self.events if id(event) not in self.aside]
        self.joined: Joined = join(counted, self.tables, key.league, documents.left_out)
        self.sides = {id(event): sides for event, sides in zip(counted, self.joined.sides, strict=True)}
        self.teams: Teams = teams_of(self.events, self.tables)
        self.kick_offs = KickOffs(self.events, key.season)
        self.results = Results(self.synced_at)
        self.venues: dict[tuple[Id | None, str], Venue] = {}
        self.rejected: list[Rejected] = []
        self.skipped = [Skipped(one.number, one.reason) for one in documents.undecided]
        self._payloads: list[Mapping[str, Any]] | None = None

    def reading(self) -> Reading:
        matches: list[Match] = []
        seen: dict[str, Event] = {}
        self._leave_out_what_joins_nothing()
        for event in self.events:
            number = str(event.game_key)
            first = seen.setdefault(number, event)
            if first is not event:
                self._handle_duplicate(number, event, first)
                continue
            try:
                matches.append(self._match(event, number))
            except _Unreadable as error:
                self._reject(event, error.reason, error.detail)
            except _LeftOut as why:
                self.skipped.append(Skipped(number, str(why)))
        ids = dict.fromkeys((*seen, *(one.number for one in self.documents.undecided)))
        for bad in self.documents.bad_events:
            malformed = _malformed(bad, self.own)
            if malformed.external_id is not None:
                ids[malformed.external_id] = None
            self.rejected.append(malformed)
        brackets = standings_of(self.heads, self.teams.by_squad, self.joined.adopted)
        scored = sum(1 for match in matches if match.home_score is not None)
        said = f"{len(matches):,} matches in {len(brackets)} brackets, {scored:,} scored"
        return Reading(
            key=self.key,
            outcome=Outcome.READ,
            detail=f"{self.key.key}: {said}",
            observed_at=self.synced_at,
            brackets=brackets,
            external_ids=tuple(number for number in ids if IDENTIFIER.fullmatch(number)),
            scored=scored,
            matches=matches,
            skipped=tuple(self.skipped),
            rejected=tuple(self.rejected),
            notes=self._notes(),
            oddities=self._oddities(),
            canary=canary.look(
                ((e.start_time, e.home_score is not None and e.away_score is not None) for e in self.events),
                self.synced_at,
            ),
        )

    # what is no match of a table here

    def _aside(self) -> dict[int, Exception]:
        """Return the events, by `id()`, that no table here counts, each with why.

        Such an event joins nothing: its guests are no team of a table. One that names no competition is the document's.
        A competition that is new counts where the standings count it; else it is kept apart, until that would be more
        than a fifth of the document: then something else is wrong with it.
        """
        found: dict[int, Exception] = {}
        new: list[Event] = []
        for event in self.events:
            league = self.key.league if names_none(event) else league_of(event)
            if league is None:
                new.append(event)
            elif league is not self.key.league:
                told = f"competition {label_of(event)} does not belong to {self.key.key}"
                found[id(event)] = _Unreadable("foreign_competition", told)
        if new:
            ids = {id(event) for event in new}
            league_events = [event for event in self.events if id(event) not in found and id(event) not in ids]
            self.new_counted = counted_by_standings(league_events, new, self.tables, self.synced_at)
            apart = [event for event in new if label_of(event) not in self.new_counted]
            too_many = len(apart) > (1 - KEPT_SHARE) * len(self.events)
            for event in apart:
                told = f"competition {label_of(event)} is none that we know, so no table counts it"
                found[id(event)] = _Unreadable(UNKNOWN_COMPETITION, told) if too_many else _LeftOut(NEW_COMPETITION)
        lost = self.documents.left_out
        if lost:
            for event in self.events:
                squads = (str(event.home_squad_id), str(event.away_squad_id))
                if any(squad in lost for squad in squads) and all(squad not in self.own for squad in squads):
                    found.setdefault(id(event), _LeftOut(LEFT_OUT))
        return found

    def _leave_out_what_joins_nothing(self) -> None:
        """Leave out matches between visitors; where they are more than a fifth, the tables are what is missing."""
        nowhere = [one for one in self.events if self.sides.get(id(one)) == ((), ())]
        too_many = len(nowhere) > (1 - KEPT_SHARE) * len(self.events)
        for event in nowhere:
            told = (
                f"neither squad {event.home_squad_id} nor squad {event.away_squad_id} stands in a bracket of "
                f"{self.key.key}, nor has either an opponent that does"
            )
            self.aside[id(event)] = _Unreadable("no_bracket", told) if too_many else _LeftOut(NO_BRACKET)

    # one match

    def _match(self, event: Event, number: str) -> Match:
        problem = self.aside.get(id(event))
        if problem is not None:
            raise problem
        home, away = self.sides[id(event)]
        venue = venue_of(event)
        kick_off = self.kick_offs.read(event, number, venue)
        if kick_off is None:
            raise _LeftOut(DATE_UNKNOWN)
        try:
            return self._made(event, number, home, away, venue, kick_off)
        except NoTie as error:
            raise _Unreadable("shootout_without_tie", str(error)) from error
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"]) or "match"
            raise _Unreadable("bad_field", f"{place}: {first['msg']}") from error

    def _made(  # noqa: PLR0917
        self, event: Event, number: str, home: Brackets, away: Brackets, venue: str | None, kick_off: KickOff
    ) -> Match:
        status, scores, shootout = self.results.read(event, kick_off)
        bracket = self.info[(home or away)[0]]
        return Match(
            source=Source.ASSIST,
            season=self.key.season.name,
            league=self.key.league,
            external_id=number,
            event_id=None if event.id is None else str(event.id),
            age_group=bracket.age_group,
            division=bracket.division,
            competition=text(event.competition.name) if event.competition else None,
            home=self._team(event.home_squad_id),
            away=self._team(event.away_squad_id),
            home_brackets=home,
            away_brackets=away,
            kick_off=kick_off.moment,
            timezone=kick_off.zone,
            local_date=kick_off.day,
            time_set=kick_off.time_set,
            venue=None if venue is None or is_no_venue(venue) else self._venue(event, venue),
            round_number=event.round_number,
            status=status,
            home_score=scores[0],
            away_score=scores[1],
            home_shootout=shootout[0],
            away_shootout=shootout[1],
            observed_at=self.synced_at,
        )

    def _team(self, squad: Id) -> TeamRef:
        return self.teams.by_squad[str(squad)]

    def _venue(self, event: Event, name: str) -> Venue:
        place = event.event_location
        marks = (place.id if place else None, name)
        venue = self.venues.get(marks)
        if venue is None:
            venue = self.venues[marks] = Venue(external_id=None if marks[0] is None else str(marks[0]), name=name)
        return venue

    def _handle_duplicate(self, number: str, event: Event, first: Event) -> None:
        if event == first:
            self.skipped.append(Skipped(number, "copy"))
            return
        told = f"the number {number} stands twice in the document with different content; the first one is kept"
        self._reject(event, "duplicate", told)

    def _reject(self, event: Event, reason: str, detail: str) -> None:
        if self._payloads is None:
            everything, places = event_payloads(self.body), self.documents.places
            self._payloads = everything if places is None else [everything[place] for place in places]
            self._places = {id(known): index for index, known in enumerate(self.events)}
        payload = self._payloads[self._places[id(event)]]
        home, away = self.sides.get(id(event)) or _of_squads(event, self.own)
        brackets = tuple(dict.fromkeys((*home, *away)))
        self.rejected.append(Rejected(str(event.game_key), payload, reason, detail, brackets))

    # what a person should know

    def _notes(self) -> tuple[str, ...]:
        """Return what the league's documents are like every day, and is settled."""
        quirks = self.results.quirks
        if self.kick_offs.without_time:
            quirks["without a time set"] += self.kick_offs.without_time
        notes = [f"{count:,} matches {what}" for what, count in sorted(quirks.items())]
        if self.joined.adopted:
            names = sorted(self._name(squad) for squad in self.joined.adopted)
            notes.append(
                f"{len(names)} teams are missing from the standings and join their opponents' bracket: {_few(names)}"
            )
        return tuple(notes)

    def _oddities(self) -> tuple[str, ...]:
        """Return what a person should look at."""
        odd: list[str] = []
        bad = (*self.documents.bad_rows, *self.bad_tables)
        if bad:
            odd.append(f"{len(bad):,} rows or brackets of the standings cannot be read, the first: {bad[0]}")
        if self.joined.guests:
            guests = [f"{self._name(squad)} ({count})" for squad, count in sorted(self.joined.guests.items())]
            told = f"{len(guests)} teams stand in no table of the league and get no position, with their matches"
            odd.append(f"{told}: {_few(guests)}")
        odd += self._about_new_competitions()
        odd += self.documents.notes
        odd += [f"{count:,} matches {what}" for what, count in sorted(self.results.odd.items())]
        if self.teams.crestless:
            odd.append(f"{len(self.teams.crestless)} crests are too long to keep: {_few(self.teams.crestless)}")
        odd += self.kick_offs.oddities()
        return tuple(odd)

    def _about_new_competitions(self) -> list[str]:
        apart = Counter(
            label_of(event)
            for event in self.events
            if isinstance(why := self.aside.get(id(event)), _LeftOut) and str(why) == NEW_COMPETITION
        )
        said = [f"the competition {name} is new, and the standings count its matches" for name in self.new_counted]
        return sorted(said) + [
            f"the competition {name} is new, and the standings do not count its {count} matches: kept apart"
            for name, count in sorted(apart.items())
        ]

    def _name(self, squad: str) -> str:
        return self.teams.by_squad[squad].name


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:SHOWN]) + (" …" if len(names) > SHOWN else "")


def _of_squads(event: Event, own: Mapping[Id, Brackets]) -> tuple[Brackets, Brackets]:
    return own.get(event.home_squad_id, ()), own.get(event.away_squad_id, ())


def _malformed(bad: BadEvent, own: Mapping[Id, Brackets]) -> Rejected:
    """Return a bad event as it came, under the brackets of those of its squads that can be read."""
    number, *squads = (_readable(bad.payload.get(name)) for name in ("game_key", "home_squad_id", "away_squad_id"))
    sides = [own.get(squad, ()) for squad in squads if squad is not None]
    brackets = tuple(dict.fromkeys(bracket for side in sides for bracket in side))
    return Rejected(None if number is None else str(number), bad.payload, "bad_field", bad.problem, brackets)


def _readable(value: object) -> Id | None:
    try:
        return identifier(value)
    except Odd:
        return None
