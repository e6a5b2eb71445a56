"""The plan: what each target needs, and why."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from match_contract import BracketSummary, League, MatchSummary, RunSummary, Season, SourceState
from match_scraper_agent.agent import prompt
from match_scraper_agent.api import Knowledge
from match_scraper_agent.planner import Plan, Window, check_window, covers, key_of, make_plan, stale_lines
from match_scraper_agent.settings import SettingsError, load_prompt
from match_scraper_agent.targets import DEFAULT_FILE, EVERY_LEAGUE, Target, choose, load_club, load_targets

NOW = datetime(2026, 10, 5, 14, tzinfo=UTC)
TARGET = Target(name="u14-hg-northeast", league=League.HOMEGROWN, division="Northeast", age_group="U14")


def bracket(**values: object) -> BracketSummary:
    known: dict[str, object] = {
        "external_id": "649",
        "bracket_id": 1,
        "league": "Homegrown",
        "division": "Northeast",
        "age_group": "U14",
        "teams": 16,
        "matches": 240,
        "completed": 40,
        "tbd": 0,
        "awaiting_score": 0,
        "last_score_observed_at": None,
        "synced_at": None,
        "scheduled": 200,
        "next_kick_off": NOW + timedelta(days=5),
    }
    return BracketSummary.model_validate({**known, **values})


def state(**values: object) -> SourceState:
    known: dict[str, object] = {
        "source": "assist",
        "site": "viewer",
        "key": "mls-next-league-26-27",
        "season": "2026-27",
        "league": "Homegrown",
        "observed_at": NOW - timedelta(hours=10),
        "landed_at": NOW - timedelta(hours=9),
        "matches": 992,
        "scored": 100,
        "scope": ["649"],
        "documents": [],
    }
    return SourceState.model_validate({**known, **values})


def knowledge(
    brackets: tuple[BracketSummary, ...] = (), sources: tuple[SourceState, ...] = (), runs: tuple[RunSummary, ...] = ()
) -> Knowledge:
    return Knowledge(
        MatchSummary(season="2026-27", today=NOW.date(), brackets=list(brackets), last_runs=list(runs)), sources
    )


def plan_of(known: Knowledge, **more: object) -> Plan:
    return make_plan([TARGET], now=NOW, knowledge=known, **more)  # type: ignore[arg-type]


def test_a_target_that_nobody_has_read_yet_needs_everything() -> None:
    item = plan_of(knowledge()).of(TARGET.name)
    assert (item.need, item.conditional, item.planned) == ("full", False, None)


def test_an_unreachable_api_reads_everything_and_says_so() -> None:
    plan = plan_of(Knowledge(error="the API does not answer"))
    assert (plan.of(TARGET.name).need, plan.of(TARGET.name).planned) == ("full", None)
    assert plan.warnings == ("the API does not answer",)


def test_a_missing_score_is_looked_for_as_long_as_it_is_missing() -> None:
    item = plan_of(knowledge((bracket(awaiting_score=3),), (state(),))).of(TARGET.name)
    assert (item.need, item.conditional, item.planned) == ("scores", True, 240)
    assert item.reasons == ("3 played matches have no score yet",)


def test_a_kick_off_within_two_weeks_is_looked_at() -> None:
    item = plan_of(knowledge((bracket(),), (state(),))).of(TARGET.name)
    assert (item.need, item.reasons) == ("kick_offs", ("next kick-off Sat 10 Oct 14:00 UTC",))


def test_a_week_after_the_last_landing_everything_is_read() -> None:
    item = plan_of(knowledge((bracket(),), (state(landed_at=NOW - timedelta(days=7)),))).of(TARGET.name)
    assert (item.need, item.conditional) == ("full", False)
    assert item.reasons == ("weekly full sync: the last one landed on Mon 28 Sep",)


def test_a_season_that_is_over_needs_nothing_unless_somebody_asks() -> None:
    june = datetime(2027, 6, 20, 14, tzinfo=UTC)
    known = knowledge((bracket(scheduled=0, next_kick_off=None),), (state(landed_at=june - timedelta(days=1)),))
    plan = make_plan([TARGET], now=june, knowledge=known)
    assert plan.of(TARGET.name).need == "nothing"
    assert plan.due == ()
    assert make_plan([TARGET], now=june, knowledge=known, forced=True).of(TARGET.name).need == "scores"


def test_a_season_under_way_without_a_match_ahead_is_looked_at_for_new_ones() -> None:
    item = plan_of(knowledge((bracket(scheduled=0, next_kick_off=None),), (state(),))).of(TARGET.name)
    assert (item.need, item.conditional) == ("kick_offs", True)


@pytest.mark.parametrize(("code", "need"), [(4, "full"), (3, "full"), (1, "kick_offs"), (0, "kick_offs")])
def test_a_run_that_could_not_read_or_deliver_is_made_good(code: int, need: str) -> None:
    runs = (
        RunSummary(run_id="b", started_at=NOW - timedelta(days=1), ended_at=None, exit_code=code),
        RunSummary(run_id="a", started_at=NOW - timedelta(days=2), ended_at=None, exit_code=3 if code == 0 else 0),
    )
    assert plan_of(knowledge((bracket(),), (state(),), runs)).of(TARGET.name).need == need


def test_a_run_that_never_ended_is_said_and_made_good() -> None:
    plan = plan_of(knowledge((bracket(),), (state(),)), crashed="the run x never ended")
    assert plan.of(TARGET.name).need == "full"
    assert "the run x never ended" in plan.warnings


def test_data_older_than_36_hours_is_a_warning_in_season_alone() -> None:
    older, newer = state(observed_at=NOW - timedelta(hours=99)), state(observed_at=NOW - timedelta(hours=37))
    plan = plan_of(knowledge((bracket(),), (newer, older, state(league="Flex", key="mls-next-flex-26-27"))))
    assert plan.observed == {"mls-next-league-26-27": newer.observed_at}
    (said,) = stale_lines(plan.observed, now=NOW, season=plan.season)
    assert "37 h ago, more than 36 h in season" in said
    assert stale_lines(plan.observed, now=NOW - timedelta(hours=1), season=plan.season) == ()
    assert stale_lines(plan.observed, now=NOW, season=Season(2025)) == ()


@given(st.dates(date(2020, 1, 1), date(2090, 12, 31)))
def test_the_season_and_its_keys_follow_from_the_day(day: date) -> None:
    now = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    plan = make_plan([TARGET], now=now, knowledge=Knowledge())
    assert plan.season.first_day <= day <= plan.season.last_day
    assert Season.from_key(key_of(League.FLEX, plan.season)) == plan.season


@given(
    st.integers(0, 20),
    st.integers(0, 20),
    st.one_of(st.none(), st.timedeltas(timedelta(0), timedelta(days=60))),
    st.timedeltas(timedelta(0), timedelta(days=30)),
    st.booleans(),
)
def test_nothing_is_due_only_when_everything_is_known_and_over(
    awaiting: int, scheduled: int, ahead: timedelta | None, age: timedelta, forced: bool
) -> None:
    june = datetime(2027, 6, 20, 14, tzinfo=UTC)
    next_kick_off = None if ahead is None else june + ahead
    known = knowledge(
        (bracket(awaiting_score=awaiting, scheduled=scheduled, next_kick_off=next_kick_off),),
        (state(landed_at=june - age),),
    )
    item = make_plan([TARGET], now=june, knowledge=known, forced=forced).of(TARGET.name)
    over = not awaiting and not scheduled and ahead is None and age < timedelta(days=7)
    assert (item.need == "nothing") == (over and not forced)
    assert item.conditional == (item.need in ("scores", "kick_offs"))
    assert item.reasons


def test_validators_of_a_narrower_landing_do_not_cover_a_wider_run() -> None:
    assert covers(state(), frozenset({"649"}))
    assert not covers(state(), frozenset({"649", "888"}))
    assert not covers(state(), None)
    assert covers(state(scope=None), frozenset({"888"}))


def test_a_window_outside_the_season_is_refused_in_a_sentence() -> None:
    season = Season(2026)
    assert check_window(Window(), season) is None
    assert check_window(Window(date(2026, 9, 1), date(2026, 10, 1)), season) is None
    assert "lies after" in str(check_window(Window(date(2026, 10, 1), date(2026, 9, 1)), season))
    assert "outside the season 2026-27" in str(check_window(Window(first=date(2020, 1, 1)), season))


def test_every_bracket_of_the_season_is_read_by_default_and_the_files_targets_are_watched() -> None:
    assert choose(load_targets(), []) == EVERY_LEAGUE
    watched = load_targets()
    plan = make_plan(EVERY_LEAGUE, now=NOW, knowledge=knowledge((bracket(),), (state(),)), watched=watched)
    assert [item.target for item in plan.watched] == list(watched)
    assert next(item.planned for item in plan.watched if item.target.name == TARGET.name) == 240
    assert not {item.target for item in plan.due} & set(watched)
    text = prompt(plan, load_prompt(), load_club())
    assert "all-homegrown, all-academy, all-flex" in text
    assert ", ".join(target.name for target in watched) in text
    assert make_plan(watched, now=NOW, knowledge=knowledge(), watched=watched).watched == ()


def test_the_club_is_a_fact_of_the_targets_file(tmp_path: Path) -> None:
    assert load_club() == "IFA"
    file = tmp_path / "targets.toml"
    file.write_text(DEFAULT_FILE.read_text().replace('club = "IFA"', ""))
    assert load_club(file) is None
    file.write_text("club = 7\n")
    with pytest.raises(SettingsError, match="malformed: club: 7 is not a name"):
        load_club(file)


def test_every_fact_of_the_prompt_is_filled_in_from_data() -> None:
    plan = plan_of(knowledge())
    text = prompt(plan, load_prompt(), load_club())
    for fact in ("2026-27", "Monday 2026-10-05", "u14-hg-northeast", "people of IFA"):
        assert fact in text
    assert "{" not in text
    assert "people of every club" in prompt(plan, load_prompt())
    assert prompt(plan, "mine: {targets}, {unknown}") == "mine: u14-hg-northeast, {unknown}"


def test_all_means_every_league_and_an_unknown_target_names_the_known_ones() -> None:
    assert choose(load_targets(), ["u14-hg-florida", "all"]) == EVERY_LEAGUE
    with pytest.raises(SettingsError, match=r"unknown target 'u15'.*u14-hg-northeast"):
        choose(load_targets(), ["u15"])
