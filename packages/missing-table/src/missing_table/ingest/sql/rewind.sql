-- What a document of the future did is taken back: it would win over every real one until its date has come. What the
-- history tells is put back as it was; what it does not tell comes again with the next read, since no clock is ahead
-- any more and no validator says that there is nothing new.

-- name: known
select count(*), count(*) filter (where observed_at > %(to)s) from feed_snapshots where key = %(key)s

-- name: find
create temporary table rewound on commit drop as
with named as (
    select distinct s.source, s.season_id, s.league_id, e.external_id
    from feed_snapshots s cross join lateral unnest(s.external_ids) as e (external_id)
    where s.key = %(key)s
),
late as (
    select m.* from matches m join named n using (source, season_id, league_id, external_id)
    where m.observed_at > %(to)s or m.score_observed_at > %(to)s
),
was as (
    select distinct on (c.match_id, c.field) c.match_id, c.field, c.old_value
    from match_changes c join late m on m.id = c.match_id
    where c.observed_at > %(to)s and c.batch_id is not null and not exists (
        select from match_locks l where l.match_id = c.match_id and l.field = c.field)
    order by c.match_id, c.field, c.id
)
select
    m.id as match_id, m.timezone,
    s.match_id is not null as score_back, s.old_value as score,
    regexp_match(s.old_value, '^(\d+)-(\d+)(?: \((\d+)-(\d+)\))?$')::smallint[] as goals,
    t.old_value as status, k.old_value as kick_off
from late m
left join was s on s.match_id = m.id and s.field = 'score' and m.status <> 'live'
left join was t on t.match_id = m.id and t.field = 'status' and m.status <> 'live'
left join was k on k.match_id = m.id and k.field = 'kick_off'

-- name: history
-- Written before the rows are put back.
insert into match_changes (match_id, field, old_value, new_value, observed_at)
select m.id, c.field, c.old_value, c.new_value, %(to)s
from rewound r join matches m on m.id = r.match_id
cross join lateral (
    select 'score', match_score(m.home_score, m.away_score, m.home_shootout, m.away_shootout), r.score where r.score_back
    union all
    select 'status', m.status, r.status where r.status is not null
    union all
    select 'kick_off', match_moment(m.kick_off, m.local_date, m.time_set), r.kick_off where r.kick_off is not null
) as c (field, old_value, new_value)
where c.old_value is distinct from c.new_value
order by m.id, c.field

-- name: put_back
update matches m set
    home_score = case when score_back then goals[1] else home_score end,
    away_score = case when score_back then goals[2] else away_score end,
    home_shootout = case when score_back then goals[3] else home_shootout end,
    away_shootout = case when score_back then goals[4] else away_shootout end,
    status = case
        when score_back and goals is null and coalesce(r.status, m.status) in ('completed', 'forfeit') then 'tbd'
        else coalesce(r.status, m.status) end,
    kick_off = case when length(r.kick_off) > 10 then r.kick_off::timestamptz else m.kick_off end,
    local_date = case
        when length(r.kick_off) > 10 then (r.kick_off::timestamptz at time zone m.timezone)::date
        when r.kick_off is not null then r.kick_off::date else m.local_date end,
    time_set = case when r.kick_off is not null then length(r.kick_off) > 10 else m.time_set end,
    observed_at = least(m.observed_at, %(to)s), content_hash = case when m.observed_at > %(to)s then '' else content_hash end,
    score_observed_at = case when score_back and goals is null then null else least(m.score_observed_at, %(to)s) end,
    score_hash = case
        when score_back and goals is null then null when m.score_observed_at > %(to)s then '' else score_hash end,
    absent_snapshots = 0, absent_since = null, updated_at = now()
from rewound r where m.id = r.match_id

-- name: settle
-- What was disputed because of the document is disputed no more.
update match_conflicts c set settled_at = now(), settlement = 'kept'
from rewound r
where c.match_id = r.match_id and c.settled_at is null and c.observed_at > %(to)s

-- name: forget
-- The documents themselves, and every clock that they set ahead.
with gone as (
    delete from feed_snapshots where key = %(key)s and observed_at > %(to)s returning source, season_id, league_id
),
unread as (delete from source_documents where key = %(key)s),
cleared as (
    update brackets b set
        observed_at = least(b.observed_at, %(to)s), synced_at = least(b.synced_at, %(to)s),
        standings_hash = case when b.standings_observed_at > %(to)s then '' else b.standings_hash end,
        standings_observed_at = least(b.standings_observed_at, %(to)s)
    from (select distinct source, season_id, league_id from gone) g
    where (b.source, b.season_id, b.league_id) = (g.source, g.season_id, g.league_id)
    returning b.id, b.source
),
teams_back as (
    update teams t set observed_at = %(to)s
    where t.observed_at > %(to)s and exists (
        select from bracket_teams bt join cleared c on c.id = bt.bracket_id where bt.team_id = t.id)
    returning t.club_id
),
clubs_back as (
    update clubs k set observed_at = %(to)s where k.observed_at > %(to)s and k.id in (select club_id from teams_back)
),
venues_back as (
    update venues v set observed_at = %(to)s
    where v.observed_at > %(to)s and exists (
        select from rewound r join matches m on m.id = r.match_id where m.venue_id = v.id)
)
select id from cleared
