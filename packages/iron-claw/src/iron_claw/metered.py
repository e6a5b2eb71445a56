"""What of a request costs input tokens that the body's length does not show: refused, or allowed for. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

TOOLS_TOKENS = 1000
"""Held for the prompt that upstream puts before the first of a request's tools (at most about 800 tokens)."""
IMAGE_TOKENS = 5000
"""Held for each picture in the body: a small file may hold a large one (at most about 4,800 tokens)."""
AT_UPSTREAM = ("mcp_servers", "container")
"""Fields of a request that let tools run at upstream, which feed the model as much as they like."""
IN_THE_BODY = ("base64", "text", "content")
"""Kinds of source whose content stands in the request itself."""


class NotMetered(ValueError):
    """No worst case is known of the request; the text names what and where, and is shown to the client."""


def hidden_tokens(fields: Mapping[str, Any]) -> int:
    """Input tokens that a request (its fields) may cost beyond those of its bytes; NotMetered when nobody knows."""
    for name in AT_UPSTREAM:
        if fields.get(name):
            raise NotMetered(f"{name}: cannot be metered, what it feeds the model is not in the request")
    tools = fields.get("tools") or ()
    for number, tool in enumerate(tools if isinstance(tools, list) else ()):
        kind = tool.get("type") if isinstance(tool, dict) else None
        if kind not in (None, "custom"):
            raise NotMetered(f"tools.{number}: a tool of type {kind!r} cannot be metered, only custom ones can")
    pictures = 0
    for place, block in _blocks("system", fields.get("system")):
        pictures += _is_picture(place, block)
    messages = fields.get("messages")
    for number, message in enumerate(messages if isinstance(messages, list) else ()):
        if isinstance(message, dict):
            for place, block in _blocks(f"messages.{number}.content", message.get("content")):
                pictures += _is_picture(place, block)
    return (TOOLS_TOKENS if tools else 0) + IMAGE_TOKENS * pictures


def _blocks(place: str, content: object) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every block of a content with its place, those inside a tool's result or a document too."""
    for number, block in enumerate(content if isinstance(content, list) else ()):
        if isinstance(block, dict):
            here = f"{place}.{number}"
            yield here, block
            yield from _blocks(f"{here}.content", block.get("content"))
            source = block.get("source")
            if isinstance(source, dict):
                yield from _blocks(f"{here}.source.content", source.get("content"))


def _is_picture(place: str, block: dict[str, Any]) -> bool:
    """Whether a block is a picture in the body; NotMetered when what it shows is elsewhere, or packed."""
    if "file_id" in block:
        raise NotMetered(f"{place}: a file cannot be metered, its content is not in the request")
    source = block.get("source")
    if not isinstance(source, dict):
        return False
    kind = source.get("type")
    if kind not in IN_THE_BODY:
        raise NotMetered(f"{place}.source: type {kind!r} cannot be metered, its content is not in the request")
    if kind == "base64" and block.get("type") != "image":
        raise NotMetered(f"{place}.source: a packed document cannot be metered, a few bytes may hold many pages")
    return bool(kind == "base64")
