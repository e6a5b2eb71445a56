-- name: keep
insert into runs (
    run_id, started_at, ended_at, exit_code, model, tokens_in, tokens_out, cost_micro_usd, targets, warnings, report)
values (
    %(run_id)s, %(started_at)s, %(ended_at)s, %(exit_code)s, %(model)s, %(tokens_in)s, %(tokens_out)s,
    %(cost_micro_usd)s, %(targets)s, %(warnings)s, %(report)s)
on conflict (run_id) do update set
    ended_at = excluded.ended_at, exit_code = excluded.exit_code, model = excluded.model,
    tokens_in = excluded.tokens_in, tokens_out = excluded.tokens_out, cost_micro_usd = excluded.cost_micro_usd,
    targets = excluded.targets, warnings = excluded.warnings, report = excluded.report
