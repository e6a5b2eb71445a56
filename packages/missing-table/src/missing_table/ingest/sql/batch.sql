-- name: newer_landed
-- Competitions of which a snapshot newer than this batch landed before it: their absences must be judged again.
select distinct source, season_id, league_id from feed_snapshots
where landed_at is not null and observed_at > %(oldest)s
    and (source, season_id, league_id) in (
        select * from unnest(%(sources)s::text[], %(seasons)s::smallint[], %(leagues)s::smallint[]))
