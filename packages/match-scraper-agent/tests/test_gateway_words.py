"""What check and a run say of the gateway and of the budget, each against a real gateway and a real FreeRADIUS."""

import re

import psycopg
import pytest
from pydantic import SecretStr

from devstack.testing.agent_workshop import Workshop, by_name
from devstack.testing.gateway import Gateway
from match_scraper_agent.preflight import Check, look_at_proxy
from match_scraper_agent.report import exit_code, printed
from match_scraper_agent.settings import Settings

RESETS = r"\d{4}-\d\d-01T00:00:00Z"


async def looked(settings: Settings) -> dict[str, Check]:
    return {check.part: check for check in await look_at_proxy(settings)}


def use_up_the_month(gateway: Gateway) -> None:
    """A monthly cap that an ended session has reached."""
    with psycopg.connect(gateway.radius.database.dsn) as connection:
        connection.execute(
            "insert into radcheck (username, attribute, op, value) values (%s, 'MT-Max-Monthly-Tokens', ':=', '100')",
            [gateway.user],
        )
    ended = {"Acct-Status-Type": "Stop", "Acct-Session-Id": "s1", "Acct-Unique-Session-Id": "u1"}
    used = {"User-Name": gateway.user, "Acct-Input-Octets": 90, "Acct-Output-Octets": 10, "Acct-Session-Time": 5}
    seen = gateway.radius.radclient("acct", {**ended, **used, "NAS-IP-Address": "127.0.0.1"})
    assert "Received Accounting-Response" in seen


async def test_a_month_that_is_used_up_is_a_gateway_that_is_up_and_a_date(metered: Workshop, gateway: Gateway) -> None:
    use_up_the_month(gateway)
    checks = await looked(metered.settings)
    assert (checks["proxy"].state, checks["budget"].state) == ("up", "warning")
    says = rf"iron-claw lets nothing out \(429: the month's tokens are used up; they are new at {RESETS}\)"
    assert re.fullmatch(f"{says}; runs go without a model", checks["budget"].said)
    result = await metered.run()
    assert exit_code(result) == 0, printed(result)
    assert [text for text in result.warnings if re.fullmatch(f"{says}; this run went without a model", text)]


async def test_a_session_that_was_killed_is_a_budget_that_is_used_up(metered: Workshop, gateway: Gateway) -> None:
    gateway.grant(MT_Max_LLM_Calls=1, MT_Token_Budget=50_000)
    assert (await looked(metered.settings))["budget"].state == "up"
    result = await metered.run()
    assert exit_code(result) == 0, printed(result)
    budget = (await looked(metered.settings))["budget"]
    assert budget.state == "warning"
    assert re.search(r" of 50,000 tokens used; no call goes out before \S+Z: runs go without a model$", budget.said)


async def test_radius_away_is_said_with_the_gateways_own_words(metered: Workshop, gateway: Gateway) -> None:
    gateway.radius.stop()
    proxy = (await looked(metered.settings))["proxy"]
    assert proxy.state == "down"
    assert f"iron-claw at {gateway.url} is not ready (503: " in proxy.said
    assert "new sessions wait until it is back): is FreeRADIUS running?" in proxy.said


async def test_a_wrong_key_is_said_with_the_gateways_own_words(metered: Workshop) -> None:
    settings = metered.settings.model_copy(update={"proxy_key": SecretStr("ann.wrong")})
    proxy = (await looked(settings))["proxy"]
    assert proxy.said.startswith("iron-claw refuses the key (invalid key: RADIUS does not accept it")
    assert "ann.wrong" not in proxy.said


@pytest.mark.parametrize("gateway", [{"IRON_CLAW_MODE": "bare"}], indirect=True)
async def test_bare_mode_is_a_warning_for_check_and_run(metered: Workshop, gateway: Gateway) -> None:
    said = "iron-claw is in bare mode: no RADIUS, so no budget holds"
    budget = (await looked(metered.settings))["budget"]
    assert (budget.state, budget.said) == ("warning", said)
    result = await metered.run()
    assert exit_code(result) == 0, printed(result)
    assert result.warnings == (said,)


async def test_a_model_that_the_grant_does_not_name_is_no_wrong_key(metered: Workshop, gateway: Gateway) -> None:
    gateway.grant(MT_Model_Allowed="claude-sonnet-4-6")
    result = await metered.run()
    assert exit_code(result) == 0, printed(result)
    (said,) = result.warnings
    assert said.startswith("the gateway or Anthropic does not allow it (403: model 'claude-haiku-4-5' is not in your")
    assert "see AGENT_MODEL and the grant in RADIUS; the plan was done without the model" in said
    assert by_name(result)["u14-hg-northeast"].outcome == "landed"


@pytest.mark.parametrize("gateway", [{"IRON_CLAW_DOWNGRADE_PCT": "1"}], indirect=True)
async def test_the_report_names_the_model_that_answered_also_where_the_talk_broke_off(
    metered: Workshop, gateway: Gateway
) -> None:
    gateway.grant(MT_Token_Budget=50_000, MT_Max_LLM_Calls=2)
    result = await metered.run(settings=metered.settings.model_copy(update={"model": "claude-sonnet-4-6"}))
    assert exit_code(result) == 0, printed(result)
    assert [call["model"] for call in gateway.upstream.served()] == ["claude-sonnet-4-6", "claude-haiku-4-5"]
    assert any("the plan was done without the model from there on" in text for text in result.warnings)
    assert result.usage.model == "claude-haiku-4-5"
