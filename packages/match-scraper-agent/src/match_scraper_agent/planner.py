"""The plan of a run: what each target needs today, and why. Pure: values in, values out; no clock, no socket.

A document always brings a whole competition, so a plan does not choose matches. It chooses which targets are read at
all, whether the source may answer "unchanged" to them, and how many matches are expected to be there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from typing import Literal

from match_contract import BracketSummary, League, Season, SourceState, season_of
from match_scraper_agent.api import Knowledge
from match_scraper_agent.targets import Target

FULL_SYNC_EVERY = timedelta(days=7)
LOOK_AHEAD = timedelta(days=14)
ENDING = timedelta(days=61)
"""The last two months of a season: play-offs, then nothing new is published."""
STALE_AFTER = timedelta(hours=36)
UNFINISHED = (3, 4)
"""Exit codes of a run that read nothing or could not deliver."""

Need = Literal["full", "scores", "kick_offs", "nothing"]

KEY_OF_LEAGUE = {
    League.HOMEGROWN: "mls-next-league-{}",
    League.FLEX: "mls-next-flex-{}",
    League.ACADEMY: "mls-next-2-academy-division-{}",
}
"""Names of the feeds as the site has them today; discovery's own keys win over these."""


@dataclass(frozen=True)
class Window:
    """Local dates of the matches that a run submits, both ends included; None is open."""

    first: date | None = None
    last: date | None = None

    def holds(self, day: date) -> bool:
        return (self.first is None or day >= self.first) and (self.last is None or day <= self.last)

    @property
    def is_open(self) -> bool:
        return self.first is None and self.last is None


EVERY_DAY = Window()


@dataclass(frozen=True)
class TargetPlan:
    """What a target needs. `planned` counts the matches that the database expects there (None: it does not know yet).

    `conditional`: the source may answer that nothing has changed.
    """

    target: Target
    need: Need
    conditional: bool
    planned: int | None
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """The plan of a run, with what a person should be warned of.

    `observed`: when the source wrote what the database holds of each key. `watched` are brackets within the targets
    that may be looked at more closely; they are read with their league.
    """

    season: Season
    today: date
    targets: tuple[TargetPlan, ...]
    window: Window = EVERY_DAY
    warnings: tuple[str, ...] = ()
    observed: Mapping[str, datetime] = field(default_factory=dict)
    watched: tuple[TargetPlan, ...] = ()

    def of(self, name: str) -> TargetPlan:
        """The plan of one target; KeyError where it is not in the run."""
        return next(item for item in self.targets if item.target.name == name)

    @property
    def due(self) -> tuple[TargetPlan, ...]:
        """The targets that the run has to read and submit."""
        return tuple(item for item in self.targets if item.need != "nothing")


def key_of(league: League, season: Season) -> str:
    """The feed key under which the site publishes a league's season today: "mls-next-league-26-27"."""
    return KEY_OF_LEAGUE[league].format(season.key_suffix)


def known_brackets(target: Target, knowledge: Knowledge) -> tuple[BracketSummary, ...]:
    """The brackets of a target that the database has already."""
    if knowledge.summary is None:
        return ()
    return tuple(
        bracket
        for bracket in knowledge.summary.brackets
        if bracket.league is target.league
        and (target.division is None or bracket.division.casefold() == target.division.casefold())
        and (target.age_group is None or bracket.age_group == target.age_group)
    )


def covers(state: SourceState, scope: frozenset[str] | None) -> bool:
    """True where what landed holds every bracket of `scope` (None: all of them)."""
    return state.scope is None or (scope is not None and scope <= set(state.scope))


