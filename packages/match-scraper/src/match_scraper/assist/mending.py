"""Read a value whose type is not the agreed one: taken where its meaning is certain, left out where it is not. Pure.

A feed that went through another program says "3" or 3.0 for 3, [] for an empty object, a float for every id of a
column with a gap. What is left out is noted under its field; `Odd` says why.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

from match_scraper.text import clean

INTEGERS = 2**31 - 1
"""The largest number that a column of the database holds."""
IDENTIFIER = re.compile(r"[\x21-\x7e]{1,80}")
WHOLE_NUMBER = re.compile(r"([+-]?\d{1,18})(?:\.0*)?")
DECIMAL = re.compile(r"[+-]?\d{1,18}(?:\.\d{1,18})?(?:[eE][+-]?\d{1,2})?")
"""Also as Ruby writes a decimal: 0.2e1."""
SPOKEN_ZONE = re.compile(r"\s*(UTC|GMT)$", re.IGNORECASE)
OFFSET = re.compile(r"\s+(?=[+-]\d{2}:?\d{2}$)")
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
SECONDS, MILLISECONDS = (10**9, 10**10), (10**12, 10**13)
"""Between what a count of seconds, or of milliseconds, since 1970 lies in our time (2001 to 2286)."""
SHOWN = 60

T = TypeVar("T")


class Odd(ValueError):
    """A value that cannot be taken for what stands there. `str()` shows it."""

    def __init__(self, value: object) -> None:
        shown = clean(repr(value), SHOWN)
        super().__init__(shown)


@dataclass
class Notes:
    """What was left out of a document field by field: how often, and the first of each."""

    fields: dict[str, list[str]] = field(default_factory=dict)

    def leave_out(self, name: str, where: str, value: object) -> None:
        """Note that a field was left out there, with what stood in it."""
        self.fields.setdefault(name, []).append(f"{where}: {value}")

    def sentences(self) -> tuple[str, ...]:
        """Return one sentence a field."""
        return tuple(
            f"{name} cannot be taken {len(found):,} times and is left out there, the first: {found[0]}"
            for name, found in self.fields.items()
        )


def is_nothing(value: object) -> bool:
    """Return True for what says nothing, in the ways that programs have of saying so."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return True
    return (isinstance(value, str) and not value.strip()) or (isinstance(value, list | dict) and not value)


def integer(value: Any, least: int, most: int) -> int | None:
    """Read a whole number within bounds; None for nothing. Raises Odd."""
    if is_nothing(value):
        return None
    number: float | int | None = None
    if isinstance(value, str):
        found = WHOLE_NUMBER.fullmatch(value.strip())
        number = int(found[1]) if found else float(value) if DECIMAL.fullmatch(value.strip()) else None
    elif isinstance(value, int | float) and not isinstance(value, bool):
        number = value
    if number is None or not least <= number <= most or number != int(number):
        raise Odd(value)
    return int(number)


def goals(value: Any) -> int | None:
    """Read a score, from 0 to 99; None for nothing. Raises Odd."""
    return integer(value, 0, 99)


def identifier(value: Any) -> int | str | None:
    """Read an id, a whole number above 0 or printable text; None for nothing. Raises Odd."""
    if isinstance(value, str) and not is_nothing(value):
        found = WHOLE_NUMBER.fullmatch(value.strip())
        text = found[1] if found else value.strip()
        if not IDENTIFIER.fullmatch(text) or (found and int(text) < 0):
            raise Odd(value)
        return None if found and int(text) == 0 else text
    number = integer(value, 0, 10**18)
    return number or None


def words(value: Any) -> str | None:
    """Read a name; a number is one too. None for nothing. Raises Odd."""
    if is_nothing(value):
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise Odd(value)
    if isinstance(value, float) and value == int(value):
        value = int(value)
    return str(value)


def flag(value: Any) -> bool | None:
    """Read yes or no, also as 1, 0 and their words; None for nothing. Raises Odd."""
    if isinstance(value, bool) or is_nothing(value):
        return value if isinstance(value, bool) else None
    known = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
    said = known.get(str(value).strip().casefold().removesuffix(".0"))
    if said is None:
        raise Odd(value)
    return said


def entity(value: Any) -> dict[str, Any] | None:
    """Read an object; text is its name, an empty list an empty object. None for nothing. Raises Odd."""
    if is_nothing(value):
        return None
    if isinstance(value, str):
        return {"name": value}
    if not isinstance(value, dict):
        raise Odd(value)
    return value


def items(value: Any) -> list[Any]:
    """Read a list, also one whose places are the keys of an object; empty for nothing. Raises Odd."""
    if is_nothing(value):
        return []
    if isinstance(value, dict) and all(key.isdecimal() for key in value):
        return list(value.values())
    if not isinstance(value, list):
        raise Odd(value)
    return value


def is_counted(value: Any) -> bool:
    """Return True for a number where a moment should be: seconds or milliseconds since 1970."""
    return (isinstance(value, int | float) and not isinstance(value, bool)) or (
        isinstance(value, str) and WHOLE_NUMBER.fullmatch(value.strip()) is not None
    )


def moment(value: Any, *, counted: bool = False) -> datetime | date | None:
    """Read a moment in UTC, or a day where no hour is said; None for nothing. Raises Odd.

    Known are ISO 8601 and what Ruby and mail programs write; `counted` allows seconds or milliseconds since 1970, which
    a single number does not prove. A moment without a zone is UTC, as everything here is.
    """
    if is_nothing(value):
        return None
    if is_counted(value):
        if counted:
            return _counted(value)
        raise Odd(value)
    if not isinstance(value, str):
        raise Odd(value)
    return _written(value)


def _written(value: str) -> datetime | date:
    text = value.strip()
    if DAY.fullmatch(text):
        return _or_odd(lambda: date.fromisoformat(text), value)
    plain = OFFSET.sub("", SPOKEN_ZONE.sub("+00:00", text))
    try:
        found = datetime.fromisoformat(plain)
    except ValueError:
        found = _or_odd(lambda: parsedate_to_datetime(text), value)
    found = found if found.tzinfo else found.replace(tzinfo=UTC)
    return _or_odd(lambda: found.astimezone(UTC), value)


def _counted(value: Any) -> datetime:
    number = integer(value, 0, MILLISECONDS[1])
    if number is not None and SECONDS[0] <= number < SECONDS[1]:
        return datetime.fromtimestamp(number, UTC)
    if number is not None and MILLISECONDS[0] <= number < MILLISECONDS[1]:
        return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=number)
    raise Odd(value)


def _or_odd(read: Callable[[], T], value: object) -> T:
    try:
        return read()
    except (ValueError, OverflowError, TypeError, IndexError) as error:
        raise Odd(value) from error
