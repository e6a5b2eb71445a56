"""What the assist viewer's two documents mean: matches, brackets, and every row that is neither. Pure.

source-site.md, section 2, is the source of each rule; its quirks are named where they are handled.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import ValidationError

from match_contract import Bracket, BracketStandings, Match, Source, StandingsRow, Status, TeamRef, Venue
from match_scraper import canary
from match_scraper.assist.documents import BadEvent, BracketTable, Documents, Event, Id, event_payloads
from match_scraper.assist.keys import COMPETITIONS
from match_scraper.assist.squads import Brackets, Joined, brackets_of_squads, join
from match_scraper.guards import UNKNOWN_COMPETITION
from match_scraper.outcomes import Outcome
from match_scraper.values import FeedKey, Reading, Rejected, Skipped

IDENTIFIER = re.compile(r"[\x21-\x7e]{1,80}")
PLACEHOLDER = time(6)
NO_VENUE = "tbd"
OVER_AFTER = timedelta(hours=2)
"""So long after its kick-off a match without a score counts as played."""


def understand(documents: Documents, schedule_body: bytes, key: FeedKey) -> Reading:
    """Join and read all events of a key. Never raises for what a document says: that row is then rejected."""
    return _Understanding(documents, schedule_body, key).reading()


class _Unreadable(Exception):
    """An event that is no match that we can count: a word of a closed set, and a sentence."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