def _plural(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"


def _why_full(
    planned: int | None, landed_at: datetime | None, *, now: datetime, error: str | None, last_failed: str | None
) -> str | None:
    """Why everything has to be read, whatever the source's validators say; None where it has not."""
    if error is not None:
        return "what the database knows could not be asked, so everything is read"
    if not planned or landed_at is None:
        return "the database knows no match of it yet"
    if last_failed is not None:
        return f"{last_failed}, so everything is read again"
    if now - landed_at >= FULL_SYNC_EVERY:
        return f"weekly full sync: the last one landed on {landed_at:%a %d %b}"
    return None


def _why_light(
    brackets: Sequence[BracketSummary], *, now: datetime, ending: bool, forced: bool
) -> tuple[Need, str] | None:
    """Scores before kick-offs; None where the season is ending, every known match is over and nobody asked."""
    awaiting = sum(bracket.awaiting_score for bracket in brackets)
    if awaiting:
        return "scores", f"{_plural(awaiting, 'played match has', 'played matches have')} no score yet"
    soon = [bracket.next_kick_off for bracket in brackets if bracket.next_kick_off is not None]
    if soon and min(soon) <= now + LOOK_AHEAD:
        return "kick_offs", f"next kick-off {min(soon):%a %d %b %H:%M} UTC"
    if soon or any(bracket.scheduled for bracket in brackets):
        return "kick_offs", "matches are still to come: dates may move"
    if not ending:
        return "kick_offs", "no match is ahead: new ones may be published"
    return ("scores", "asked for, although every known match is over") if forced else None


def plan_target(
    target: Target, *, now: datetime, season: Season, knowledge: Knowledge, last_failed: str | None, forced: bool
) -> TargetPlan:
    """What one target needs at `now`. `forced`: a person asked for it by name or by dates, so it is read anyway."""
    brackets = known_brackets(target, knowledge)
    landed = [state.landed_at for state in knowledge.sources if state.league is target.league]
    landed_at = max(landed, default=None)
    planned = sum(bracket.matches for bracket in brackets) if brackets else None
    full = _why_full(planned, landed_at, now=now, error=knowledge.error, last_failed=last_failed)
    if full is not None:
        return TargetPlan(target, "full", False, planned, (full,))
    ending = now.date() > season.last_day - ENDING
    light = _why_light(brackets, now=now, ending=ending, forced=forced)
    if light is not None:
        return TargetPlan(target, light[0], True, planned, (light[1],))
    due = f"{landed_at + FULL_SYNC_EVERY:%a %d %b}" if landed_at else "today"
    reason = f"every known match is over; the weekly full sync is due {due}"
    return TargetPlan(target, "nothing", False, planned, (reason,))


def make_plan(
    targets: Sequence[Target],
    *,
    now: datetime,
    knowledge: Knowledge,
    season: Season | None = None,
    window: Window = EVERY_DAY,
    forced: bool = False,
    crashed: str | None = None,
    watched: Sequence[Target] = (),
) -> Plan:
    """The plan for `targets` at `now`. `crashed`: how the run before ended that never said so."""
    chosen = season or season_of(now.date())
    failed = crashed
    warnings = [knowledge.error] if knowledge.error else []
    if crashed:
        warnings.append(crashed)
    runs = knowledge.summary.last_runs if knowledge.summary else ()
    if runs:
        last = max(runs, key=lambda run: run.started_at)
        if last.exit_code in UNFINISHED:
            failed = failed or f"the last run ended with exit code {last.exit_code}"
    leagues = {target.league for target in targets}
    observed: dict[str, datetime] = {}
    for state in knowledge.sources:
        if state.league in leagues:
            observed[state.key] = max(state.observed_at, observed.get(state.key, state.observed_at))
    plan_one = partial(
        plan_target,
        now=now,
        season=chosen,
        knowledge=knowledge,
        last_failed=failed,
        forced=forced or not window.is_open,
    )
    return Plan(
        season=chosen,
        today=now.date(),
        targets=tuple(plan_one(target) for target in targets),
        watched=tuple(plan_one(target) for target in watched if target.name not in {one.name for one in targets}),
        window=window,
        warnings=tuple(warnings),
        observed=observed,
    )


def stale_lines(observed: Mapping[str, datetime], *, now: datetime, season: Season) -> tuple[str, ...]:
    """A sentence for each key whose data in the database are older than 36 h, in season alone. Pure."""
    if not season.first_day <= now.date() <= season.last_day:
        return ()
    limit = int(STALE_AFTER.total_seconds() // 3600)
    return tuple(
        f"{key}: what is in the database was observed {int((now - at).total_seconds() // 3600)} h ago, more than "
        f"{limit} h in season"
        for key, at in observed.items()
        if now - at > STALE_AFTER
    )


def check_window(window: Window, season: Season) -> str | None:
    """What is wrong with a window of dates, as a sentence; None: it makes sense."""
    if window.first and window.last and window.first > window.last:
        return f"--from {window.first} lies after --to {window.last}"
    for day in (window.first, window.last):
        if day and not season.first_day <= day <= season.last_day:
            return f"{day} lies outside the season {season.name} ({season.first_day} to {season.last_day})"
    return None
