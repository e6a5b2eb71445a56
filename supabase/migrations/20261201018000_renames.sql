-- A name that is corrected in its place (a venue's, a team's) changes what every match of it shows: the history says so, and
-- with it calendars, whose SEQUENCE and LAST-MODIFIED come from the history. Only the history is written here: a lock on
-- matches would be taken in another order than the merge takes it.
create function public.note_renamed_venue() returns trigger
language plpgsql set search_path = '' as $$
begin
    insert into public.match_changes (match_id, field, old_value, new_value, observed_at)
    select m.id, 'venue', old.name, new.name, new.observed_at
    from public.matches m where m.venue_id = new.id
    order by m.id;
    return null;
end
$$;

create trigger venue_renamed after update of name on public.venues
for each row when (old.name is distinct from new.name) execute function public.note_renamed_venue();

create function public.note_renamed_team() returns trigger
language plpgsql set search_path = '' as $$
begin
    insert into public.match_changes (match_id, field, old_value, new_value, observed_at)
    select m.id, 'teams', old.name, new.name, new.observed_at
    from public.matches m where m.home_team_id = new.id or m.away_team_id = new.id
    order by m.id;
    return null;
end
$$;

create trigger team_renamed after update of name on public.teams
for each row when (old.name is distinct from new.name) execute function public.note_renamed_team();

revoke all on function public.note_renamed_venue(), public.note_renamed_team() from public;
