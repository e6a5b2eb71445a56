"""Read the viewer's two documents: bytes in, typed structs out. What they mean together is `squads` and `matches`.

A document that is as agreed is decoded in one go. One that is not is taken apart, so that a bad field costs that field,
a bad event that event, a bad bracket that bracket. Unknown fields are ignored.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any

import msgspec

from match_scraper.assist import mending
from match_scraper.assist.mending import INTEGERS, Notes, Odd, entity, flag, goals, identifier, items, words
from match_scraper.assist.structs import (
    AgeGroup,
    BracketTable,
    CompetitionSeason,
    Event,
    Named,
    Organisation,
    Row,
    Schedule,
    Standings,
    Team,
    Value,
)
from match_scraper.values import Linked

TEAM_UNKNOWN = "opponent not known yet"
DATE_UNKNOWN = "date not set"


class Malformed(ValueError):
    """A document that cannot be read at all. `str()` gives the path of the first bad field and what stands there."""


@dataclass(frozen=True, slots=True)
class BadEvent:
    """An event without what is essential: its place in the document, what it was, what is wrong, where."""

    index: int
    payload: Mapping[str, Any]
    problem: str


@dataclass(frozen=True, slots=True)
class Undecided:
    """An event whose sides or date nobody knows yet: its number, and what is not known."""

    number: str
    reason: str


@dataclass(frozen=True, slots=True)
class Documents:
    """Both documents, typed. `places` are the events' places in the schedule, None where every event stands there.

    `bad_rows` are problems of the standings, each with its path; `left_out` are squads of brackets that cannot be
    read, with the bracket; `notes` are the fields that were left out.
    """

    schedule: Schedule
    standings: Standings
    bad_events: tuple[BadEvent, ...] = ()
    undecided: tuple[Undecided, ...] = ()
    places: tuple[int, ...] | None = None
    bad_rows: tuple[str, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def events(self) -> int:
        """Return how many events stand in the schedule, whatever can be read of them."""
        return len(self.schedule.events) + len(self.bad_events) + len(self.undecided)


_SCHEDULE = msgspec.json.Decoder(Schedule)
_STANDINGS = msgspec.json.Decoder(Standings)
MOST_DIGITS = 40
MARK = b"\xef\xbb\xbf"


def parse(schedule: bytes, standings: bytes) -> Documents:
    """Read both bodies; raises Malformed where a document as a whole is not what it should be."""
    try:
        events: Schedule | None = _SCHEDULE.decode(schedule.removeprefix(MARK))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        events = None  # taken apart below
    try:
        tables: Standings | None = _STANDINGS.decode(standings.removeprefix(MARK))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        tables = None
    if events is not None and tables is not None:
        return Documents(events, tables)
    return _Apart(schedule, standings).documents(events, tables)


def loosely(body: bytes, what: str) -> dict[str, Any]:
    """Read a body as JavaScript would, and more: a byte order mark, half characters, NaN. Raises Malformed."""
    try:
        encoding = json.detect_encoding(body)
        content = json.loads(body.decode(encoding, "replace"), parse_constant=lambda _: None, parse_int=_integer)
    except (ValueError, RecursionError) as error:
        raise Malformed(f"the {what} is no JSON: {error}") from error
    if not isinstance(content, dict):
        raise Malformed(f"the {what} is {type(content).__name__} where an object should be")
    return content


def _integer(digits: str) -> int | float:
    """Read an integer; one of more digits than any number has is a float, which costs what reads it alone."""
    return int(digits) if len(digits) <= MOST_DIGITS else float(digits)


def event_payloads(body: bytes) -> list[Mapping[str, Any]]:
    """Return all events of a schedule as they came, for the few that are rejected after they were decoded."""
    return [_payload(item) for item in items(loosely(body, "schedule")["events"])]


def _payload(content: Any) -> Mapping[str, Any]:
    return content if isinstance(content, dict) else {"value": content}


class _BadField(Exception):
    """Something essential is missing or odd: the path of the field, and what is wrong with it."""


class _Apart:
    """Takes documents apart that are not as agreed."""

    def __init__(self, schedule: bytes, standings: bytes) -> None:
        self._schedule = schedule
        self._standings = standings
        self._notes = Notes()
        self._bad_events: list[BadEvent] = []
        self._undecided: list[Undecided] = []
        self._places: list[int] | None = None
        self._counted = False
        self._bad_rows: list[str] = []
        self._left_out: dict[str, str] = {}

    def documents(self, schedule: Schedule | None, standings: Standings | None) -> Documents:
        return Documents(
            self._read_schedule() if schedule is None else schedule,
            self._read_standings() if standings is None else standings,
            tuple(self._bad_events),
            tuple(self._undecided),
            None if self._places is None else tuple(self._places),
            tuple(self._bad_rows),
            self._left_out,
            self._notes.sentences(),
        )

    # the schedule

    def _read_schedule(self) -> Schedule:
        content = loosely(self._schedule, "schedule")
        events: list[Event] = []
        self._places = []
        payloads = _list(content, "events", "schedule")
        starts = [item.get("start_time") for item in payloads if isinstance(item, dict)]
        said = [start for start in starts if not mending.is_nothing(start)]
        self._counted = bool(said) and all(mending.is_counted(start) for start in said)
        for index, payload in enumerate(payloads):
            try:
                found = msgspec.convert(payload, Event)
            except (msgspec.ValidationError, RecursionError):
                try:
                    mended = self._event(payload, f"events[{index}]")
                except _BadField as problem:
                    self._bad_events.append(BadEvent(index, _payload(payload), str(problem)))
                    continue
                if isinstance(mended, Undecided):
                    self._undecided.append(mended)
                    continue
                found = mended
            events.append(found)
            self._places.append(index)
        return Schedule(_synced_at(content, "schedule"), events, _linked(content))

    def _event(self, payload: Any, where: str) -> Event | Undecided:
        """Read an event field by field; raises _BadField where what is essential is odd."""
        if not isinstance(payload, dict):
            raise _BadField(f"{where}: {Odd(payload)} is no event")
        number = self._essential(identifier, payload, "game_key", where)
        if number is None:
            raise _BadField(f"{where}.game_key: a match without a number")
        home = self._essential(identifier, payload, "home_squad_id", where)
        away = self._essential(identifier, payload, "away_squad_id", where)
        start = self._essential(self._moment, payload, "start_time", where)
        if home is None or away is None:
            return Undecided(str(number), TEAM_UNKNOWN)
        if start is None:
            return Undecided(str(number), DATE_UNKNOWN)
        at = f"match {number}"
        moment = start if isinstance(start, datetime) else datetime.combine(start, time(12), UTC)
        return Event(
            game_key=number,
            start_time=moment,
            home_squad_id=home,
            away_squad_id=away,
            local_timezone=self._field(words, payload, "local_timezone", at),
            id=self._field(identifier, payload, "id", at),
            home_squad_name=self._field(words, payload, "home_squad_name", at),
            away_squad_name=self._field(words, payload, "away_squad_name", at),
            home_organisation=self._organisation(payload, "home_organisation", at),
            away_organisation=self._organisation(payload, "away_organisation", at),
            competition=self._named(payload, "competition", at),
            completed=self._field(flag, payload, "completed", at),
            home_score=self._field(goals, payload, "home_score", at),
            away_score=self._field(goals, payload, "away_score", at),
            home_penalty_shootout_score=self._field(goals, payload, "home_penalty_shootout_score", at),
            away_penalty_shootout_score=self._field(goals, payload, "away_penalty_shootout_score", at),
            event_location=self._named(payload, "event_location", at),
            round_number=self._field(_round, payload, "round_number", at),
            day_only=not isinstance(start, datetime),
        )

    def _moment(self, value: Any) -> datetime | date | None:
        """Read a moment; numbers are moments where the whole document writes them so."""
        return mending.moment(value, counted=self._counted)

    @staticmethod
    def _essential(read: Callable[[Any], Any], payload: dict[str, Any], name: str, where: str) -> Any:
        try:
            return read(payload.get(name))
        except Odd as odd:
            raise _BadField(f"{where}.{name}: {odd} cannot be taken") from odd

    def _field(self, read: Callable[[Any], Any], payload: dict[str, Any], name: str, at: str, path: str = "") -> Any:
        """Read a field that decides nothing: what is odd is left out and noted."""
        try:
            return read(payload.get(name))
        except Odd as odd:
            self._notes.leave_out(f"{path}{name}", at, odd)
            return None

    def _organisation(self, payload: dict[str, Any], name: str, at: str) -> Organisation | None:
        content = self._field(entity, payload, name, at)
        if content is None:
            return None
        return Organisation(
            self._field(identifier, content, "id", at, f"{name}."),
            self._field(words, content, "name", at, f"{name}."),
            self._field(words, content, "logo_full_path", at, f"{name}."),
        )

    def _named(self, payload: dict[str, Any], name: str, at: str) -> Named | None:
        content = self._field(entity, payload, name, at)
        if content is None:
            return None
        return Named(
            self._field(identifier, content, "id", at, f"{name}."),
            self._field(words, content, "name", at, f"{name}."),
        )

    # the standings

    def _read_standings(self) -> Standings:
        content = loosely(self._standings, "standings")
        season = content.get("competition_season")
        if not isinstance(season, dict):
            raise Malformed(f"the standings: competition_season: {Odd(season)} is no object")
        brackets: list[BracketTable] = []
        for number, payload in enumerate(_list(season, "competition_brackets", "standings: competition_season")):
            where = f"competition_brackets[{number}]"
            try:
                brackets.append(self._bracket(payload, where))
            except _BadField as problem:
                self._leave_out(payload, where, str(problem))
        key, name = (self._field(words, season, field, "standings") for field in ("key", "name"))
        return Standings(_synced_at(content, "standings"), CompetitionSeason(brackets, key, name), _linked(content))

    def _bracket(self, payload: Any, where: str) -> BracketTable:
        if not isinstance(payload, dict):
            raise _BadField(f"{where}: {Odd(payload)} is no bracket")
        number = self._essential(identifier, payload, "id", where)
        name = self._essential(words, payload, "name", where)
        if number is None or name is None:
            raise _BadField(f"{where}: a bracket without {'a name' if number else 'an id'}")
        age = _age_group(payload.get("age_group"), f"{where} ({name})")
        rows = []
        for index, row in enumerate(self._rows(payload, where)):
            try:
                rows.append(self._row(row, f"{where}.standings[{index}]"))
            except _BadField as problem:
                self._bad_rows.append(str(problem))
        return BracketTable(number, name, age, rows, self._field(words, payload, "gender", f"bracket {number}"))

    def _rows(self, payload: dict[str, Any], where: str) -> list[Any]:
        try:
            return items(payload.get("standings"))
        except Odd as odd:
            raise _BadField(f"{where}.standings: {odd} is no list") from odd

    def _row(self, payload: Any, where: str) -> Row:
        try:
            return msgspec.convert(payload, Row)
        except (msgspec.ValidationError, RecursionError):
            pass  # field by field below
        team = payload.get("team") if isinstance(payload, dict) else None
        if not isinstance(team, dict):
            raise _BadField(f"{where}.team: {Odd(team)} is no team")
        squad = self._essential(identifier, team, "squad_id", f"{where}.team")
        if squad is None:
            raise _BadField(f"{where}.team.squad_id: a row without a squad")
        at = f"squad {squad}"
        return Row(
            Team(
                squad,
                self._field(identifier, team, "organisation_id", at, "team."),
                self._field(words, team, "name", at, "team."),
                self._field(words, team, "logo_url", at, "team."),
            ),
            self._field(_position, payload, "position", at),
            self._values(self._field(entity, payload, "tiebreaker_values", at), at),
        )

    def _values(self, content: dict[str, Any] | None, at: str) -> dict[str, Value | None]:
        """Read published values, each a value or an object that holds one."""
        found: dict[str, Value | None] = {}
        for name, item in (content or {}).items():
            inner = {"value": item.get("value") if isinstance(item, dict) else item}
            value = self._field(words, inner, "value", at, f"tiebreaker_values.{name}.")
            if value is not None:
                found[name] = Value(value)
        return found

    def _leave_out(self, payload: Any, where: str, problem: str) -> None:
        """Leave a bracket out by name; its squads are remembered, so that their matches go nowhere else."""
        self._bad_rows.append(problem)
        label = where
        try:
            rows = items(payload.get("standings")) if isinstance(payload, dict) else []
            name, age = payload.get("name"), payload.get("age_group")
            label = f"{age.get('name') if isinstance(age, dict) else age} {name}"
        except (Odd, AttributeError):
            rows = []
        for row in rows:
            team = row.get("team") if isinstance(row, dict) else None
            try:
                squad = identifier(team.get("squad_id")) if isinstance(team, dict) else None
            except Odd:
                continue
            if squad is not None:
                self._left_out[str(squad)] = label


def _round(value: Any) -> int | None:
    return mending.integer(value, 0, INTEGERS)


def _position(value: Any) -> int | None:
    return mending.integer(value, 1, INTEGERS)


def _age_group(value: Any, where: str) -> AgeGroup:
    """Read an age group such as U14, also written u-14; raises _BadField for what is none, such as U13/14."""
    said = value.get("name") if isinstance(value, dict) else value
    label = str(said).strip().upper().replace("-", "").replace(" ", "") if isinstance(said, str) else ""
    try:
        return msgspec.convert({"name": label}, AgeGroup)
    except msgspec.ValidationError:
        raise _BadField(f"{where}.age_group: {Odd(said)} is no age group") from None


def _synced_at(content: dict[str, Any], what: str) -> datetime:
    said = content.get("synced_at")
    try:
        found = mending.moment(said, counted=True)
    except Odd:
        found = None
    if isinstance(found, datetime):
        return found
    raise Malformed(f"the {what}: synced_at: {Odd(said)} is no moment" if said else f"the {what} has no synced_at")


def _list(content: dict[str, Any], name: str, what: str) -> list[Any]:
    if name not in content:
        raise Malformed(f"the {what}: `{name}` is missing")
    try:
        return items(content[name])
    except Odd as odd:
        raise Malformed(f"the {what}: {name}: {odd} is no list") from odd


def _linked(content: dict[str, Any]) -> list[Linked]:
    """Return the siblings that a document names, those without a key left out."""
    try:
        named = [item for item in items(content.get("linked_competition_seasons")) if isinstance(item, dict)]
    except Odd:
        return []
    return [
        Linked(item["key"], item["name"] if isinstance(item.get("name"), str) else "")
        for item in named
        if isinstance(item.get("key"), str)
    ]
