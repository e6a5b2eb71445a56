-- name: last_landed
select cardinality(external_ids), scored, observed_at from feed_snapshots
where source = %(source)s and site = %(site)s and key = %(key)s and landed_at is not null
order by observed_at desc limit 1

-- name: keep
insert into feed_snapshots (
    snapshot_id, run_id, source, site, key, season_id, league_id, observed_at, scope, parts, external_ids, scored,
    documents, accept_shrink)
values (
    %(snapshot_id)s, %(run_id)s, %(source)s, %(site)s, %(key)s, %(season_id)s, %(league_id)s, %(observed_at)s,
    %(scope)s, %(parts)s, %(external_ids)s, %(scored)s, %(documents)s, %(accept_shrink)s)
on conflict (snapshot_id) do nothing

-- name: tables
create temporary table covered (bracket_id bigint, observed_at timestamptz, hash text) on commit drop;
create temporary table standing (
    bracket_id bigint, team_id bigint, position integer, values jsonb, observed_at timestamptz
) on commit drop

-- name: standings
-- What a snapshot says of one bracket after another: who stands in it and where. `standing` holds its rows.
--
-- The newest snapshot of a bracket stands: the greatest (observed_at, hash of its rows). An older one that arrives late
-- adds teams that nobody had seen yet, as not listed, and changes nothing else.
create temporary table renewed on commit drop as
select b.id as bracket_id, g.observed_at, g.hash, b.standings_hash is distinct from g.hash as changed
from (
    select bracket_id, max(observed_at) as observed_at, max(hash) as hash from covered group by bracket_id
) g
join brackets b on b.id = g.bracket_id
where b.standings_observed_at is null
    or (g.observed_at, g.hash collate "C") > (b.standings_observed_at, b.standings_hash collate "C")
order by b.id
for update of b;

update brackets b set standings_observed_at = r.observed_at, standings_hash = r.hash
from renewed r where r.bracket_id = b.id;

update bracket_teams t set listed = false, observed_at = r.observed_at
from renewed r
where r.changed and t.bracket_id = r.bracket_id and t.listed
    and not exists (
        select from standing s where s.bracket_id = t.bracket_id and s.team_id = t.team_id and s.position is not null);

insert into bracket_teams (bracket_id, team_id, listed, observed_at)
select s.bracket_id, s.team_id, s.position is not null and r.bracket_id is not null, s.observed_at
from standing s left join renewed r on r.bracket_id = s.bracket_id
order by s.bracket_id, s.team_id
on conflict (bracket_id, team_id) do update set listed = excluded.listed, observed_at = excluded.observed_at
where excluded.listed and not bracket_teams.listed;

delete from published_standings p
using renewed r
where r.changed and p.bracket_id = r.bracket_id
    and not exists (select from standing s where s.bracket_id = p.bracket_id and s.team_id = p.team_id);

insert into published_standings (bracket_id, team_id, position, "values", observed_at)
select s.bracket_id, s.team_id, s.position, s.values, s.observed_at
from standing s join renewed r on r.bracket_id = s.bracket_id
where r.changed
order by s.bracket_id, s.team_id
on conflict (bracket_id, team_id) do update
set position = excluded.position, "values" = excluded."values", observed_at = excluded.observed_at;

select bracket_id from renewed where changed
