-- One number may stand in two competitions of a season (League and Flex): they are two matches.
alter table public.matches drop constraint matches_source_season_id_external_id_key;
alter table public.matches add constraint matches_identity unique (source, season_id, league_id, external_id);
