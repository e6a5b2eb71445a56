"""The lists of what is known of the Messages API, against the types of the pinned SDK: an upgrade asks."""

from __future__ import annotations

import importlib
import pkgutil
import typing
from collections.abc import Iterator
from typing import Any

import anthropic.types.beta as beta_types
import typing_extensions
from anthropic.types import anthropic_beta_param
from anthropic.types.beta import message_create_params

from iron_claw import known

HEADERS = {"betas", "user_profile_id", "workspace_id"}
"""Parameters that the SDK sends as headers."""


def literals(hint: Any) -> Iterator[str]:
    """Every string of a type, as deep as it goes."""
    if typing.get_origin(hint) in (typing.Literal, typing_extensions.Literal):
        yield from (value for value in typing.get_args(hint) if isinstance(value, str))
    for part in typing.get_args(hint):
        if not isinstance(part, str):
            yield from literals(part)


def types_of(hint: Any) -> set[str]:
    """The values of `type` of every member of a union of typed dictionaries."""
    found: set[str] = set()
    if typing_extensions.is_typeddict(hint):
        module = importlib.import_module(hint.__module__)
        annotation = typing_extensions.get_type_hints(hint, vars(module)).get("type")
        return set(literals(annotation)) if annotation is not None else set()
    for part in typing.get_args(hint):
        if not isinstance(part, str):
            found |= types_of(part)
    return found


def members(module: str, name: str) -> set[str]:
    return types_of(getattr(importlib.import_module(f"anthropic.types.beta.{module}"), name))


def test_every_top_level_field_is_known() -> None:
    fields = set(typing_extensions.get_type_hints(message_create_params.MessageCreateParamsStreaming)) - HEADERS
    assert fields <= known.FIELDS | known.FIELDS_REFUSED.keys(), fields - known.FIELDS - known.FIELDS_REFUSED.keys()
    assert not known.FIELDS & known.FIELDS_REFUSED.keys()


def test_every_tool_is_known() -> None:
    ours = known.TOOLS.keys() | known.TOOLS_REFUSED
    assert members("beta_tool_union_param", "BetaToolUnionParam") | {"custom"} == ours
    assert not known.TOOLS.keys() & known.TOOLS_REFUSED


def test_every_block_is_known_wherever_it_may_stand() -> None:
    theirs: set[str] = set()
    for module in pkgutil.iter_modules(beta_types.__path__):
        if module.name.endswith(("_block_param", "_result_param", "_error_param")) and "managed" not in module.name:
            for value in vars(importlib.import_module(f"anthropic.types.beta.{module.name}")).values():
                if typing_extensions.is_typeddict(value) and value.__module__.endswith(module.name):
                    theirs |= types_of(value)
    ours = known.BLOCKS | known.BLOCKS_REFUSED
    assert theirs <= ours, theirs - ours
    assert members("beta_content_block_param", "BetaContentBlockParam") <= ours


def test_every_kind_of_source_and_of_edit_is_known() -> None:
    sources = members("beta_image_block_param", "Source") | members("beta_request_document_block_param", "Source")
    assert sources == known.SOURCES | known.SOURCES_REFUSED
    edits = members("beta_context_management_config_param", "Edit")
    assert edits == known.EDITS | known.EDITS_REFUSED


def test_every_beta_feature_is_known() -> None:
    theirs = set(literals(anthropic_beta_param.AnthropicBetaParam))
    assert theirs <= known.BETAS, theirs - known.BETAS
    assert not known.BETAS & known.CLIENTS_BETAS  # what the types name by now belongs to the first list
