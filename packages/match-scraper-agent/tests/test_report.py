"""The report: counts, exit code, what a person reads."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from match_contract import Counts, League, Rejection, RunReport
from match_scraper_agent.report import (
    Outcome,
    RunResult,
    TargetResult,
    Usage,
    change_line,
    exit_code,
    next_due,
    printed,
    run_report,
    webhook_message,
)
from match_scraper_agent.targets import Target

RUN = "00000000-0000-4000-8000-000000000001"
AT = datetime(2026, 10, 5, 14, 1, tzinfo=UTC)
NORTHEAST = Target(name="u14-hg-northeast", league=League.HOMEGROWN, division="Northeast", age_group="U14")
ACADEMY = Target(name="u14-academy-new-england", league=League.ACADEMY, division="New England", age_group="U14")


def target(outcome: Outcome, *, could_read: bool = True, **counts: int) -> TargetResult:
    return TargetResult(NORTHEAST, outcome, 240, sum(counts.values()), Counts(**counts), "", could_read)


def result(*targets: TargetResult, **more: object) -> RunResult:
    known: dict[str, object] = {"run_id": RUN, "started_at": AT, "ended_at": AT, "targets": targets}
    return RunResult(**{**known, **more})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("targets", "code"),
    [
        ([target("landed", inserted=3)], 0),
        ([target("unchanged", unchanged=3)], 0),
        ([target("not_published")], 0),
        ([target("nothing_due")], 0),
        ([target("landed", inserted=3), target("not_published")], 0),
        ([target("landed", inserted=3, rejected=1)], 1),
        ([target("failed")], 1),
        ([target("landed", inserted=3), target("failed", could_read=False)], 1),
        ([target("failed", could_read=False), target("not_published")], 3),
        ([target("failed", could_read=False)], 3),
        ([target("undelivered")], 4),
        ([target("undelivered"), target("failed")], 4),
        ([target("dry_run")], 0),
    ],
)
def test_the_exit_code_is_the_one_of_the_design(targets: list[TargetResult], code: int) -> None:
    assert exit_code(result(*targets)) == code


def test_what_waits_in_the_outbox_is_exit_4_even_when_all_targets_landed() -> None:
    assert exit_code(result(target("landed", inserted=1), undelivered=("the run report waits",))) == 4


def test_a_warning_changes_no_exit_code() -> None:
    assert exit_code(result(target("landed", inserted=1), warnings=("the model was not there",))) == 0


outcomes = st.sampled_from(["landed", "unchanged", "not_published", "nothing_due", "failed", "undelivered"])
anything = st.builds(
    TargetResult,
    st.sampled_from([NORTHEAST, ACADEMY]),
    outcomes,
    st.integers(0, 900),
    st.integers(0, 900),
    st.builds(Counts, inserted=st.integers(0, 900), rejected=st.integers(0, 2)),
    st.text(max_size=20),
    st.booleans(),
)


@given(st.lists(anything, max_size=5))
def test_green_means_landed(targets: list[TargetResult]) -> None:
    green = {"landed", "unchanged", "not_published", "nothing_due"}
    code = exit_code(result(*targets))
    if code == 0:
        assert all(item.outcome in green and not item.counts.rejected for item in targets)
    else:
        assert any(item.outcome not in green or item.counts.rejected or not item.could_read for item in targets)


@given(st.lists(anything, max_size=5))
def test_the_message_says_the_same_as_the_result(targets: list[TargetResult]) -> None:
    report = RunReport.model_validate(run_report(result(*targets)).model_dump(mode="json"))
    assert [(item.target, item.found, item.inserted, item.rejected) for item in report.targets] == [
        (item.target.name, item.found, item.counts.inserted, item.counts.rejected) for item in targets
    ]
    assert report.exit_code == exit_code(result(*targets))


def test_what_nobody_expected_is_unknown_and_never_zero() -> None:
    first = TargetResult(NORTHEAST, "landed", None, 4, Counts(inserted=4))
    assert run_report(result(first)).targets[0].planned is None
    (row,) = [line.split() for line in printed(result(first)).splitlines() if line.startswith(NORTHEAST.name)]
    assert row[1:4] == ["-", "4", "4"]


def test_an_unknown_cost_is_unknown_and_never_zero() -> None:
    usage = Usage("claude-haiku-4-5", 5000, 300, None, 4)
    assert run_report(result(usage=usage)).cost_micro_usd is None
    assert "cost unknown" in printed(result(usage=usage))
    assert "$0.0065" in printed(result(usage=Usage("claude-haiku-4-5", 5000, 300, 6500, 4)))


def test_the_text_holds_every_number_in_plain_characters() -> None:
    text = printed(
        result(
            target("landed", inserted=11, updated=22, unchanged=33, protected=4, rejected=5),
            rejections=(
                Rejection(external_id="26029", reason="malformed", detail="no date", target="u14-hg-northeast"),
            ),
            warnings=("the gateway does not answer",),
        )
    )
    row = next(line for line in text.splitlines() if line.startswith("u14-hg-northeast"))
    assert row.split() == ["u14-hg-northeast", "240", "75", "11", "22", "33", "4", "5", "landed"]
    assert "rejected 26029 (u14-hg-northeast): malformed: no date" in text
    assert "WARNING the gateway does not answer" in text
    assert "\x1b" not in text


def test_every_unresolved_name_is_told_once_however_many_matches_wait_for_it() -> None:
    unknown = "no team is called 'Harbour One': add an alias and replay"
    rejections = [
        Rejection(external_id=f"m{number}", reason="unknown_team", detail=unknown, target="u14-hg-northeast")
        for number in range(30)
    ]
    text = printed(result(target("landed", rejected=30), rejections=tuple(rejections)))
    assert text.count("unresolved name (30 matches): no team is called 'Harbour One'") == 1


def test_the_message_says_how_much_waits_in_the_outbox() -> None:
    assert run_report(result(target("landed"), in_outbox=4)).outbox == 4


def test_a_second_run_says_that_there_was_nothing_new() -> None:
    assert "Nothing new" in printed(result(target("unchanged", unchanged=240)))


def test_a_dry_run_says_that_nothing_was_written() -> None:
    assert "nothing was written" in printed(result(target("dry_run"), dry_run=True))


@given(st.datetimes(datetime(2020, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC)))
def test_the_next_run_is_the_next_two_o_clock(now: datetime) -> None:
    due = next_due(now)
    assert 0 < (due - now).total_seconds() <= 86400
    assert (due.hour, due.minute) == (14, 0)


def test_the_webhook_gets_text_for_a_person_and_the_run_for_a_program() -> None:
    message = webhook_message(result(target("landed", inserted=3)))
    assert message["text"].startswith("target")
    assert message["run"]["run_id"] == RUN


def test_a_change_is_told_with_its_score_first_and_then_whatever_else_changed() -> None:
    match = {"age_group": "U14", "division": "Florida", "home": {"name": "Harbor FC"}, "away": {"name": "Quarry SC"}}
    changes = [
        {"field": "division", "before": "Northeast", "after": "Florida"},
        {"field": "status", "before": "tbd", "after": "completed"},
        {"field": "score", "before": None, "after": "2-1"},
        {"field": "kick_off", "before": "2026-09-12", "after": "2026-09-13"},
    ]
    told = change_line(match, changes)
    assert told == (
        "U14 Florida: Harbor FC - Quarry SC 2-1 kick-off 2026-09-12 -> 2026-09-13, division Northeast -> Florida"
    )


def test_the_report_as_json_says_what_the_screen_says() -> None:
    rejections = [
        Rejection(external_id=str(number), reason="malformed", detail="no date", home="Harbor FC", away="Quarry SC")
        for number in range(21)
    ]
    usage = Usage("claude-haiku-4-5", 1_000, 50, 1_500, 3, budget=50_000, budget_used=1_050)
    ended = result(
        target("landed", inserted=3),
        usage=usage,
        changes=("U14 Northeast: Harbor FC - Quarry SC 2-1",),
        awaited=("u14-hg-northeast: 1 played match has no score yet",),
        rejections=tuple(rejections),
    )
    report = run_report(ended).model_dump(mode="json")
    assert (report["budget"], report["budget_used"]) == (50_000, 1_050)
    assert (report["changes"], report["awaited"]) == (list(ended.changes), list(ended.awaited))
    assert [item["home"] for item in report["rejections"]] == ["Harbor FC"] * 20
    assert "rejected 0 (no target): Harbor FC - Quarry SC: malformed: no date" in printed(ended)
    assert "and 1 more: missing-table quarantine list" in printed(ended)
