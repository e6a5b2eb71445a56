"""The plan that the scripted model plays: which turn comes next in a conversation. Pure; no HTTP here.

A script is a TOML file with a list of `[[step]]`. The server keeps nothing of a conversation: every request carries all
of it, and the first step that applies to it is played. So one script serves every run, and any number side by side.

A step:
  name         for the log
  [step.when]  all must hold:
     offers      tools that the request offers (a name or a list)
     called      tools that were already called
     not_called  tools that were not called yet
     prompt      a regular expression found in the system prompt or the first user message
     last_result a regular expression found in the results of the last turn's tools
     last_error  true: a tool of the last turn failed
     turn        how many turns the model has had (0: the first request)
  for_each     { in = "prompt" or a tool's name, pattern = "..." }: the step is played once for each distinct match in
               that text (the prompt, or all results of that tool); "{1}" in its strings is the match's first group.
               Everything that is left over is called in one turn (all_at_once = true) or one after the other.
               With gather = true it is played once for all of them: an item "{*}" of a list in an input becomes the
               first groups of all matches. Without a match it is not played.
  say          text of the turn
  calls        tools called in the turn: [{ tool = "...", input = {...} }]
A call that the conversation already holds, same tool and same input, is not made again; a step whose calls have all
been made is over. A step without calls ends the turn and with it, normally, the run.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

JsonObject = dict[str, Any]


class ScriptError(ValueError):
    """The script cannot be played; says which step and why."""


@dataclass(frozen=True)
class Call:
    """One use of a tool."""

    tool: str
    input: JsonObject


@dataclass(frozen=True)
class Turn:
    """What the model says and which tools it calls; no calls: its turn ends."""

    say: str
    calls: tuple[Call, ...] = ()


@dataclass(frozen=True)
class When:
    """The conditions of a step."""

    offers: tuple[str, ...] = ()
    called: tuple[str, ...] = ()
    not_called: tuple[str, ...] = ()
    prompt: re.Pattern[str] | None = None
    last_result: re.Pattern[str] | None = None
    last_error: bool | None = None
    turn: int | None = None


@dataclass(frozen=True)
class Step:
    """One entry of the script."""

    name: str
    when: When = field(default_factory=When)
    each_in: str | None = None
    each_pattern: re.Pattern[str] | None = None
    all_at_once: bool = False
    gather: bool = False
    say: str = ""
    calls: tuple[Call, ...] = ()


@dataclass(frozen=True)
class Conversation:
    """What a request says of its conversation so far."""

    offered: frozenset[str]
    prompt: str
    turns: int
    called: tuple[Call, ...]
    results: tuple[tuple[str, str], ...]
    """(tool, text) of every result, in order."""
    last_results: str
    last_error: bool


def text_of(content: object) -> str:
    """The text in a message's content: a string, or the text blocks of a list."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    return "\n".join(str(block.get("text", "")) for block in content if isinstance(block, dict))


def read_conversation(request: JsonObject) -> Conversation:
    """Reads a Messages API request body (already known to be valid)."""
    messages: list[JsonObject] = request["messages"]
    called: list[Call] = []
    tool_of: dict[str, str] = {}
    results: list[tuple[str, str]] = []
    last: list[tuple[str, bool]] = []
    for message in messages:
        blocks = message["content"] if isinstance(message["content"], list) else []
        last = []
        for block in blocks:
            if block.get("type") == "tool_use":
                called.append(Call(block["name"], block["input"]))
                tool_of[block["id"]] = block["name"]
            elif block.get("type") == "tool_result":
                text = text_of(block.get("content"))
                results.append((tool_of.get(block["tool_use_id"], ""), text))
                last.append((text, bool(block.get("is_error"))))
    first = next((text_of(message["content"]) for message in messages if message["role"] == "user"), "")
    return Conversation(
        offered=frozenset(str(tool.get("name")) for tool in request.get("tools") or ()),
        prompt=f"{text_of(request.get('system'))}\n{first}",
        turns=sum(message["role"] == "assistant" for message in messages),
        called=tuple(called),
        results=tuple(results),
        last_results="\n".join(text for text, _ in last),
        last_error=any(failed for _, failed in last),
    )


def holds(when: When, seen: Conversation) -> bool:
    """Whether every condition holds."""
    names = {call.tool for call in seen.called}
    return (
        set(when.offers) <= seen.offered
        and set(when.called) <= names
        and not set(when.not_called) & names
        and (when.prompt is None or when.prompt.search(seen.prompt) is not None)
        and (when.last_result is None or when.last_result.search(seen.last_results) is not None)
        and (when.last_error is None or when.last_error is seen.last_error)
        and (when.turn is None or when.turn == seen.turns)
    )


