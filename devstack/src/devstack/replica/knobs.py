"""The replica's knobs: everything that the source has been seen to do wrong, each by its name. README.md lists them.

Values only; what they do stands where the thing they bend stands (`pages`, `changes`, `faults`, `modular11`).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

Fault = Literal[
    "ok", "401", "403", "404", "429", "500", "503", "reset", "truncated", "hang", "slow", "empty", "blank", "shell"
]
Count = Annotated[int, Meta(ge=0)]
Matches = Annotated[int, Meta(ge=0)] | list[str]
"""So many matches, chosen by the replica; or these, by game_key."""


class Knobs(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All knobs, with what the site does on a good day as defaults."""

    # the outer page
    consent: Literal["on", "late", "hang", "absent", "required", "stuck"] = "on"
    consent_delay_ms: Count = 300
    consent_size: Literal["zero", "full"] = "zero"
    iframe: Literal["lazy", "eager", "data-src-only", "slow", "reloading", "missing"] = "lazy"
    iframe_delay_ms: Count = 1500
    iframe_reloads: Count = 3
    iframe_size: Literal["full", "zero"] = "full"
    platform: Literal["assist", "modular11", "unknown"] = "assist"
    academy_link: Literal["present", "missing"] = "present"
    robots: Literal["allow", "disallow", "missing", "crawl-delay", "500"] = "allow"
    # what goes wrong on the way, by area
    pages: Fault = "ok"
    viewer: Fault = "ok"
    documents: Fault = "ok"
    fragments: Fault = "ok"
    only: str = ""
    times: Count = 0
    retry_after_s: Count = 1
    slow_ms: Count = 1500
    # the documents
    etag: Literal["on", "drop"] = "on"
    last_modified: Literal["on", "drop"] = "on"
    shrink: Annotated[float, Meta(ge=0, le=1)] = 0.0
    events: Count | None = None
    unknown_fields: bool = False
    wrong_types: Count = 0
    reschedule: Matches = 0
    correct: Matches = 0
    withdraw: Matches = 0
    vanish: Matches = 0
    # modular11
    modular11: Literal[
        "normal", "page-two-repeats-one", "overlap", "error", "no-pager", "mixed", "short-page", "lost-row"
    ] = "normal"
    modular11_rows: Count | None = None
    modular11_renumber: Count = 0


CONTENT = ("shrink", "events", "unknown_fields", "wrong_types", "reschedule", "correct", "withdraw", "vanish")
"""Knobs that change what a document says; turning one makes the document a newer one (`synced_at` moves on)."""


class BadKnob(ValueError):
    """A knob or a value that does not exist."""


def turned(knobs: Knobs, changes: dict[str, Any]) -> Knobs:
    """The knobs after `changes` ({"reset": true} first sets all back); raises BadKnob that names what is wrong."""
    changes = dict(changes)
    before = Knobs() if changes.pop("reset", False) else knobs
    unknown = sorted(set(changes) - set(Knobs.__struct_fields__))
    if unknown:
        raise BadKnob(f"there is no knob {unknown[0]!r}; the knobs are: {', '.join(Knobs.__struct_fields__)}")
    try:
        return msgspec.convert({**msgspec.structs.asdict(before), **changes}, Knobs)
    except msgspec.ValidationError as error:
        raise BadKnob(f"a knob's value is not possible: {error}; README.md of the replica lists them") from error


def from_text(settings: list[str]) -> dict[str, Any]:
    """Reads `name=value` as the command line has it; a list of game_keys is `vanish=26029,26030`."""
    changes: dict[str, Any] = {}
    for setting in settings:
        name, separator, text = setting.partition("=")
        if not separator:
            raise BadKnob(f"--knob {setting!r} is not of the form name=value")
        kind = Knobs.__annotations__.get(name, "str")
        value: Any = text
        if "Literal" not in str(kind) and kind not in ("Fault", "str"):
            if "," in text:
                value = [key.strip() for key in text.split(",") if key.strip()]
            else:
                try:
                    value = msgspec.json.decode(text)
                except msgspec.DecodeError:
                    value = text
        changes[name] = value
    return changes
