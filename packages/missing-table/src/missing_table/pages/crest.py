"""A badge for a club made from its name: the same as frontend/src/clubs/crest.ts makes (cases in crests.json there)."""

import re
from typing import NamedTuple
from zlib import crc32

_FILLER = frozenset("fc sc cf ac sa fa afc of the de soccer football futbol club academy and".split(" "))  # noqa: SIM905
_WORD = re.compile(r"[^\W_]+")


class Crest(NamedTuple):
    """Two letters, one of twelve colours, one of four patterns."""

    letters: str
    colour: int
    pattern: int


def crest_of(name: str) -> Crest:
    words = _WORD.findall(name)
    telling = [word for word in words if word.lower() not in _FILLER] or words or ["?"]
    letters = telling[0][0] + telling[1][0] if len(telling) > 1 else telling[0][:2]
    number = crc32(name.encode())
    return Crest(letters.upper(), number % 12, number // 256 % 4)
