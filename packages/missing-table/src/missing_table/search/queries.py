"""Search over clubs, teams, tables and venues: accents do not matter, parts are found, typos are forgiven (pg_trgm),
and names are known by their abbreviations: NYCFC is New York City FC, Phun is Philadelphia Union, Utd is United."""

import re
import unicodedata
from itertools import product

from missing_table.search.schemas import Found
from missing_table.web.state import Connection, many

LIKELY = 0.35
"""Word similarity from which a name counts as meant (pg_trgm's own default is 0.6, too strict for one typo in five)."""

SEARCH = """
with asked as (select extensions.unaccent(lower(%(q)s)) as q),
candidates as (
    select 'club' as kind, c.id, c.name, '' as detail, '/clubs/' || c.id as path, c.name as matched, null as age,
        1 as rank
    from clubs c
    union all
    select 'bracket', b.id, b.age || ' ' || b.division || ' · ' || b.league, b.season,
        '/' || b.season || '/' || b.league_slug || '/' || lower(b.age) || '/' || b.division_slug,
        b.age || ' ' || b.division || ' ' || b.league, b.age, 2
    from (
        select distinct on (b.league_id, b.division_id, b.age_group_id) b.id, a.name as age, d.name as division,
            d.slug as division_slug, l.name as league, l.slug as league_slug, s.name as season
        from brackets b join seasons s on s.id = b.season_id join leagues l on l.id = b.league_id
        join age_groups a on a.id = b.age_group_id join divisions d on d.id = b.division_id
        order by b.league_id, b.division_id, b.age_group_id, s.first_day desc, b.id) b
    union all
    select 'team', t.id, t.name, coalesce(p.detail, t.age_label, ''), '/teams/' || t.id, t.name,
        coalesce(p.age, t.age_label), 3
    from teams t left join lateral (
        select a.name as age, a.name || ' ' || d.name || ' · ' || s.name as detail
        from bracket_teams bt join brackets b on b.id = bt.bracket_id
        join seasons s on s.id = b.season_id
        join age_groups a on a.id = b.age_group_id join divisions d on d.id = b.division_id
        where bt.team_id = t.id order by b.season_id desc, b.id limit 1) p on true
    union all
    select case when x.team_id is null then 'club' else 'team' end, coalesce(x.team_id, x.club_id),
        coalesce(t.name, c.name), coalesce(x.age_label, t.age_label, ''),
        case when x.team_id is null then '/clubs/' || x.club_id else '/teams/' || x.team_id end, x.alias,
        coalesce(x.age_label, t.age_label), 0
    from team_aliases x left join teams t on t.id = x.team_id left join clubs c on c.id = x.club_id
    union all
    select 'venue', v.id, v.name, '', null, v.name, null, 4 from venues v
),
scored as (
    select n.*, extensions.word_similarity(asked.q, extensions.unaccent(lower(n.matched))) as alike,
        extensions.unaccent(lower(n.matched)) like any(%(parts)s::text[]) as contains,
        coalesce(extensions.unaccent(lower(n.matched)) ~ %(short)s, false) as abbreviated
    from candidates n, asked
    where %(age)s::text is null or n.age is null or starts_with(upper(n.age), %(age)s)
),
best as (
    select distinct on (kind, id) * from scored where contains or abbreviated or alike >= %(likely)s
    order by kind, id, contains desc, abbreviated desc, alike desc
)
select kind, id, name, detail, path from best
order by contains desc, abbreviated desc, alike desc, rank, name, detail, id limit %(limit)s
"""


_AGE = re.compile(r"\bu-?(\d{1,2})\b")
_SAME = (("utd", "united"), ("st", "saint"), ("ft", "fort"), ("mt", "mount"), ("ny", "new york"), ("nj", "new jersey"))
"""Words that people write short. Both ways: who asks for Saint finds St."""
_SHORT = re.compile(r"[a-z0-9]{3,8}")
_NEXT_WORD = r"([a-z0-9]*[^a-z0-9]+((of|the|and|for|de)[^a-z0-9]+)*)?"
MOST_PARTS = 16


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


async def search(connection: Connection, *, q: str, limit: int) -> list[Found]:
    """The best first: what contains it, what it shortens, what is alike. With an age group, nothing of another one."""
    name, age = age_of(q)
    asked = {
        "q": name,
        "parts": parts_of(name),
        "short": abbreviation_of(name),
        "age": age,
        "likely": LIKELY,
        "limit": limit,
    }
    rows = await many(connection, SEARCH, asked)
    return [Found.model_validate(row) for row in rows]
