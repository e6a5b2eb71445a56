"""Every way in which the model fails the run: the plan lands all the same, the report says what happened, exit 0."""

from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from devstack.testing.agent_workshop import HOMEGROWN, SYNCED, Workshop, by_name, reading
from devstack.testing.gateway import Gateway
from match_scraper_agent.report import RunResult, exit_code, printed

SCRIPTS = Path(__file__).parent / "scripts"


def lands_with(result: RunResult, warning: str) -> None:
    """Everything landed, and one warning holds this text."""
    assert exit_code(result) == 0, printed(result)
    assert {by_name(result)[name].outcome for name in HOMEGROWN} == {"landed"}
    assert sum(item.counts.inserted for item in result.targets) == 16
    assert any(warning in text for text in result.warnings), result.warnings


async def test_no_key(workshop: Workshop) -> None:
    result = await workshop.run()
    lands_with(result, "no AGENT_PROXY_KEY is set: this run went without a model")
    assert result.usage.model is None


async def test_no_proxy_on_purpose(metered: Workshop, gateway: Gateway) -> None:
    lands_with(await metered.plain(), "this run went without a model (--no-proxy)")
    assert gateway.upstream.served() == []
    assert gateway.accounts() == []


async def test_proxy_down(workshop: Workshop) -> None:
    workshop.settings = workshop.settings.model_copy(
        update={"proxy_url": "http://127.0.0.1:1", "proxy_key": SecretStr("ann.secret")}
    )
    lands_with(await workshop.run(), "iron-claw at http://127.0.0.1:1 does not answer")


async def test_wrong_key(metered: Workshop) -> None:
    metered.settings = metered.settings.model_copy(update={"proxy_key": SecretStr("ann.wrong")})
    result = await metered.run()
    lands_with(result, "AGENT_PROXY_KEY")
    assert "ann.wrong" not in printed(result)


@pytest.mark.parametrize("gateway", [{"IRON_CLAW_MODE": "bare"}], indirect=True)
async def test_bare_mode_is_a_run_with_a_model(metered: Workshop, gateway: Gateway) -> None:
    result = await metered.run()
    assert exit_code(result) == 0, printed(result)
    assert result.usage.tokens_in == gateway.upstream.served_tokens()[0]
    assert gateway.accounts() == []


async def test_radius_down(metered: Workshop, gateway: Gateway) -> None:
    gateway.radius.stop()
    lands_with(await metered.run(), "iron-claw")


async def test_a_budget_that_fits_no_call(metered: Workshop, gateway: Gateway) -> None:
    gateway.grant(MT_Token_Budget=500)
    lands_with(await metered.run(), "429")
    assert gateway.upstream.served() == []


async def test_a_budget_that_ends_in_the_middle(metered: Workshop, gateway: Gateway) -> None:
    gateway.grant(MT_Token_Budget=3_500)
    result = await metered.run()
    lands_with(result, "429")
    served = gateway.upstream.served()
    assert len(served) >= 1
    assert result.usage.tokens_in + result.usage.tokens_out == sum(gateway.upstream.served_tokens())


@pytest.mark.parametrize("gateway", [{"IRON_CLAW_POLICY_MODE": "monitor"}], indirect=True)
async def test_the_same_budget_in_monitor_mode_is_only_said(metered: Workshop, gateway: Gateway) -> None:
    gateway.grant(MT_Token_Budget=1_500)
    result = await metered.run()
    lands_with(result, "monitor")
    assert result.usage.calls == len(gateway.upstream.served()) == 4


LOW = {"IRON_CLAW_DOWNGRADE_PCT": "25", "IRON_CLAW_REDUCE_PCT": "40"}


@pytest.mark.parametrize(
    ("gateway", "models"),
    [
        (LOW, ["claude-sonnet-4-6", "claude-sonnet-4-6", "claude-haiku-4-5", "claude-haiku-4-5"]),
        ({**LOW, "IRON_CLAW_POLICY_MODE": "monitor"}, ["claude-sonnet-4-6"] * 4),
    ],
    ids=["enforce", "monitor"],
    indirect=["gateway"],
)
async def test_a_low_budget_is_said_and_in_enforce_mode_worked_with_the_cheaper_model(
    metered: Workshop, gateway: Gateway, models: list[str]
) -> None:
    gateway.grant(MT_Token_Budget=6_900)
    metered.settings = metered.settings.model_copy(update={"model": "claude-sonnet-4-6"})
    result = await metered.run()
    lands_with(result, "the gateway's ladder stands at 'reduce'")
    assert [call["model"] for call in gateway.upstream.served()] == models
    fell_back = any("claude-haiku-4-5 answered, not claude-sonnet-4-6" in text for text in result.warnings)
    assert fell_back == (models[-1] == "claude-haiku-4-5")


