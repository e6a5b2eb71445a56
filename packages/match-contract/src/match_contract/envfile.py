"""Read env files strictly, for every program of ours. No variable is expanded, nothing is executed."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

LINE = re.compile(r"(?:export\s+)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)=(?P<value>.*)")


class EnvFileError(ValueError):
    """An env file cannot be read. The text names file and line, and shows nothing of what stands there."""


def parse(text: str, name: str) -> dict[str, str]:
    """Return the settings of one file's text; raises EnvFileError that names the file and the line."""
    found: dict[str, str] = {}
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        match = LINE.fullmatch(line)
        if match is None:
            raise EnvFileError(f"the env file {name} is malformed: line {number} is not NAME=value; mend that line")
        found[match["name"]] = _unquoted(match["value"].strip(), name, number)
    return found


def _unquoted(value: str, name: str, number: int) -> str:
    for quote in ('"', "'"):
        if value.startswith(quote):
            end = value.find(quote, 1)
            rest = value[end + 1 :].strip() if end > 0 else ""
            if end < 0 or (rest and not rest.startswith("#")):
                raise EnvFileError(
                    f"the env file {name} is malformed: in line {number} the value's opening {quote} has no end, or "
                    "something follows it; mend that line"
                )
            return value[1:end]
    return re.split(r"\s+#", value, maxsplit=1)[0].rstrip()


def read(*files: Path) -> dict[str, str]:
    """Return the settings of these files, a later one's over an earlier one's; raises EnvFileError."""
    found: dict[str, str] = {}
    for file in files:
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise EnvFileError(f"the env file {file} cannot be read ({error}); name another") from None
        found |= {name: value for name, value in parse(text, str(file)).items() if value or name not in found}
    return found


def with_secrets(file: Path) -> tuple[Path, ...]:
    """Return an env file and, where it is there, the one with the secrets beside it."""
    secrets = file.with_name(f"{file.name}.secret")
    return (file, secrets) if secrets.exists() else (file,)


def of_fields(
    model: type[BaseModel], prefix: str, given: Mapping[str, str], above: Mapping[str, str]
) -> dict[str, Any]:
    """Return what env files say of a model's fields, by the fields' names, where `above` (the environment) is silent.

    An empty value above is silent too, unless it says something (`EMPTY_MEANS_NONE` of the model names such fields).
    """
    speaking: frozenset[str] = getattr(model, "EMPTY_MEANS_NONE", frozenset())
    found: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        variable = str(field.validation_alias or f"{prefix}{name}".upper())
        is_above = bool(above.get(variable)) or (name in speaking and variable in above)
        if variable in given and not is_above:
            found[name] = given[variable]
    return found
