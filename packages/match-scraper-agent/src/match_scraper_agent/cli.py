"""The command line `match-scraper-agent run|check|plan|runs`. Reads options and settings, prints; decides nothing.

`main` takes the courier and the source, so that devstack can run the same agent with its own.
"""

import asyncio
import json
import logging
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Annotated, Any
from uuid import uuid4

import structlog
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from match_contract import Season, season_of
from match_contract.zones import use_locked_zones
from match_scraper import Platform
from match_scraper_agent import backfill, preflight
from match_scraper_agent.api import Api, ApiError
from match_scraper_agent.planner import Plan, Window
from match_scraper_agent.publisher import AmqpCourier, Courier
from match_scraper_agent.report import COUNTED, count_or_dash, exit_code, money, run_report, screen
from match_scraper_agent.run import Options, plan_run, run
from match_scraper_agent.settings import Settings, SettingsError, load_settings
from match_scraper_agent.source import PlatformSource, SourceOfMatches, selection_of
from match_scraper_agent.targets import choose, load_targets

CourierOf = Callable[[Settings, str], Courier]
SourceOf = Callable[[Settings, Platform], SourceOfMatches]

NARROWEST = 120

TargetNames = Annotated[list[str] | None, typer.Option("--target", help="A target's name, or all. May be repeated.")]
FirstDay = Annotated[str | None, typer.Option("--from", metavar="DATE", help="First day of the matches to submit.")]
LastDay = Annotated[str | None, typer.Option("--to", metavar="DATE", help="Last day of the matches to submit.")]
EnvFile = Annotated[Path | None, typer.Option("--env-file", help="NAME=value lines; the environment wins over them.")]
AsJson = Annotated[bool, typer.Option("--json", help="The JSON alone on stdout.")]
SeasonName = Annotated[str | None, typer.Option("--season", help="Such as 2025-26; by default today's.")]


def amqp_courier(settings: Settings, run_id: str) -> Courier:
    """The courier of production; raises SettingsError where no broker is named."""
    if settings.amqp_url is None:
        raise SettingsError("AMQP_URL is not set: it names the broker, as amqp://user:secret@host:5672/vhost")
    return AmqpCourier(settings.amqp_url.get_secret_value(), run_id)


def configure_logs(level: str) -> None:
    """JSON lines on stderr, of this level and above."""
    number = logging.getLevelNamesMapping().get(level.upper())
    if number is None:
        raise SettingsError(f"AGENT_LOG_LEVEL: {level!r} is none of debug, info, warning, error")
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    logging.basicConfig(
        level=max(number, logging.WARNING), stream=sys.stderr, format='{"event": "%(name)s"}', force=True
    )


def console() -> Console:
    """Standard output: as wide as the terminal, at least as wide as the table."""
    found = Console(highlight=False, soft_wrap=False)
    if not found.is_terminal or found.width < NARROWEST:
        found = Console(highlight=False, width=max(found.width, NARROWEST), soft_wrap=True)
    return found


