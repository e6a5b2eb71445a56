"""What of a request is measured, what is refused by name, and what an operator lets pass all the same."""

from __future__ import annotations

import json
from typing import Any

import pytest

from iron_claw import body, metered
from iron_claw.metered import IMAGE_TOKENS, TOOLS_TOKENS, Measured, NotMetered

ASK: dict[str, Any] = {"model": "m", "max_tokens": 10, "messages": [{"role": "user", "content": "hi"}]}
PDF = {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="}}
SEARCH = {"type": "web_search_20250305", "name": "web_search"}


def measure(
    more: dict[str, Any] | None = None, betas: tuple[str, ...] = (), allow: tuple[str, ...] = (), per_token: int = 2
) -> Measured:
    fields = {**ASK, **(more or {})}
    return metered.measure(
        json.dumps(fields, ensure_ascii=False).encode(), fields, betas, bytes_per_token=per_token, allow=allow
    )


def said(*blocks: object, role: str = "user") -> dict[str, Any]:
    return {"messages": [{"role": role, "content": list(blocks)}]}


def inline(definition: object) -> dict[str, Any]:
    tool = {"type": "tool_definition", "definition": definition}
    return said({"type": "tool_addition", "tool": tool}, role="system")


REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({"thread": {"type": "continue", "previous_message_id": "msg_0"}}, "thread", "field:thread"),
    ({"a_new_field": 1}, "a_new_field", "field:a_new_field"),
    ({"compaction": {"type": "summarize"}}, "compaction", "field:compaction"),
    (
        {"context_management": {"edits": [{"type": "compact_20260112"}]}},
        "context_management.edits.0",
        "edit:compact_20260112",
    ),
    ({"context_management": {"edits": [{"type": "new_edit"}]}}, "context_management.edits.0", "edit:new_edit"),
    ({"tools": [SEARCH]}, "tools.0", "tool:web_search_20250305"),
    ({"tools": [{"type": "new_tool_20270101"}]}, "tools.0", "tool:new_tool_20270101"),
    ({"tools": {"0": SEARCH}}, "tools.0", "tool:web_search_20250305"),
    (inline(SEARCH), "messages.0.content.0.tool.definition", "tool:web_search_20250305"),
    (inline({"type": "mcp_toolset"}), "messages.0.content.0.tool.definition", "tool:mcp_toolset"),
    (said({"type": "a_new_block"}), "messages.0.content.0", "block:a_new_block"),
    (said({"type": ["text"]}), "messages.0.content.0", "block:['text']"),
    (said({"type": "container_upload", "file_id": "f"}), "messages.0.content.0", "block:container_upload"),
    (said({"type": "image", "source": {"type": "new"}}), "messages.0.content.0.source", "source:new"),
    (said(PDF), "messages.0.content.0.source", "source:packed"),
    (
        said({"type": "web_fetch_tool_result", "content": {"type": "web_fetch_result", "content": PDF}}),
        "messages.0.content.0.content.content.source",
        "source:packed",
    ),
    (
        said({"type": "tool_result", "content": {"type": "document", "source": {"type": "url"}}}),
        "messages.0.content.0.content.source",
        "source:url",
    ),
    ({"messages": [{"role": "oracle", "content": "?"}]}, "messages.0.role", "role:oracle"),
    ({"messages": [{"role": "user", "content": "?", "extra": 1}]}, "messages.0.extra", "message:extra"),
    ({"messages": {"0": {"role": "user", "content": [PDF]}}}, "messages.0.content.0.source", "source:packed"),
]


@pytest.mark.parametrize(("more", "place", "name"), REFUSED)
def test_what_is_not_known_or_has_no_bound_is_refused_by_name(more: dict[str, Any], place: str, name: str) -> None:
    with pytest.raises(NotMetered) as refused:
        measure(more)
    assert str(refused.value).startswith(f"{place}: ")
    assert str(refused.value).endswith(f"(IRON_CLAW_ALLOW may name {name})")


def test_a_beta_feature_that_is_not_known_is_refused_by_name() -> None:
    with pytest.raises(NotMetered, match="anthropic-beta a-new-one-2027-01-01: "):
        measure(betas=("context-1m-2025-08-07", "a-new-one-2027-01-01"))
    assert measure(betas=("a-new-one-2027-01-01",), allow=("beta:a-new-*",)) == measure()