FAULTS: list[tuple[dict[str, object], str]] = [
    ({"kind": "status", "status": 429, "retry_after": 300}, "429"),
    ({"kind": "status", "status": 529}, "overloaded (529"),
    ({"kind": "status", "status": 500}, "the model answers 500"),
    ({"kind": "status", "status": 401}, "refuses the key (401"),
    ({"kind": "nonsense"}, "model"),
    ({"kind": "reset_before"}, "model"),
    ({"kind": "reset", "skip": 1}, "model"),
    ({"kind": "close", "skip": 1}, "model"),
    ({"kind": "error_event", "skip": 1}, "model"),
]


async def test_whatever_upstream_does_the_plan_lands(metered: Workshop, gateway: Gateway) -> None:
    for number, (fault, warning) in enumerate(FAULTS):
        metered.source.feed = reading(observed=SYNCED + timedelta(minutes=number), etag=f'"{number}"')
        gateway.upstream.knobs(faults=[{**fault, "times": 0}])
        result = await metered.run()
        assert exit_code(result) == 0, (fault, printed(result))
        assert {by_name(result)[name].outcome for name in HOMEGROWN} == {"landed"}, fault
        said = [text for text in result.warnings if "without the model from there on" in text]
        assert said and warning in said[0], (fault, result.warnings)
    assert metered.count("matches") == 16


async def test_a_model_that_never_answers_is_left_after_the_timeout(metered: Workshop, gateway: Gateway) -> None:
    gateway.upstream.knobs(faults=[{"kind": "hang", "times": 0}])
    metered.settings = metered.settings.model_copy(update={"model_timeout_s": 0.5})
    lands_with(await metered.run(), "the model took longer than 0.5 s")


async def test_radius_allows_another_model(metered: Workshop, gateway: Gateway) -> None:
    gateway.grant(MT_Model_Allowed="claude-sonnet-4-6")
    result = await metered.run()
    assert exit_code(result) == 0, printed(result)
    assert any("claude-sonnet-4-6" in text for text in result.warnings), result.warnings


@pytest.mark.parametrize("scripted_anthropic", [SCRIPTS / "loops.toml"], indirect=True)
async def test_a_model_that_loops_is_stopped_by_the_limits(metered: Workshop, gateway: Gateway) -> None:
    result = await metered.run()
    lands_with(result, "used up the limits of a run")
    assert len(gateway.upstream.served()) <= 12
    assert result.usage.tokens_in + result.usage.tokens_out == sum(gateway.upstream.served_tokens())


@pytest.mark.parametrize("scripted_anthropic", [SCRIPTS / "liar.toml"], indirect=True)
async def test_a_model_that_lies_about_counts_changes_no_count(metered: Workshop) -> None:
    result = await metered.run()
    assert exit_code(result) == 0, printed(result)
    assert [by_name(result)[name].counts.inserted for name in HOMEGROWN] == [4, 4, 4, 4]
    assert metered.count("matches") == 16


@pytest.mark.parametrize("scripted_anthropic", [SCRIPTS / "everything_at_once.toml"], indirect=True)
async def test_a_model_that_calls_everything_at_once_and_twice_sends_each_match_once(metered: Workshop) -> None:
    result = await metered.run()
    assert exit_code(result) == 0, printed(result)
    assert metered.count("ingest_batches where kind = 'snapshot'") == 1
    assert metered.rows("select sum(inserted), sum(unchanged) from ingest_batches where kind = 'batch'") == [(16, 0)]
    assert len(metered.source.asked) == 1


@pytest.mark.parametrize("scripted_anthropic", [SCRIPTS / "confused.toml"], indirect=True)
async def test_a_confused_model_is_told_what_to_mend(metered: Workshop, gateway: Gateway) -> None:
    result = await metered.run("u14-hg-northeast")
    assert exit_code(result) == 0, printed(result)
    assert result.warnings == ()
    assert len(gateway.upstream.served()) == 6
    assert metered.count("matches") == 4


@pytest.mark.parametrize("scripted_anthropic", [SCRIPTS / "nonsense_tools.toml"], indirect=True)
async def test_nonsense_calls_change_nothing(metered: Workshop) -> None:
    result = await metered.run()
    assert exit_code(result) == 0, printed(result)
    assert metered.count("matches") == 16
    assert metered.rows("select sum(rejected) from ingest_batches") == [(0,)]