class _Understanding:
    """The state of one `understand`: what is looked up often, and what is counted."""

    def __init__(self, documents: Documents, schedule_body: bytes, key: FeedKey) -> None:
        self.documents = documents
        self.key = key
        self.body = schedule_body
        self.synced_at = documents.schedule.synced_at
        self.events = documents.schedule.events
        self.heads, self.bad_tables = _heads(documents.standings.competition_season.competition_brackets, key)
        self.tables = [table for table, _ in self.heads]
        self.foreign = self._foreign()
        self.counted = [event for event in self.events if id(event) not in self.foreign]
        self.joined: Joined = join(self.counted, self.tables)
        self.info = {head.external_id: head for _, head in self.heads}
        self.teams = _teams(self.counted, self.tables)
        self.zones: dict[str, ZoneInfo | None] = {}
        self.venues: dict[tuple[Id | None, str], Venue] = {}
        self.quirks: Counter[str] = Counter()
        self.odd: Counter[str] = Counter()
        self.rejected: list[Rejected] = []
        self.skipped: list[Skipped] = []
        self._payloads: list[Mapping[str, Any]] | None = None

    def reading(self) -> Reading:
        matches: list[Match] = []
        seen: dict[str, Event] = {}
        own = brackets_of_squads(self.tables)
        sides = iter(self.joined.sides)
        for event in self.events:
            problem = self.foreign.get(id(event))
            home, away = _of_squads(event, own) if problem else next(sides)
            number = str(event.game_key)
            first = seen.setdefault(number, event)
            if first is not event:
                self._again(number, event, first, (home, away))
                continue
            try:
                if problem:
                    raise problem
                matches.append(self._match(event, number, home, away))
            except _Unreadable as error:
                self._reject(event, error.reason, error.detail, home, away)
        ids = dict.fromkeys(number for number in seen if IDENTIFIER.fullmatch(number))
        for bad in self.documents.bad_events:
            number_or_none = _number(bad.payload.get("game_key"))
            if number_or_none is not None and IDENTIFIER.fullmatch(number_or_none):
                ids[number_or_none] = None
            self.rejected.append(_malformed(bad, number_or_none, own))
        brackets = self._brackets()
        scored = sum(1 for match in matches if match.home_score is not None)
        said = f"{len(matches):,} matches in {len(brackets)} brackets, {scored:,} scored"
        return Reading(
            key=self.key,
            outcome=Outcome.READ,
            detail=f"{self.key.key}: {said}",
            observed_at=self.synced_at,
            brackets=brackets,
            external_ids=tuple(ids),
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

    # one match

    def _match(self, event: Event, number: str, home: Brackets, away: Brackets) -> Match:
        home_team, away_team = self._sides(event, home)
        local = self._local(event)
        venue_name = _text(event.event_location.name if event.event_location else None)
        no_venue = venue_name is None or venue_name.casefold() == NO_VENUE
        time_set = not (venue_name is not None and no_venue and local.time() == PLACEHOLDER)
        if not time_set:
            self.quirks["without a time set (quirk 3)"] += 1
        status, scores, shootout = self._outcome(event, local, time_set)
        bracket = self.info[home[0]]
        try:
            return Match(
                source=Source.ASSIST,
                season=self.key.season.name,
                league=self.key.league,
                external_id=number,
                event_id=None if event.id is None else str(event.id),
                age_group=bracket.age_group,
                division=bracket.division,
                competition=event.competition.name if event.competition else None,
                home=home_team,
                away=away_team,
                home_brackets=home,
                away_brackets=away,
                kick_off=event.start_time,
                timezone=event.local_timezone,
                local_date=local.date(),
                time_set=time_set,
                venue=None if no_venue else self._venue(event, venue_name or ""),
                round_number=event.round_number,
                status=status,
                home_score=scores[0],
                away_score=scores[1],
                home_shootout=shootout[0],
                away_shootout=shootout[1],
                observed_at=self.synced_at,
            )
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"]) or "match"
            raise _Unreadable("bad_field", f"{place}: {first['msg']}") from error

    def _outcome(
        self, event: Event, local: datetime, time_set: bool
    ) -> tuple[Status, tuple[int | None, int | None], tuple[int | None, int | None]]:
        """Status, score and shoot-out (quirks 1 and 2): finished is what has kicked off and carries both scores."""
        none = (None, None)
        home, away = event.home_score, event.away_score
        kicked_off = event.start_time <= self.synced_at
        if home is not None and away is not None and kicked_off:
            shootout = (event.home_penalty_shootout_score, event.away_penalty_shootout_score)
            if (shootout[0] is None) != (shootout[1] is None):
                self.odd["with half a shoot-out, which is not taken"] += 1
                shootout = none
            return Status.COMPLETED, (home, away), shootout
        if not kicked_off:
            if event.completed or home is not None or away is not None:
                self.quirks["ahead but flagged completed or scored, which is not taken (quirk 1)"] += 1
            return Status.SCHEDULED, none, none
        if home is not None or away is not None:
            self.odd["with one score of two, which is not taken"] += 1
        if time_set:
            over = event.start_time + OVER_AFTER <= self.synced_at
        else:
            over = local.date() < self.synced_at.astimezone(local.tzinfo).date()
        if over:
            self.quirks["played without a score yet (quirk 2)"] += 1
        return Status.TBD if over else Status.SCHEDULED, none, none

    def _foreign(self) -> dict[int, _Unreadable]:
        """Events, by `id()`, that say of themselves that they are of another competition than the feed's.

        None of them counts for a table here, so none of them is joined. One that names no competition is the feed's.
        """
        found: dict[int, _Unreadable] = {}
        for event in self.events:
            competition = event.competition
            if competition is None or (competition.id is None and not competition.name):
                continue
            said = COMPETITIONS.get(str(competition.id))
            if said is self.key.league:
                continue
            told = f"competition {competition.name!r} ({competition.id})"
            found[id(event)] = (
                _Unreadable(UNKNOWN_COMPETITION, f"{told} is none that we know, so no table counts it")
                if said is None
                else _Unreadable("foreign_competition", f"{told} does not belong to {self.key.key}")
            )
        return found

    def _sides(self, event: Event, brackets: Brackets) -> tuple[TeamRef, TeamRef]:
        if not brackets:
            told = (
                f"neither squad {event.home_squad_id} nor squad {event.away_squad_id} stands in a bracket of "
                f"{self.key.key}, nor has either an opponent that does"
            )
            raise _Unreadable("no_bracket", told)
        home, away = self.teams[str(event.home_squad_id)], self.teams[str(event.away_squad_id)]
        if isinstance(home, str):
            raise _Unreadable("bad_field", home)
        if isinstance(away, str):
            raise _Unreadable("bad_field", away)
        return home, away

    def _local(self, event: Event) -> datetime:
        zone = self._zone(event.local_timezone)
        if zone is None:
            raise _Unreadable("unknown_timezone", f"time zone {event.local_timezone!r} is not known")
        try:
            return event.start_time.astimezone(zone)
        except (OverflowError, ValueError) as error:
            raise _Unreadable("bad_field", f"start_time {event.start_time} is out of reach") from error

    def _zone(self, name: str) -> ZoneInfo | None:
        if name not in self.zones:
            try:
                self.zones[name] = ZoneInfo(name)
            except (ZoneInfoNotFoundError, ValueError, OSError):
                self.zones[name] = None  # each of its matches is rejected by name
        return self.zones[name]

    def _venue(self, event: Event, name: str) -> Venue:
        place = event.event_location
        marks = (place.id if place else None, name)
        venue = self.venues.get(marks)
        if venue is None:
            venue = self.venues[marks] = Venue(external_id=None if marks[0] is None else str(marks[0]), name=name)
        return venue

    # what is not a match

    def _again(self, number: str, event: Event, first: Event, sides: tuple[Brackets, Brackets]) -> None:
        if event == first:
            self.skipped.append(Skipped(number, "copy"))
            return
        told = f"the number {number} stands twice in the document with different content; the first one is kept"
        self._reject(event, "duplicate", told, *sides)

    def _reject(self, event: Event, reason: str, detail: str, home: Brackets = (), away: Brackets = ()) -> None:
        if self._payloads is None:
            bad = {item.index for item in self.documents.bad_events}
            self._payloads = [p for index, p in enumerate(event_payloads(self.body)) if index not in bad]
            self._places = {id(known): index for index, known in enumerate(self.events)}
        payload = self._payloads[self._places[id(event)]]
        brackets = tuple(dict.fromkeys((*home, *away)))
        self.rejected.append(Rejected(str(event.game_key), payload, reason, detail, brackets))

    # the brackets

    def _brackets(self) -> tuple[BracketStandings, ...]:
        joins: dict[str, list[TeamRef]] = {}
        for squad, brackets in self.joined.adopted.items():
            team = self.teams[squad]
            for bracket in brackets:
                if isinstance(team, TeamRef):
                    joins.setdefault(bracket, []).append(team)
        return tuple(self._bracket(table, head, joins.get(head.external_id, [])) for table, head in self.heads)

    def _bracket(self, table: BracketTable, head: Bracket, joining: list[TeamRef]) -> BracketStandings:
        rows: dict[str, StandingsRow] = {}
        for row in table.standings:
            squad = str(row.team.squad_id)
            team = self.teams[squad]
            if not isinstance(team, TeamRef):
                self.bad_tables.append(team)
            elif squad not in rows:
                values = row.tiebreaker_values or {}
                said = {name: str(v.value) for name, v in values.items() if v is not None and v.value is not None}
                rows[squad] = StandingsRow(team=team, position=row.position, values=said)
        for team in joining:
            rows.setdefault(str(team.squad_id), StandingsRow(team=team))
        return BracketStandings(**head.model_dump(), teams=tuple(rows.values()))

    def _notes(self) -> tuple[str, ...]:
        """What the league's documents are like every day, and is settled."""
        notes = [f"{count:,} matches {what}" for what, count in sorted(self.quirks.items())]
        if self.joined.adopted:
            joining = (self.teams[squad] for squad in self.joined.adopted)
            names = sorted(team.name for team in joining if isinstance(team, TeamRef))
            shown = ", ".join(names[:5]) + (" …" if len(names) > 5 else "")
            notes.append(
                f"{len(names)} teams are missing from the standings and join their opponents' bracket: {shown}"
            )
        return tuple(notes)

    def _oddities(self) -> tuple[str, ...]:
        odd: list[str] = []
        bad = (*self.documents.bad_rows, *self.bad_tables)
        if bad:
            odd.append(f"{len(bad):,} rows or brackets of the standings cannot be read, the first: {bad[0]}")
        return (*odd, *(f"{count:,} matches {what}" for what, count in sorted(self.odd.items())))


@dataclass(slots=True)
class _Facts:
    """What both documents together say of a squad; the standings come first, then the first event that says it."""

    name: str | None = None
    club: str | None = None
    club_name: str | None = None
    crest: str | None = None
    label: str | None = None
    complete: bool = False


def _teams(events: Sequence[Event], tables: Sequence[BracketTable]) -> dict[str, TeamRef | str]:
    """Squad id to its team, or to what is wrong with it. One team a squad, so that it reads the same in every match.

    The name is the standings document's, else the organisation's; an organisation may be null (quirk 11).
    """
    facts: dict[str, _Facts] = {}
    for table in tables:
        for row in table.standings:
            team = row.team
            known = facts.setdefault(str(team.squad_id), _Facts())
            known.name = known.name or _text(team.name)
            known.club = known.club or (None if team.organisation_id is None else str(team.organisation_id))
            known.crest = known.crest or _text(team.logo_url)
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
            one.label = one.label or _text(label)
            if organisation is not None:
                one.club = one.club or (None if organisation.id is None else str(organisation.id))
                one.club_name = one.club_name or _text(organisation.name)
                one.crest = one.crest or _text(organisation.logo_full_path)
                one.complete = one.label is not None and one.club_name is not None
    return {squad: _team(squad, known) for squad, known in facts.items()}


def _team(squad: str, facts: _Facts) -> TeamRef | str:
    try:
        return TeamRef(
            squad_id=squad,
            name=facts.name or facts.club_name or f"Unnamed team ({squad})",
            age_label=facts.label,
            club_id=facts.club,
            club_name=facts.club_name or facts.name,
            crest_url=facts.crest,
        )
    except ValidationError as error:
        first = error.errors()[0]
        return f"squad {squad[:80]}: {'.'.join(map(str, first['loc']))}: {first['msg']}"


def _heads(tables: Sequence[BracketTable], key: FeedKey) -> tuple[list[tuple[BracketTable, Bracket]], list[str]]:
    """Each table with its bracket; those that cannot be one, or stand there twice, by what is wrong with them."""
    good: dict[str, tuple[BracketTable, Bracket]] = {}
    bad: list[str] = []
    for table in tables:
        values = (value for row in table.standings for value in (row.tiebreaker_values or {}).values())
        try:
            head = Bracket(
                external_id=str(table.id),
                season=key.season.name,
                league=key.league,
                division=table.name,
                age_group=table.age_group.name,
                gender=table.gender or "male",
                computed=not any(value is not None and value.value is not None for value in values),
            )
        except ValidationError as error:
            first = error.errors()[0]
            bad.append(f"bracket {str(table.id)[:80]}: {'.'.join(map(str, first['loc']))}: {first['msg']}")
            continue
        if head.external_id in good:
            bad.append(f"bracket {head.external_id} stands twice; the first one is kept")
            continue
        good[head.external_id] = (table, head)
    return list(good.values()), bad


def _of_squads(event: Event, own: Mapping[Id, Brackets]) -> tuple[Brackets, Brackets]:
    return own.get(event.home_squad_id, ()), own.get(event.away_squad_id, ())


def _text(value: str | None) -> str | None:
    return (value or "").strip() or None


def _number(value: object) -> str | None:
    return str(value) if isinstance(value, int | str) and not isinstance(value, bool) else None


def _malformed(bad: BadEvent, number: str | None, own: Mapping[Id, Brackets]) -> Rejected:
    """A bad event under the brackets of those of its squads that can be read."""
    squads = (bad.payload.get("home_squad_id"), bad.payload.get("away_squad_id"))
    sides = [own.get(squad, ()) for squad in squads if isinstance(squad, int | str)]
    brackets = tuple(dict.fromkeys(bracket for side in sides for bracket in side))
    return Rejected(number, bad.payload, "bad_field", bad.problem, brackets)