def test_an_operator_lets_pass_what_he_names_and_nothing_else() -> None:
    assert measure({"a_new_field": 1}, allow=("field:a_new_field",)).input_tokens > 0
    assert measure({"tools": [SEARCH]}, allow=("tool:web_search_*",)).input_tokens > TOOLS_TOKENS
    with pytest.raises(NotMetered):
        measure({"tools": [SEARCH]}, allow=("field:tools", "tool:web_fetch_*"))


def test_a_thread_is_refused_in_the_shape_in_which_tool_runners_go_on_by_themselves() -> None:
    with pytest.raises(NotMetered) as refused:
        measure({"thread": {"type": "create"}})
    assert refused.value.details == {"error_code": "thread_unsupported_request", "unsupported": ["thread"]}
    assert measure({"thread": None}).input_tokens < 100


@pytest.mark.parametrize(
    ("tool", "tokens"),
    [
        ({"name": "look", "input_schema": {"type": "object", "properties": {"source": {"type": "url"}}}}, 0),
        ({"type": "custom", "name": "look"}, 0),
        ({"type": "bash_20250124", "name": "bash"}, 500),
        ({"type": "memory_20250818", "name": "memory"}, 1500),
        ({"type": "text_editor_20250728", "name": "str_replace_based_edit_tool"}, 1000),
    ],
)
@pytest.mark.parametrize("place", ["tools", "messages"])
def test_tools_that_the_client_runs_are_reserved_wherever_they_are_defined(
    tool: dict[str, Any], tokens: int, place: str
) -> None:
    more = {"tools": [tool]} if place == "tools" else inline(tool)
    bytes_alone = metered.estimate(json.dumps({**ASK, **more}).encode(), 2)
    assert measure(more).input_tokens == bytes_alone + TOOLS_TOKENS + tokens


def test_a_picture_is_reserved_as_a_picture_and_not_as_its_bytes() -> None:
    for size in (100, 400_000):
        picture = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBOR7/+" * size}}
        for more in (said(picture), said({"type": "tool_result", "tool_use_id": "t", "content": [picture]})):
            assert IMAGE_TOKENS <= measure(more).input_tokens < IMAGE_TOKENS + 200


def test_what_is_no_plain_text_counts_a_token_a_byte() -> None:
    few = measure(said({"type": "text", "text": "a word and another " * 100})).input_tokens
    for dense in ("7#" * 950, "QZ" * 950, "表" * 633):
        many = measure({"messages": [{"role": "user", "content": dense}]}).input_tokens
        assert few < 1_100 < 1_750 < many
    assert measure({"metadata": {"user_id": "a b" * 100}}, per_token=1).input_tokens >= 300


def test_fallbacks_are_told_with_the_most_that_they_may_generate() -> None:
    given = [{"model": "one"}, {"model": "two", "max_tokens": 64_000}, {"model": "three", "max_tokens": None}]
    measured = measure({"fallbacks": given})
    assert (measured.fallbacks, measured.more_output) == (("one", "two", "three"), 63_990)
    assert measure({"fallbacks": "default"}).fallbacks == ("default",)
    for wrong in ([{"max_tokens": 5}], [{"model": "m", "max_tokens": "5"}], "other"):
        with pytest.raises(NotMetered):
            measure({"fallbacks": wrong})


def test_a_clients_own_data_is_not_looked_into() -> None:
    call = {"type": "tool_use", "id": "t", "name": "look", "input": {"type": "url", "source": PDF, "file_id": "f"}}
    assert measure(said(call, role="assistant")).input_tokens < 300


def test_a_body_of_too_many_values_is_refused_before_it_is_read() -> None:
    head = json.dumps(ASK)[:-1].encode()
    for part in (b'{"a":1}', b"[]", b"1", b'""', b'"a\\\\"'):
        with pytest.raises(body.BadBody, match="more than 100000 values"):
            body.parse(head + b',"metadata":[' + b",".join([part] * 100_001) + b"]}")
    code = json.dumps({**ASK, "system": '{"a": [1, 2, "\\"], ' * 200_000}).encode()
    assert body.parse(code).fields["model"] == "m"


def test_a_number_of_thousands_of_digits_is_no_json_that_can_be_read() -> None:
    with pytest.raises(body.BadBody, match="not valid JSON"):
        body.parse(json.dumps(ASK).replace('"max_tokens": 10', '"max_tokens": ' + "1" * 5_000).encode())
