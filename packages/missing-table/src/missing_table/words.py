"""Sentences that the server shares with the site, out of words.json, which the front end's `npm run words` writes.

No sentence stands here, so that a page says the same before and after its own code has taken over.
"""

import json
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from importlib.resources import files
from typing import NamedTuple


@lru_cache(1)
def _words() -> dict[str, dict[str, str | dict[str, str]]]:
    text = files("missing_table").joinpath("words.json").read_text(encoding="utf-8")
    loaded: dict[str, dict[str, str | dict[str, str]]] = json.loads(text)
    return loaded


def say(subject: str, name: str, values: Mapping[str, object] | None = None, *, counted: int | None = None) -> str:
    """Return a sentence with its values filled in; `counted` chooses between one and many."""
    sentence = _words()[subject][name]
    if isinstance(sentence, dict):
        sentence = sentence["one" if counted == 1 else "many"]
    for key, value in (values or {}).items():
        sentence = sentence.replace(f"{{{key}}}", str(value))
    return sentence


def one_of(subject: str, name: str, key: str) -> str:
    """Return one of several words that stand together, such as a status; an unknown key stands for itself."""
    words = _words()[subject][name]
    return words.get(key, key) if isinstance(words, dict) else words


NAME = say("site", "name")


class Heading(NamedTuple):
    """What a page is called, in the browser's bar, in a search engine's list and on the page."""

    title: str
    description: str
    heading: str


def _heading(subject: str) -> Heading:
    known = _words()[subject]
    return Heading(
        say(subject, "title"), say(subject, "description"), say(subject, "heading" if "heading" in known else "title")
    )


NOT_FOUND = _heading("missing")
ADMIN = _heading("admin")
FIXED = {
    "/": Heading(say("site", "tagline"), say("site", "description"), say("home", "heading")),
    **{f"/{subject}": _heading(subject) for subject in ("insights", "search", "status", "about")},
}
"""The pages that are always there."""


def long_date(day: date) -> str:
    """Return a date as browsers write it in American English, such as "Saturday, October 3, 2026"."""
    return f"{day:%A, %B} {day.day}, {day.year}"


def date_of(day: date) -> str:
    """Return a date without its weekday, such as "October 3, 2026"."""
    return f"{day:%B} {day.day}, {day.year}"


def moment_of(moment: datetime) -> str:
    """Return a moment in UTC as the site writes one, such as "Oct 5, 2026, 2:02 PM UTC"."""
    hour = moment.hour % 12 or 12
    return f"{moment:%b} {moment.day}, {moment.year}, {hour}:{moment:%M} {'AM' if moment.hour < 12 else 'PM'} UTC"


def plain(text: str) -> str:
    """Return text of the feed on one line, without characters that XML and iCalendar forbid."""
    return " ".join("".join(" " if _is_forbidden(c) else c for c in text).split())


def _is_forbidden(c: str) -> bool:
    return c in "\ufffe\uffff" or unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"}
