-- What one batch says of its matches, with every name already an id. Filled by COPY, emptied with the transaction.
-- name: create
create temporary table if not exists {incoming} (
    source text, season_id smallint, external_id text, event_id text, league_id smallint,
    age_group_id smallint, division_id integer, competition text, home_team_id bigint, away_team_id bigint,
    kick_off timestamptz, timezone text, local_date date, time_set boolean, venue_id bigint, round_number integer,
    status text, home_score smallint, away_score smallint, home_shootout smallint, away_shootout smallint,
    observed_at timestamptz, content_hash text, brackets bigint[], sides smallint[], target text
) on commit delete rows