def _matches(step: Step, seen: Conversation) -> list[tuple[str, ...]]:
    if step.each_pattern is None:
        return [()]
    text = (
        seen.prompt
        if step.each_in == "prompt"
        else "\n".join(text for tool, text in seen.results if tool == step.each_in)
    )
    found = dict.fromkeys((match[0], *match.groups(default="")) for match in step.each_pattern.finditer(text))
    return list(found)


def fill(value: Any, groups: tuple[str, ...]) -> Any:
    """Puts a match's groups in the place of {0}, {1} … in every string of a value."""
    if isinstance(value, str):
        return re.sub(r"\{(\d)\}", lambda m: groups[int(m[1])] if int(m[1]) < len(groups) else m[0], value)
    if isinstance(value, dict):
        return {key: fill(item, groups) for key, item in value.items()}
    if isinstance(value, list):
        return [fill(item, groups) for item in value]
    return value


def gather(value: Any, found: list[str]) -> Any:
    """Puts all of `found` in the place of each item "{*}" of every list in a value."""
    if isinstance(value, dict):
        return {key: gather(item, found) for key, item in value.items()}
    if isinstance(value, list):
        return [inner for item in value for inner in (found if item == "{*}" else [gather(item, found)])]
    return value


def _turns(step: Step, seen: Conversation) -> Iterator[Turn]:
    if step.gather:
        found = list(dict.fromkeys(groups[1] for groups in _matches(step, seen)))
        every = tuple(Call(call.tool, gather(call.input, found)) for call in step.calls)
        left = tuple(call for call in every if call not in seen.called)
        if found and left:
            yield Turn(step.say, left)
        return
    for groups in _matches(step, seen):
        calls = tuple(Call(call.tool, fill(call.input, groups)) for call in step.calls)
        left = tuple(call for call in calls if call not in seen.called)
        if left or not step.calls:
            yield Turn(fill(step.say, groups), left)


def next_turn(steps: tuple[Step, ...], request: JsonObject, otherwise: str = "Done.") -> Turn:
    """The turn that follows the request's conversation; `otherwise` is said when no step applies."""
    seen = read_conversation(request)
    for step in steps:
        if not holds(step.when, seen):
            continue
        turns = list(_turns(step, seen))
        if step.all_at_once and len(turns) > 1:
            return Turn(turns[0].say, tuple(call for turn in turns for call in turn.calls))
        if turns:
            return turns[0]
    return Turn(otherwise)


def _names(value: object) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(str(item) for item in value) if isinstance(value, list) else ()


def _step(number: int, given: JsonObject) -> Step:
    name = str(given.get("name", f"step {number}"))
    unknown = set(given) - {"name", "when", "for_each", "all_at_once", "say", "calls"}
    when = given.get("when", {})
    unknown |= set(when) - {"offers", "called", "not_called", "prompt", "last_result", "last_error", "turn"}
    if unknown:
        raise ScriptError(f"{name}: unknown {', '.join(sorted(unknown))}")
    try:
        each = given.get("for_each")
        return Step(
            name=name,
            when=When(
                offers=_names(when.get("offers")),
                called=_names(when.get("called")),
                not_called=_names(when.get("not_called")),
                prompt=re.compile(when["prompt"], re.MULTILINE) if "prompt" in when else None,
                last_result=re.compile(when["last_result"], re.MULTILINE) if "last_result" in when else None,
                last_error=when.get("last_error"),
                turn=when.get("turn"),
            ),
            each_in=each["in"] if each else None,
            each_pattern=re.compile(each["pattern"], re.MULTILINE) if each else None,
            all_at_once=bool(given.get("all_at_once", False)),
            gather=bool(each and each.get("gather", False)),
            say=str(given.get("say", "")),
            calls=tuple(Call(call["tool"], call.get("input", {})) for call in given.get("calls", ())),
        )
    except (KeyError, re.error, TypeError) as error:
        raise ScriptError(f"{name}: {error!r}") from error


def load(file: Path) -> tuple[Step, ...]:
    """Reads a script; ScriptError says what is wrong with it."""
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ScriptError(f"{file}: {error}") from error
    return tuple(_step(number, given) for number, given in enumerate(document.get("step", []), 1))