def _day(name: str, text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise SettingsError(f"{name} {text!r} is not a date such as 2026-09-05") from None


def _season(text: str | None) -> Season | None:
    if text is None:
        return None
    try:
        return Season.parse(text)
    except ValueError as error:
        raise SettingsError(f"--season: {error}") from None


def _options(
    settings: Settings,
    target: list[str] | None,
    *,
    first: str | None,
    last: str | None,
    season: str | None,
    **more: Any,
) -> Options:
    names, known = target or [], load_targets(settings.targets_file)
    return Options(
        targets=choose(known, names),
        named=bool(names),
        watched=() if names else known,
        window=Window(_day("--from", first), _day("--to", last)),
        season=_season(season),
        **more,
    )


def _api(settings: Settings) -> Api:
    return Api(settings.api_url, settings.api_key.get_secret_value() if settings.api_key else None)


def _default(value: object) -> str:
    return value.isoformat() if isinstance(value, date | datetime) else str(value)


def _print_json(document: object) -> None:
    sys.stdout.write(json.dumps(document, indent=2, default=_default) + "\n")


def plan_document(plan: Plan) -> dict[str, Any]:
    """The plan as JSON."""
    return {
        "season": plan.season.name,
        "today": plan.today.isoformat(),
        "warnings": list(plan.warnings),
        "targets": [
            {
                "target": item.target.name,
                "need": item.need,
                "conditional": item.conditional,
                "planned": item.planned,
                "reasons": list(item.reasons),
            }
            for item in plan.targets
        ],
    }


def runs_table(runs: list[dict[str, Any]]) -> Table:
    """A row a run, sums over its targets."""
    shown = Table(box=None, pad_edge=False, show_edge=False, header_style="bold")
    for name in ("started", "exit", "model", "tokens in", "out", "cost", *COUNTED[1:]):
        shown.add_column(name, no_wrap=True, justify="left" if name in ("started", "model") else "right")
    for item in runs:
        sums = [f"{sum(int(target.get(name) or 0) for target in item['targets']):,}" for name in COUNTED[1:]]
        code = "?" if item.get("exit_code") is None else str(item["exit_code"])
        shown.add_row(
            str(item["started_at"])[:16].replace("T", " "),
            Text(code, style="green" if code == "0" else "red"),
            item.get("model") or "none",
            f"{item.get('tokens_in') or 0:,}",
            f"{item.get('tokens_out') or 0:,}",
            money(item.get("cost_micro_usd")).replace("cost ", ""),
            *sums,
        )
    return shown


@dataclass(frozen=True)
class Makers:
    """What a run is given from outside."""

    courier_of: CourierOf = amqp_courier
    source_of: SourceOf = PlatformSource


app = typer.Typer(name="match-scraper-agent", no_args_is_help=True, pretty_exceptions_enable=False)


@app.callback()
def front_door() -> None:
    """Plans a run, reads the league's feeds, submits them, waits for receipts, reports the truth."""
    use_locked_zones()


@app.command("run")
def run_command(
    context: typer.Context,
    *,
    target: TargetNames = None,
    first: FirstDay = None,
    last: LastDay = None,
    season: SeasonName = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Plan and read; no model, write nothing.")] = False,
    model: Annotated[str | None, typer.Option("--model", help="The model to ask for.")] = None,
    no_proxy: Annotated[bool, typer.Option("--no-proxy", help="Run without a language model.")] = False,
    browser: Annotated[
        str | None,
        typer.Option("--browser", help="always, auto (on a failure: the last known feeds), never. By default always."),
    ] = None,
    source: Annotated[
        str | None, typer.Option("--source", help="assist, or modular11 (to 2025-26). By default the season's own.")
    ] = None,
    accept_shrink: Annotated[
        list[str] | None,
        typer.Option("--accept-shrink", metavar="KEY", help="Accept one document that the shrink guard refused."),
    ] = None,
    receipt_timeout: Annotated[
        float, typer.Option("--receipt-timeout", metavar="SECONDS", min=0.1, help="How long to wait for receipts.")
    ] = 120.0,
    as_json: AsJson = False,
    env_file: EnvFile = None,
) -> None:
    """One run. Exit codes: 0 landed, 1 a target failed or a match was rejected, 2 usage, 3 nothing read, 4 not
    delivered or no receipt."""
    makers: Makers = context.obj or Makers()
    settings = load_settings(env_file, {"model": model, "browser": browser})
    configure_logs(settings.log_level)
    today = season_of(settings.now().date())
    platform = backfill.platform_for(source, _season(season) or today)
    options = _options(
        settings,
        target,
        first=first,
        last=last,
        season=season,
        dry_run=dry_run,
        use_model=not no_proxy,
        accept_shrink=tuple(accept_shrink or ()),
        receipt_timeout_s=receipt_timeout,
    )
    past = backfill.is_backfill(platform, options.season or today, today)
    if past:
        options = backfill.options_of(options, platform)
    run_id = str(uuid4())
    courier = None if dry_run else makers.courier_of(settings, run_id)
    progress = Console(stderr=True, highlight=False)
    reading = settings
    if dry_run:  # what the reader remembers between runs goes where nobody looks for it again
        reading = settings.model_copy(update={"state_dir": Path(mkdtemp(prefix="match-scraper-dry-run-"))})
    bar = backfill.Bar(progress)
    selection = selection_of(options.targets)
    whole = PlatformSource(reading, platform, selection=selection, progress=bar.tell) if past else None
    reader = whole or makers.source_of(reading, platform)

    async def work() -> int:
        if courier is not None:
            with_queue = isinstance(courier, AmqpCourier)
            found = await preflight.before_run(settings, with_model=options.use_model, with_queue=with_queue)
            for check in found:
                progress.print(f"{check.part}: {check.said}", style="yellow")
        async with _api(settings) as api:
            result = await run(
                settings,
                options,
                source=reader,
                api=api,
                courier=courier,
                run_id=run_id,
                say=lambda text: progress.print(f"… {text}", style="dim"),
                beyond=backfill.send_rankings(whole, tuple(selection), settings.now()) if whole else None,
            )
        if whole and backfill.has_landed(result):
            whole.forget(options.season or today)
        if as_json:
            sys.stdout.write(run_report(result).model_dump_json(indent=2) + "\n")
        else:
            console().print(screen(result))
        return exit_code(result)

    try:
        with bar:
            raise typer.Exit(asyncio.run(work()))
    finally:
        if dry_run and not (reading.state_dir / "evidence").exists():
            rmtree(reading.state_dir)


@app.command("check")
def check_command(as_json: AsJson = False, env_file: EnvFile = None) -> None:
    """What is up, what is not, what to do. Exit code 0 when a run can land, 3 or 4 as the run would."""
    settings = load_settings(env_file)
    configure_logs(settings.log_level)
    checks = asyncio.run(preflight.preflight(settings))
    code = preflight.exit_code(checks)
    if as_json:
        _print_json({"exit_code": code, "checks": [asdict(check) for check in checks]})
    else:
        console().print(preflight.table(checks))
    raise typer.Exit(code)


@app.command("plan")
def plan_command(
    *,
    target: TargetNames = None,
    first: FirstDay = None,
    last: LastDay = None,
    season: SeasonName = None,
    as_json: AsJson = False,
    env_file: EnvFile = None,
) -> None:
    """What a run would do now, and why. Reads the API alone."""
    settings = load_settings(env_file)
    configure_logs(settings.log_level)
    options = _options(settings, target, first=first, last=last, season=season)

    async def work() -> Plan:
        async with _api(settings) as api:
            return await plan_run(settings, options, api)

    plan = asyncio.run(work())
    if as_json:
        _print_json(plan_document(plan))
        return
    shown = Table(box=None, pad_edge=False, show_edge=False, header_style="bold")
    for name in ("target", "need", "planned", "why"):
        shown.add_column(name, no_wrap=name != "why", justify="right" if name == "planned" else "left")
    for item in plan.targets:
        shown.add_row(
            item.target.name, item.need.replace("_", "-"), count_or_dash(item.planned), "; ".join(item.reasons)
        )
    out = console()
    out.print(f"Season {plan.season.name}, {plan.today:%A} {plan.today}")
    out.print(shown)
    for warning in plan.warnings:
        out.print(f"WARNING {warning}")


@app.command("runs")
def runs_command(
    limit: Annotated[int, typer.Option("--limit", min=1, max=100)] = 10,
    as_json: AsJson = False,
    env_file: EnvFile = None,
) -> None:
    """The last runs as the database has them. Exit code 4 where the API does not answer."""
    settings = load_settings(env_file)
    configure_logs(settings.log_level)

    async def work() -> list[dict[str, Any]]:
        async with _api(settings) as api:
            return await api.runs(limit)

    try:
        found = asyncio.run(work())
    except ApiError as error:
        sys.stderr.write(f"match-scraper-agent: {error}\n")
        raise typer.Exit(4) from None
    if as_json:
        _print_json(found)
    else:
        console().print(runs_table(found))


def main(courier_of: CourierOf = amqp_courier, source_of: SourceOf = PlatformSource) -> None:
    """Runs the command line; what is wrong with settings or options is one sentence and exit code 2."""
    try:
        app(obj=Makers(courier_of, source_of))
    except SettingsError as error:
        sys.stderr.write(f"match-scraper-agent: {error}\n")
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
