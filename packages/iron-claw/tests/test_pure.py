"""The gateway's pure parts: ladder, reservation, policy, body, prices, grants."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iron_claw import body, ladder, policy, prices
from iron_claw.budget import Budget, Counts
from iron_claw.grant import Defaults, Grant, changed, from_accept, session_limit
from iron_claw.ladder import Action, Thresholds
from iron_claw.policy import Ask, Rules
from iron_claw.settings import PRICES
from iron_claw.stream import StreamUsage
from iron_claw.usage import message_usage

DEFAULTS = Defaults(session_timeout_s=86400, idle_timeout_s=900, interim_s=300)
GRANT = from_accept({}, DEFAULTS)
MAP = {"claude-opus-*": "claude-sonnet-4-6", "claude-sonnet-*": "claude-haiku-4-5"}
RULES = Rules(Thresholds(), MAP, reduce_max_tokens=100, reduce_calls=3, model_caps={"claude-haiku-*": 1000})

small = st.integers(0, 2000)
counts = st.builds(Counts, small, small, small, small)


@pytest.mark.parametrize(
    ("used", "action"),
    [
        (0, "none"),
        (699, "none"),
        (700, "downgrade"),
        (899, "downgrade"),
        (900, "reduce"),
        (999, "reduce"),
        (1000, "kill"),
    ],
)
def test_the_rungs_begin_at_seventy_ninety_and_a_hundred_percent(used: int, action: str) -> None:
    assert ladder.action(used, 1000, Thresholds()).value == action


@given(st.integers(0, 10**12), st.integers(0, 10**12), st.integers(0, 10**12))
def test_the_ladder_never_goes_back_as_use_rises(first: int, more: int, limit: int) -> None:
    order = list(Action)
    before, after = (ladder.action(used, limit, Thresholds()) for used in (first, first + more))
    assert order.index(before) <= order.index(after)
    assert ladder.action(first, None, Thresholds()) is Action.NONE


@pytest.mark.parametrize(
    ("model", "grant", "instead"),
    [
        ("claude-opus-4-8", [], "claude-sonnet-4-6"),
        ("claude-opus-4-8", ["claude-opus-*", "claude-haiku-4-5"], "claude-haiku-4-5"),
        ("claude-opus-4-8", ["claude-opus-4-8"], "claude-opus-4-8"),
        ("claude-haiku-4-5", [], "claude-haiku-4-5"),
        ("gpt", [], "gpt"),
    ],
)
def test_a_downgrade_takes_the_first_cheaper_model_that_the_grant_names(
    model: str, grant: list[str], instead: str
) -> None:
    assert ladder.cheaper(model, MAP, grant) == instead


def test_a_map_that_runs_in_a_circle_ends() -> None:
    assert ladder.cheaper("a", {"a": "b", "b": "a"}, ["c"]) == "a"
    assert ladder.cheaper("a", {"a": "b", "b": "a"}, []) == "b"


def test_a_downgrade_never_takes_a_model_that_the_grant_forbids() -> None:
    grant = from_accept({"MT-Model-Allowed": "claude-opus-*"}, DEFAULTS)
    for used in (700, 900):
        decision = policy.decide(
            Ask("claude-opus-4-8", 10, 5),
            Budget(1000, Counts(input_tokens=used)),
            grant,
            calls=0,
            reduced_calls=0,
            rules=RULES,
        )
        assert (decision.model, decision.refusal) == ("claude-opus-4-8", None)


@given(st.integers(0, 5000), st.lists(st.tuples(st.integers(1, 800), st.booleans(), st.integers(0, 100)), max_size=40))
def test_reservations_never_pass_the_budget_and_leave_nothing_behind(
    limit: int, steps: list[tuple[int, bool, int]]
) -> None:
    budget = Budget(limit)
    for number, (tokens, settle_now, percent) in enumerate(steps):
        held = budget.reserve(str(number), tokens)
        assert held == (tokens <= limit - budget.used + (tokens if held else 0))
        assert budget.used <= limit
        if held and settle_now:
            assert budget.settle(str(number), Counts(output_tokens=tokens * percent // 100))
            assert not budget.settle(str(number), Counts(output_tokens=tokens))
    for call in list(budget.held):
        budget.settle(call, Counts(output_tokens=budget.held[call]))
    assert budget.reserved == 0
    assert budget.settled.total <= limit


@given(st.integers(0, 3000), small, small, st.integers(1, 2000), small, small, st.integers(0, 5))
def test_a_call_goes_out_only_if_its_worst_case_fits(
    limit: int, settled: int, reserved: int, max_tokens: int, estimate: int, thinking: int, reduced: int
) -> None:
    budget = Budget(limit, Counts(input_tokens=min(settled, limit)))
    budget.force("other", min(reserved, limit - budget.settled.total))
    ask = Ask("claude-opus-4-8", max_tokens, estimate, thinking if thinking < max_tokens else 0)
    decision = policy.decide(ask, budget, GRANT, calls=0, reduced_calls=reduced, rules=RULES)
    if decision.refusal is None:
        assert decision.reserve == ask.input_estimate + decision.max_tokens
        assert budget.reserve("new", decision.reserve)
        assert ask.thinking_budget < decision.max_tokens <= max_tokens
        assert decision.action is not Action.KILL
    else:
        assert decision.reason
        if decision.fits is not None and decision.action in (Action.NONE, Action.DOWNGRADE):
            smaller = Ask(ask.model, decision.fits, estimate)
            again = policy.decide(smaller, budget, GRANT, calls=0, reduced_calls=reduced, rules=RULES)
            assert again.refusal is None


def decide(used: int, **ask: Any) -> policy.Decision:
    budget = Budget(1000, Counts(input_tokens=used))
    asked = Ask(**{"model": "claude-opus-4-8", "max_tokens": 10, "input_estimate": 5, **ask})
    return policy.decide(asked, budget, GRANT, calls=0, reduced_calls=0, rules=RULES)


def test_a_model_outside_the_grant_is_refused() -> None:
    grant = from_accept({"MT-Model-Allowed": "claude-haiku-*, claude-sonnet-4-6"}, DEFAULTS)
    ask = Ask("claude-opus-4-8", 10, 5)
    refused = policy.decide(ask, Budget(None), grant, calls=0, reduced_calls=0, rules=RULES)
    assert (refused.refusal, grant.models) == ("model", ("claude-haiku-*", "claude-sonnet-4-6"))


def test_the_calls_of_a_grant_end_in_a_kill() -> None:
    grant = from_accept({"MT-Max-LLM-Calls": 3}, DEFAULTS)
    told = [
        policy.decide(Ask("m", 1, 1), Budget(None), grant, calls=calls, reduced_calls=0, rules=RULES).refusal
        for calls in (2, 3)
    ]
    assert told == [None, "kill"]


def test_a_rewrite_that_would_make_the_request_invalid_is_a_refusal_that_says_what_fits() -> None:
    assert decide(700, max_tokens=200).model == "claude-sonnet-4-6"
    refused = decide(700, model="claude-sonnet-4-6", max_tokens=1001)
    assert (refused.refusal, refused.fits) == ("does_not_fit", 295)  # the model takes 1000, 300 tokens are left
    assert decide(900, max_tokens=500).max_tokens == 95
    thinking = decide(900, max_tokens=500, thinking_budget=95)
    assert (thinking.refusal, thinking.fits) == ("does_not_fit", 95)


def test_what_is_left_but_fits_no_input_is_a_kill_unless_calls_are_under_way() -> None:
    assert decide(996).refusal == "kill"
    budget = Budget(1000, Counts(input_tokens=500))
    budget.force("other", 496)
    ask = Ask("m", 10, 5)
    assert policy.decide(ask, budget, GRANT, calls=0, reduced_calls=0, rules=RULES).refusal == "busy"


json_value = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="utf-8"), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.dictionaries(st.text(st.characters(codec="utf-8"), min_size=1, max_size=6), json_value, max_size=6),
    st.sampled_from([None, 1, 3]),
    st.booleans(),
)
def test_only_the_named_fields_of_a_body_change(fields: dict[str, Any], indent: int | None, ascii_only: bool) -> None:
    fields = {**fields, "model": "old", "max_tokens": 5}
    raw = json.dumps(fields, indent=indent, ensure_ascii=ascii_only).encode()
    parsed = body.parse(raw)
    assert parsed.fields == fields
    assert parsed.replaced({}) == raw
    changed_body = parsed.replaced({"model": "new", "max_tokens": 77})
    assert json.loads(changed_body) == {**fields, "model": "new", "max_tokens": 77}
    assert changed_body.replace(b'"new"', b'"old"', 1).replace(b"77", b"5", 1) == raw or b"77" in raw or b'"new"' in raw


@pytest.mark.parametrize(
    "raw",
    [
        *(b"", b"[]", b"{", b'{"a":1}x', b'{"a":1,"a":2}', b'{"a" 1}', b"\xff{}", b"{1:2}", b"{,}"),
        b'{"tools":[{"type":"web_search_20250305","type":"custom"}]}',
    ],
)
def test_a_body_that_two_readers_could_read_differently_is_refused(raw: bytes) -> None:
    with pytest.raises(body.BadBody):
        body.parse(raw)


def test_an_unknown_price_is_unknown_and_nothing_used_is_free() -> None:
    list_ = prices.load(PRICES)
    used = Counts(1000, 1000, 1000, 1000)
    assert prices.cost_of("claude-sonnet-4-6", used, list_) == 3000 + 3750 + 300 + 15000
    assert prices.cost_of("a-model-of-tomorrow", used, list_) is None
    assert prices.cost_of("a-model-of-tomorrow", Counts(), list_) == 0
    assert prices.cost_of("claude-haiku-4-5", Counts(input_tokens=1), list_) == 1


@pytest.mark.parametrize(
    ("model", "cost"),
    [
        ("claude-opus-4-8", 5 + 25),
        ("claude-opus-4-20250514", 15 + 75),
        ("claude-opus-4-1-20250805", 15 + 75),
        ("claude-opus-4-99", None),
        ("claude-sonnet-4-99", None),
        ("claude-haiku-4-99", None),
    ],
)
def test_models_of_one_name_have_prices_of_their_own_and_a_new_one_has_none(model: str, cost: int | None) -> None:
    assert prices.cost_of(model, Counts(input_tokens=1, output_tokens=1), prices.load(PRICES)) == cost


def test_the_list_of_prices_has_no_open_end() -> None:
    assert not [name for name in prices.load(PRICES) if "*" in name]


@pytest.mark.parametrize(
    ("usage", "unlisted"),
    [
        ({"input_tokens": 1, "service_tier": "standard", "inference_geo": "not_available"}, False),
        ({"cache_creation": {"ephemeral_5m_input_tokens": 9, "ephemeral_1h_input_tokens": 0}}, False),
        ({"cache_creation": None, "speed": None}, False),
        ({"cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 9}}, True),
        ({"speed": "fast"}, True),
        ({"service_tier": "priority"}, True),
        ({"inference_geo": "us"}, True),
    ],
)
def test_what_the_list_of_prices_does_not_cover_is_seen_plain_and_streamed(
    usage: dict[str, Any], unlisted: bool
) -> None:
    read = message_usage(json.dumps({"usage": usage}).encode())
    assert read is not None
    assert read.unlisted == unlisted
    stream = StreamUsage()
    stream.feed(f"event: message_start\ndata: {json.dumps({'message': {'usage': usage}})}\n\n".encode())
    stream.feed(
        b'event: message_delta\ndata: {"usage": {"output_tokens": 1}, "delta": {"stop_reason": "end_turn"}}\n\n'
    )
    assert (stream.finished, stream.unlisted) == (True, unlisted)


def test_a_price_file_says_which_entry_is_wrong(tmp_path: Path) -> None:
    file = tmp_path / "p.toml"
    file.write_text('["m"]\ninput = 1.5\ncache_write = 1\ncache_read = 1\noutput = 1\n')
    with pytest.raises(prices.PricesError, match=r"'m': input must be whole"):
        prices.load(file)


@given(counts, counts)
def test_costs_are_whole_and_never_fall_as_use_rises(one: Counts, two: Counts) -> None:
    price = prices.Price(3_000_000, 3_750_000, 300_000, 15_000_000)
    assert price.cost_micro_usd(one) <= price.cost_micro_usd(one + two)
    assert isinstance(price.cost_micro_usd(one), int)


def test_a_grant_survives_the_journal_and_a_coa_changes_only_what_it_names() -> None:
    given_ = {"MT-Token-Budget": 5, "MT-Model-Allowed": "a,b", "Session-Timeout": 60, "MT-Allowed-Domains": "x.org"}
    grant = from_accept(given_, DEFAULTS)
    assert Grant.from_json(json.loads(json.dumps(grant.to_json()))) == grant
    more = changed(grant, {"MT-Token-Budget": 9, "Acct-Interim-Interval": 1})
    assert (more.token_budget, more.interim_s, more.models, more.session_timeout_s) == (9, 60, ("a", "b"), 60)


@given(st.none() | small, st.none() | small, small, small)
def test_a_session_gets_the_smaller_of_its_budget_and_what_the_month_leaves(
    budget: int | None, month: int | None, used: int, unreported: int
) -> None:
    told = {"MT-Token-Budget": budget, "MT-Monthly-Budget": month, "MT-Monthly-Used": used}
    grant = from_accept({name: value for name, value in told.items() if value is not None}, DEFAULTS)
    left = [] if month is None else [max(0, month - used - unreported)]
    limits = left + ([] if budget is None else [budget])
    assert session_limit(grant, unreported) == (min(limits) if limits else None)
