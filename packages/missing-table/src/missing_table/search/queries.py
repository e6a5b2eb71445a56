"""Search over clubs, teams, tables and venues: accents do not matter, parts are found, typos are forgiven (pg_trgm),
and names are known by their abbreviations: NYCFC is New York City FC, Phun is Philadelphia Union, Utd is United."""

import re
import unicodedata
from itertools import product
from math import ceil

from missing_table.database import Connection, many
from missing_table.search.schemas import Found

LIKELY = 0.35
"""Word similarity from which a name counts as meant (pg_trgm's own default is 0.6, too strict for one typo in five)."""

SEARCH = """
select kind, id, name, detail, path from search_names(
    %(q)s, %(parts)s::text[], %(short)s, %(letters)s, %(shares)s::text[], %(age)s, %(likely)s, %(limit)s)
"""
"""The statement itself is a function of the database, whose plan a session keeps (see its migration)."""


_AGE = re.compile(r"\bu-?(\d{1,2})\b")
_SAME = (("utd", "united"), ("st", "saint"), ("ft", "fort"), ("mt", "mount"), ("ny", "new york"), ("nj", "new jersey"))
"""Words that people write short. Both ways: who asks for Saint finds St."""
_SHORT = re.compile(r"[a-z0-9]{3,8}")
_NEXT_WORD = r"([a-z0-9]*[^a-z0-9]+((of|the|and|for|de)[^a-z0-9]+)*)?"
MOST_PARTS = 16
LAST_LATIN = "\u017f"
"""Up to here every letter with an accent is to the database what it is without one."""


def plain(text: str) -> str:
    """Small letters without accents."""
    letters = unicodedata.normalize("NFKD", text.lower())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def parts_of(q: str) -> list[str]:
    """LIKE patterns of what a name may contain to be meant: `q` itself, and with its words written short or long."""
    words = re.split(r"\s+", plain(q).replace(".", ""))
    others = {**dict(_SAME), **{long: short for short, long in _SAME if " " not in long}}
    spelled = [[word, others[word]] if word in others else [word] for word in words]
    texts = [plain(q), *(" ".join(chosen) for chosen in list(product(*spelled[:12]))[:MOST_PARTS] if len(words) <= 12)]
    return [f"%{_escaped(text)}%" for text in dict.fromkeys(texts)]


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def age_of(q: str) -> tuple[str, str | None]:
    """What is asked for without its age group, and the age group: "New York, U14" is New York and U14."""
    found = _AGE.search(plain(q))
    if found is None:
        return q, None
    rest = " ".join(re.sub(_AGE, " ", plain(q)).replace(",", " ").split())
    return rest or q, f"U{int(found[1])}"


def abbreviation_of(q: str) -> str | None:
    """A regular expression of the names that one word shortens: each letter goes on with a word or begins the next."""
    word = plain(q).replace(".", "")
    if not _SHORT.fullmatch(word):
        return None
    return r"(^|[^a-z0-9])" + _NEXT_WORD.join(word)


def shares_of(q: str) -> list[str]:
    """LIKE patterns of which every name that is alike (LIKELY) has one: cheaper than the similarity of each.

    Such a name shares at least that part of the trigrams of `q`. Whichever are left out, if they are fewer than it must
    share, one of the others is among them: the letters at the edges of words, which most names have, are left out
    first. Where `q` has other letters than Latin ones with accents nothing is assumed: any name may be alike.
    """
    letters = "".join(letter for letter in unicodedata.normalize("NFD", q.lower()) if not unicodedata.combining(letter))
    if not letters.isascii() or any(letter > LAST_LATIN for letter in q):
        return ["%"]
    words = re.findall(r"[a-z0-9]+", letters)
    trigrams = {padded[at : at + 3] for padded in (f"  {word} " for word in words) for at in range(len(padded) - 2)}
    telling = sorted((trigram.strip() for trigram in trigrams), key=lambda part: (len(part), part))
    return [f"%{part}%" for part in dict.fromkeys(telling[max(0, ceil(LIKELY * len(trigrams)) - 1) :])]


def letters_of(q: str) -> str | None:
    """A LIKE pattern of every name that one word could shorten (see `abbreviation_of`): it has its letters in order."""
    word = plain(q).replace(".", "")
    return f"%{'%'.join(word)}%" if _SHORT.fullmatch(word) else None


async def search(connection: Connection, *, q: str, limit: int) -> list[Found]:
    """The best first: what contains it, what it shortens, what is alike. With an age group, nothing of another one."""
    name, age = age_of(q)
    asked = {
        "q": name,
        "parts": parts_of(name),
        "short": abbreviation_of(name),
        "letters": letters_of(name),
        "shares": shares_of(name),
        "age": age,
        "likely": LIKELY,
        "limit": limit,
    }
    rows = await many(connection, SEARCH, asked)
    return [Found.model_validate(row) for row in rows]
