-- What a match stands on: found by the source's ids, or made. k0, k1, … are the parts of the key, a0, a1, … what is said
-- of it, at is when (dimensions.py).

-- name: seasons
with given as (select * from unnest(%(k0)s::text[], %(a0)s::date[], %(a1)s::date[]) as g (name, first_day, last_day)),
added as (
    insert into seasons (name, first_day, last_day) select name, first_day, last_day from given order by name
    on conflict do nothing returning name, id
)
select name, id from added union all select s.name, s.id from given join seasons s using (name)

-- name: age_groups
with given as (select * from unnest(%(k0)s::text[]) as g (name)),
added as (insert into age_groups (name) select name from given order by name on conflict do nothing returning name, id)
select name, id from added union all select s.name, s.id from given join age_groups s using (name)

-- name: leagues
select name, id from leagues where name = any(%(k0)s)

-- name: divisions
with given as (
    select l.id as league_id, g.league, g.name, g.slug
    from unnest(%(k0)s::text[], %(k1)s::text[], %(a0)s::text[]) as g (league, name, slug)
    join leagues l on l.name = g.league
),
added as (
    insert into divisions (league_id, name, slug) select league_id, name, slug from given order by league_id, name
    on conflict do nothing returning league_id, name, id
)
select g.league, g.name, coalesce(a.id, d.id)
from given g left join added a using (league_id, name) left join divisions d using (league_id, name)
where coalesce(a.id, d.id) is not null

-- name: brackets
-- Of each kind the same three steps in one statement: what is there, what is missing, what is older than what is said
-- now. The rows to be written over are locked in the order of their ids, so that two workers never wait for each other.
with given as materialized (
    select * from unnest(%(k0)s::text[], %(k1)s::smallint[], %(k2)s::text[], %(a0)s::smallint[], %(a1)s::int[],
        %(a2)s::smallint[], %(a3)s::text[], %(a4)s::boolean[], %(at)s::timestamptz[])
        as g (source, season_id, external_id, league_id, division_id, age_group_id, gender, computed, observed_at)
),
present as materialized (
    select b.*, g.observed_at as at, g.league_id as l, g.division_id as d, g.age_group_id as a, g.gender as s,
        g.computed as c
    from given g join brackets b using (source, season_id, external_id)
),
added as (
    insert into brackets
        (source, season_id, external_id, league_id, division_id, age_group_id, gender, computed, observed_at)
    select g.* from given g where not exists (
        select from present p
        where (p.source, p.season_id, p.external_id) = (g.source, g.season_id, g.external_id))
    order by g.source, g.season_id, g.external_id
    on conflict do nothing
    returning source, season_id, external_id, id
),
older as (
    select b.id from present p join brackets b on b.id = p.id
    where (p.at, p.l, p.d, p.a, p.s collate "C", p.c)
        > (b.observed_at, b.league_id, b.division_id, b.age_group_id, b.gender collate "C", b.computed)
    order by b.id for update of b
),
renewed as (
    update brackets b
    set league_id = p.l, division_id = p.d, age_group_id = p.a, gender = p.s, computed = p.c, observed_at = p.at
    from present p where p.id = b.id and b.id in (select id from older)
        and (p.at, p.l, p.d, p.a, p.s collate "C", p.c)
            > (b.observed_at, b.league_id, b.division_id, b.age_group_id, b.gender collate "C", b.computed)
)
select source, season_id::text, external_id, id from added
union all select source, season_id::text, external_id, id from present

-- name: clubs
with given as materialized (
    select * from unnest(%(k0)s::text[], %(k1)s::text[], %(a0)s::text[], %(a1)s::text[], %(at)s::timestamptz[])
        as g (source, external_id, name, crest_url, at)
),
present as materialized (
    select c.id, g.* from given g join clubs c on c.source = g.source and c.external_id = g.external_id
),
added as (
    insert into clubs (source, external_id, name, crest_url, observed_at)
    select g.source, g.external_id, g.name, g.crest_url, g.at from given g
    where not exists (select from present p where p.source = g.source and p.external_id = g.external_id)
    order by g.source, g.external_id
    on conflict do nothing
    returning source, external_id, id
),
older as (
    select c.id from present p join clubs c on c.id = p.id
    where (p.at, p.name collate "C", coalesce(p.crest_url, '') collate "C")
        > (c.observed_at, c.name collate "C", coalesce(c.crest_url, '') collate "C")
    order by c.id for update of c
),
renewed as (
    update clubs c set name = p.name, crest_url = p.crest_url, observed_at = p.at
    from present p where p.id = c.id and c.id in (select id from older)
        and (p.at, p.name collate "C", coalesce(p.crest_url, '') collate "C")
            > (c.observed_at, c.name collate "C", coalesce(c.crest_url, '') collate "C")
)
select source, external_id, id from added union all select source, external_id, id from present

