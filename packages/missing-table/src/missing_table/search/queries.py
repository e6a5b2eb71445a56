"""Search over clubs, teams and venues: accents do not matter, parts are found, typos are forgiven (pg_trgm)."""

from missing_table.search.schemas import Found
from missing_table.web.state import Connection, many

LIKELY = 0.35
"""Word similarity from which a name counts as meant (pg_trgm's own default is 0.6, too strict for one typo in five)."""

SEARCH = """
with asked as (select extensions.unaccent(lower(%(q)s)) as q, '%%' || %(like)s || '%%' as part),
candidates as (
    select 'club' as kind, c.id, c.name, '' as detail, '/clubs/' || c.id as path, c.name as matched, 1 as rank
    from clubs c
    union all
    select 'team', t.id, t.name, coalesce(p.detail, t.age_label, ''), '/teams/' || t.id, t.name, 2
    from teams t left join lateral (
        select a.name || ' ' || d.name as detail
        from bracket_teams bt join brackets b on b.id = bt.bracket_id
        join age_groups a on a.id = b.age_group_id join divisions d on d.id = b.division_id
        where bt.team_id = t.id order by b.season_id desc, b.id limit 1) p on true
    union all
    select case when x.team_id is null then 'club' else 'team' end, coalesce(x.team_id, x.club_id),
        coalesce(t.name, c.name), coalesce(x.age_label, t.age_label, ''),
        case when x.team_id is null then '/clubs/' || x.club_id else '/teams/' || x.team_id end, x.alias, 0
    from team_aliases x left join teams t on t.id = x.team_id left join clubs c on c.id = x.club_id
    union all
    select 'venue', v.id, v.name, '', null, v.name, 3 from venues v
),
scored as (
    select n.*, extensions.word_similarity(asked.q, extensions.unaccent(lower(n.matched))) as alike,
        extensions.unaccent(lower(n.matched)) like extensions.unaccent(asked.part) as contains
    from candidates n, asked
),
best as (
    select distinct on (kind, id) * from scored where contains or alike >= %(likely)s
    order by kind, id, contains desc, alike desc
)
select kind, id, name, detail, path from best order by contains desc, alike desc, rank, name, detail, id limit %(limit)s
"""


async def search(connection: Connection, *, q: str, limit: int) -> list[Found]:
    """The best first."""
    like = q.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    rows = await many(connection, SEARCH, {"q": q, "like": like, "likely": LIKELY, "limit": limit})
    return [Found.model_validate(row) for row in rows]
