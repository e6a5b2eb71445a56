"""Make text of what a feed calls text: no control characters, no half characters, within the length that is kept."""

import re
from functools import lru_cache

SPACES = re.compile(r" *[\t\n\v\f\r\x1c-\x1f\x85\u2028\u2029]+ *")
"""What breaks a line or a column, in any of its forms."""
UNPRINTED = re.compile(r"[\x00-\x1f\x7f-\x9f\ufeff\u202a-\u202e\u2066-\u2069]")
"""Control characters, byte order marks, and marks that turn the direction of the text behind them."""
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
"""A terminal's commands, whole: without its first character the rest of one would be left as letters."""
HALVES = re.compile("[\ud800-\udfff]")
REPLACEMENT = "\ufffd"
LONGEST = 200


@lru_cache(maxsize=8192)
def clean(value: str, longest: int = LONGEST) -> str:
    """Return a text as it may be shown and kept, "" where nothing of it is left."""
    if not value.isascii():
        value = HALVES.sub(REPLACEMENT, value)
    if not value.isprintable():
        value = UNPRINTED.sub("", SPACES.sub(" ", ESCAPES.sub("", value)))
    value = value.strip()
    return value if len(value) <= longest else value[: longest - 1].rstrip() + "…"