-- name: teams
with given as materialized (
    select * from unnest(%(k0)s::text[], %(k1)s::text[], %(a0)s::text[], %(a1)s::text[], %(a2)s::bigint[],
        %(at)s::timestamptz[]) as g (source, external_id, name, age_label, club_id, at)
),
present as materialized (
    select t.id, t.name as old_name, t.observed_at as old_at, g.*
    from given g join teams t on t.source = g.source and t.external_id = g.external_id
),
added as (
    insert into teams (source, external_id, name, age_label, club_id, observed_at)
    select g.source, g.external_id, g.name, g.age_label, g.club_id, g.at from given g
    where not exists (select from present p where p.source = g.source and p.external_id = g.external_id)
    order by g.source, g.external_id
    on conflict do nothing
    returning source, external_id, id
),
older as (
    select t.id from present p join teams t on t.id = p.id
    where (p.at, p.name collate "C", coalesce(p.age_label, '') collate "C", coalesce(p.club_id, 0))
        > (t.observed_at, t.name collate "C", coalesce(t.age_label, '') collate "C", coalesce(t.club_id, 0))
    order by t.id for update of t
),
renewed as (
    update teams t set name = p.name, age_label = p.age_label, club_id = p.club_id, observed_at = p.at
    from present p where p.id = t.id and t.id in (select id from older)
        and (p.at, p.name collate "C", coalesce(p.age_label, '') collate "C", coalesce(p.club_id, 0))
            > (t.observed_at, t.name collate "C", coalesce(t.age_label, '') collate "C", coalesce(t.club_id, 0))
)
select source, external_id, false as renamed, id from added
union all select source, external_id, name <> old_name and at >= old_at, id from present

-- name: venues
with given as materialized (
    select * from unnest(%(k0)s::text[], %(k1)s::text[], %(a0)s::text[], %(at)s::timestamptz[])
        as g (source, external_id, name, at)
),
present as materialized (
    select v.id, g.* from given g join venues v on v.source = g.source and v.external_id = g.external_id
),
added as (
    insert into venues (source, external_id, name, observed_at)
    select g.source, g.external_id, g.name, g.at from given g
    where not exists (select from present p where p.source = g.source and p.external_id = g.external_id)
    order by g.source, g.external_id
    on conflict do nothing
    returning source, external_id, id
),
older as (
    select v.id from present p join venues v on v.id = p.id
    where (p.at, p.name collate "C") > (v.observed_at, v.name collate "C")
    order by v.id for update of v
),
renewed as (
    update venues v set name = p.name, observed_at = p.at
    from present p where p.id = v.id and v.id in (select id from older)
        and (p.at, p.name collate "C") > (v.observed_at, v.name collate "C")
)
select source, external_id, id from added union all select source, external_id, id from present

-- name: named_venues
-- Where the source has no ids the name is the key.
with given as (select * from unnest(%(k0)s::text[], %(k1)s::text[], %(at)s::timestamptz[]) as g (source, name, at)),
added as (
    insert into venues (source, name, observed_at) select source, name, at from given order by source, name
    on conflict do nothing returning source, name, id
)
select source, name, id from added
union all
select g.source, g.name, v.id from given g
join venues v on v.source = g.source and v.name = g.name and v.external_id is null

-- name: named_teams
-- A team by its name: an alias first (the more particular one), then a team that bears the name, then, where the source
-- says whose team it is (or the name stands in a published table), a new one. What is left is unknown.
with given as materialized (
    select * from unnest(%(source)s::text[], %(name)s::text[], %(label)s::text[], %(club)s::bigint[],
        %(make)s::boolean[], %(at)s::timestamptz[]) as g (source, name, label, club_id, make, at)
),
found as materialized (
    select g.*, coalesce(
        (
            select coalesce(a.team_id, (
                select t.id from teams t
                where t.club_id = a.club_id and t.age_label is not distinct from g.label order by t.id limit 1))
            from team_aliases a
            where a.alias = g.name and (a.source is null or a.source = g.source)
                and (a.age_label is null or a.age_label is not distinct from g.label)
            order by a.age_label is null, a.source is null limit 1
        ),
        (
            select t.id from teams t
            where t.source = g.source and t.name = g.name and t.age_label is not distinct from g.label
            order by t.external_id is not null, t.id limit 1
        )) as id
    from given g
),
added as (
    insert into teams (source, name, age_label, club_id, observed_at)
    select source, name, label, club_id, at from found where id is null and make order by source, name, label
    on conflict do nothing
    returning source, name, age_label, id
)
select source, name, coalesce(label, ''), id from found where id is not null
union all select source, name, coalesce(age_label, ''), id from added

-- name: join_brackets
-- Teams that play in a bracket belong to it, listed or not.
insert into bracket_teams (bracket_id, team_id, listed, observed_at)
select b, t, false, now() from unnest(%(brackets)s::bigint[], %(teams)s::bigint[]) as m (b, t)
on conflict do nothing

-- name: brackets_of_teams
select bracket_id from bracket_teams where team_id = any(%(teams)s)
