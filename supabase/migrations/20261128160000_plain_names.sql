-- Names as they are searched: small letters without accents. Stored, so that no search writes every name anew.
-- Plain SQL and qualified throughout, so that the planner inlines it.
create function public.plain(name text)
returns text language sql immutable strict parallel safe as $$
    select extensions.unaccent('extensions.unaccent'::regdictionary, lower(name))
$$;
revoke all on function public.plain from public;
grant execute on function public.plain to service_role;

alter table public.clubs add column plain text generated always as (public.plain(name)) stored;
alter table public.teams add column plain text generated always as (public.plain(name)) stored;
alter table public.venues add column plain text generated always as (public.plain(name)) stored;
alter table public.divisions add column plain text generated always as (public.plain(name)) stored;
alter table public.team_aliases add column plain text generated always as (public.plain(alias)) stored;

-- No statement could use them: each compared names without accents.
drop index public.clubs_by_similarity;
drop index public.teams_by_similarity;
drop index public.venues_by_similarity;

-- The search over clubs, teams, tables and venues. Its words are search/queries.py's, which says what each means:
-- LIKE patterns of names that contain it (`with_parts`), a regular expression of names that one word shortens and a
-- pattern that each of them matches, patterns of which any name that is alike has one. A function, so that a session
-- plans it once: planning it costs as much as a third of the search, and behind PgBouncer nothing can be prepared.
-- Each text is looked at once, however many teams have it as their name, and a team's table only if it is shown. Each
-- of the best texts is somebody's, and aliases alone are a second name of theirs: no more texts than that are followed.
create function public.search_names(
    asked text, with_parts text[], shortened text, with_letters text, with_shares text[], of_age text,
    likely double precision, most integer)
returns table (kind text, id bigint, name text, detail text, path text)
language plpgsql stable set search_path = '' set plan_cache_mode = force_generic_plan as $$
#variable_conflict use_column
begin
return query
with tables as materialized (
    select distinct on (b.league_id, b.division_id, b.age_group_id) b.id, a.name as age, s.name as season,
        a.name || ' ' || d.name || ' · ' || l.name as name,
        lower(a.name) || ' ' || d.plain || ' ' || lower(l.name) as plain,
        '/' || s.name || '/' || l.slug || '/' || lower(a.name) || '/' || d.slug as path
    from public.brackets b join public.seasons s on s.id = b.season_id join public.leagues l on l.id = b.league_id
    join public.age_groups a on a.id = b.age_group_id join public.divisions d on d.id = b.division_id
    order by b.league_id, b.division_id, b.age_group_id, s.first_day desc, b.id
),
texts as (
    select plain from public.clubs union select plain from public.teams union select plain from public.team_aliases
    union select plain from public.venues union select plain from tables
),
looked_at as materialized (
    select plain, plain like any(with_parts) as contains,
        coalesce(plain like with_letters and plain ~ shortened, false) as abbreviated
    from texts
),
scored as materialized (
    select l.*, case when contains or abbreviated or plain like any(with_shares)
        then extensions.word_similarity(public.plain(asked), plain) else 0 end as alike
    from looked_at l
),
meant as materialized (
    select plain, contains, abbreviated, alike
    from (select *, rank() over (order by contains desc, abbreviated desc, alike desc) as place from scored
          where contains or abbreviated or alike >= likely) r
    where of_age is not null or place <= most + (select count(*) from public.team_aliases)
),
candidates as (
    select 'club' as kind, c.id, c.name, '' as detail, '/clubs/' || c.id as path, null as age, 1 as rank, m.*
    from meant m join public.clubs c using (plain)
    union all
    select 'bracket', b.id, b.name, b.season, b.path, b.age, 2, m.* from meant m join tables b using (plain)
    union all
    select 'team', t.id, t.name, null, '/teams/' || t.id, case when of_age is null then null else coalesce((
        select a.name from public.bracket_teams bt join public.brackets b on b.id = bt.bracket_id
        join public.age_groups a on a.id = b.age_group_id
        where bt.team_id = t.id order by b.season_id desc, b.id limit 1), t.age_label) end, 3, m.*
    from meant m join public.teams t using (plain)
    union all
    select case when x.team_id is null then 'club' else 'team' end, coalesce(x.team_id, x.club_id),
        coalesce(t.name, c.name), coalesce(x.age_label, t.age_label, ''),
        case when x.team_id is null then '/clubs/' || x.club_id else '/teams/' || x.team_id end,
        coalesce(x.age_label, t.age_label), 0, m.*
    from meant m join public.team_aliases x using (plain)
    left join public.teams t on t.id = x.team_id left join public.clubs c on c.id = x.club_id
    union all
    select 'venue', v.id, v.name, '', null, null, 4, m.* from meant m join public.venues v using (plain)
),
best as (
    select distinct on (kind, id) * from candidates
    where of_age is null or age is null or starts_with(upper(age), of_age)
    order by kind, id, contains desc, abbreviated desc, alike desc
),
shown as (
    select *, rank() over (order by contains desc, abbreviated desc, alike desc, rank, name) as place from best
)
select s.kind, s.id, s.name, coalesce(s.detail, p.detail), s.path
from shown s
left join lateral (
    select coalesce((
        select a.name || ' ' || d.name || ' · ' || n.name
        from public.bracket_teams bt join public.brackets b on b.id = bt.bracket_id
        join public.seasons n on n.id = b.season_id
        join public.age_groups a on a.id = b.age_group_id join public.divisions d on d.id = b.division_id
        where bt.team_id = t.id order by b.season_id desc, b.id limit 1), t.age_label, '') as detail
    from public.teams t where s.detail is null and t.id = s.id) p on true
where s.place <= most
order by s.place, 4, s.id limit most;
end
$$;
revoke all on function public.search_names from public;
grant execute on function public.search_names to service_role;
