"""One run, from the plan to the report. Orchestrates; courier, source, API and clock come in as arguments."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import uuid4

import structlog

from match_contract import OfficialCheck, Season, season_of
from match_scraper_agent.api import Api, ApiError, Knowledge
from match_scraper_agent.broker import AlreadyRunning, Undelivered
from match_scraper_agent.guard import finish_plan
from match_scraper_agent.notify import notify
from match_scraper_agent.outbox import Outbox
from match_scraper_agent.planner import Plan, Window, check_window, known_brackets, make_plan, stale_lines
from match_scraper_agent.proxy import BARE, Proxy, ProxyError, ProxyStatus
from match_scraper_agent.publisher import Courier
from match_scraper_agent.report import (
    RunResult,
    TargetResult,
    Usage,
    awaited_lines,
    change_line,
)
from match_scraper_agent.settings import Settings, SettingsError, load_prompt
from match_scraper_agent.source import SourceOfMatches
from match_scraper_agent.targets import Target, load_club
from match_scraper_agent.telling import RunLog, once_each
from match_scraper_agent.work import Work

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

MAX_CHANGES = 200
MAX_CHANGED_MATCHES = 20
Beyond = Callable[[Work], Awaitable[None]]


@dataclass(frozen=True)
class Options:
    """What a person asked of a run. `named`: the targets were chosen by name. `watched`: see Plan."""

    targets: tuple[Target, ...]
    named: bool = False
    watched: tuple[Target, ...] = ()
    window: Window = field(default_factory=Window)
    season: Season | None = None
    dry_run: bool = False
    use_model: bool = True
    without_model: str = "this run went without a model (--no-proxy)"
    """What the report says of a run that was to have none."""
    accept_shrink: tuple[str, ...] = ()
    receipt_timeout_s: float = 120.0


@dataclass(frozen=True)
class Brief:
    """What the model is told: the system prompt with its places still open, and whose club this is."""

    prompt: str
    club: str | None


def real_clock() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)


async def plan_run(settings: Settings, options: Options, api: Api, crashed: str | None = None) -> Plan:
    """The plan alone; raises SettingsError for dates that make no sense. Its warnings name what is stale."""
    plan, _ = await _plan(settings, options, api, crashed)
    stale = stale_lines(plan.observed, now=settings.now(), season=plan.season)
    return replace(plan, warnings=plan.warnings + stale)


async def _plan(settings: Settings, options: Options, api: Api, crashed: str | None) -> tuple[Plan, Knowledge]:
    now = settings.now()
    season = options.season or season_of(now.date())
    wrong = check_window(options.window, season)
    if wrong:
        raise SettingsError(wrong)
    knowledge = await api.knowledge(season.name)
    plan = make_plan(
        options.targets,
        now=now,
        knowledge=knowledge,
        season=season,
        window=options.window,
        forced=options.named or options.dry_run,
        crashed=crashed,
        watched=options.watched,
    )
    return plan, knowledge


class Note:
    """A file that lies there while a run goes on: one that is found at the start is of a run that never ended."""

    def __init__(self, state_dir: Path) -> None:
        self._file = state_dir / "running.json"

    def left_behind(self) -> str | None:
        """The sentence about a run that never ended, None where all ended."""
        try:
            found = json.loads(self._file.read_text(encoding="utf-8"))
            return f"the run {found['run_id']} of {found['started_at']} never ended"
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError):
            return "an earlier run never ended"

    def write(self, run_id: str, started_at: datetime) -> None:
        """Begins a run."""
        self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._file.write_text(json.dumps({"run_id": run_id, "started_at": started_at.isoformat()}), encoding="utf-8")

    def remove(self) -> None:
        """Ends it."""
        self._file.unlink(missing_ok=True)


async def run(
    settings: Settings,
    options: Options,
    *,
    source: SourceOfMatches,
    api: Api,
    courier: Courier | None,
    run_id: str | None = None,
    clock: Callable[[], datetime] = real_clock,
    say: Callable[[str], None] = lambda _: None,
    beyond: Beyond | None = None,
) -> RunResult:
    """A whole run. `courier` is None exactly for a dry run. Raises SettingsError; everything else is in the result.

    `beyond` is called when the plan is done and may send what belongs to no target; its receipts are waited for too.
    """
    run_id = run_id or str(uuid4())
    started = clock()
    brief = Brief(load_prompt(settings.prompt_file), load_club(settings.targets_file))
    note, outbox = Note(settings.state_dir), Outbox(settings.state_dir / "outbox")
    if courier is not None:
        try:
            await asyncio.to_thread(courier.open)
            broker = None
        except AlreadyRunning as error:
            return _stopped(run_id, started, clock(), options.targets, str(error))
        except Undelivered as error:
            broker = str(error)
    else:
        broker = None
    try:
        crashed = note.left_behind()
        plan, knowledge = await _plan(settings, options, api, crashed)
        if courier is not None:
            try:
                note.write(run_id, started)
            except OSError as error:
                raise SettingsError(f"AGENT_STATE_DIR {settings.state_dir} cannot be written: {error}") from None
        work = Work(
            plan,
            source=source,
            knowledge=knowledge,
            api=api,
            courier=courier,
            outbox=outbox if courier is not None else None,
            run_id=run_id,
            accept_shrink=options.accept_shrink,
            told=RunLog(say),
        )
        if broker is not None:
            work.delivery.broker_is_down(broker)
        result = await _perform(
            work, settings, options, brief, api=api, started=started, clock=clock, say=say, beyond=beyond
        )
        if courier is not None:
            result = await notify(result, work, settings, courier)
            note.remove()
        return result
    finally:
        await source.close()
        if courier is not None:
            await asyncio.to_thread(courier.close)


def _stopped(run_id: str, started: datetime, ended: datetime, targets: Sequence[Target], why: str) -> RunResult:
    return RunResult(
        run_id=run_id,
        started_at=started,
        ended_at=ended,
        targets=tuple(TargetResult(target, "failed", detail=why) for target in targets),
    )


async def _perform(
    work: Work,
    settings: Settings,
    options: Options,
    brief: Brief,
    *,
    api: Api,
    started: datetime,
    clock: Callable[[], datetime],
    say: Callable[[str], None],
    beyond: Beyond | None,
) -> RunResult:
    await work.send_outbox()
    usage = Usage()
    if options.use_model and not options.dry_run and work.plan.due:
        usage = await _with_model(work, settings, brief, say)
    elif not options.use_model:
        work.told.warn(options.without_model)
    await finish_plan(work)
    if beyond is not None:
        await beyond(work)
    targets = await work.settle(options.receipt_timeout_s)
    work.told.warn(*stale_lines(work.observed, now=settings.now(), season=work.plan.season))
    changes, awaited = await _news(work, targets, api, started) if not options.dry_run else ((), ())
    return RunResult(
        run_id=work.run_id,
        started_at=started,
        ended_at=clock(),
        targets=targets,
        usage=usage,
        warnings=once_each(work.told.warnings),
        undelivered=once_each(work.told.undelivered),
        rejections=work.receipts.rejections,
        documents=work.readings.documents,
        steps=work.told.steps,
        changes=(*work.told.notes, *changes),
        awaited=awaited,
        official=await _official(work, api) if not options.dry_run else None,
        in_outbox=work.delivery.in_outbox,
        dry_run=options.dry_run,
    )


async def _news(
    work: Work, targets: Sequence[TargetResult], api: Api, since: datetime
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What this run changed, and which scores are awaited now: sentences. Empty where the API does not say."""
    try:
        lines: list[str] = []
        if any(item.counts.updated for item in targets):
            by_match: dict[int, list[dict[str, Any]]] = {}
            for change in await api.changes_since(since, MAX_CHANGES):
                by_match.setdefault(int(change["match_id"]), []).append(change)
            for match_id, changes in list(by_match.items())[:MAX_CHANGED_MATCHES]:
                lines.append(change_line(await api.match(match_id), changes))
            if len(by_match) > MAX_CHANGED_MATCHES:
                lines.append(f"… and {len(by_match) - MAX_CHANGED_MATCHES} matches more")
        summary = await api.summary(work.plan.season.name)
    except (ApiError, KeyError, ValueError, TypeError) as error:
        log.info("news.unknown", error=str(error))
        return (), ()
    known = Knowledge(summary)
    waiting = [
        (item.target.name, sum(bracket.awaiting_score for bracket in known_brackets(item.target, known)))
        for item in targets
    ]
    return tuple(lines), awaited_lines(waiting)


async def _official(work: Work, api: Api) -> OfficialCheck | None:
    """Return how our tables compare with the league's own now, None where the API does not say."""
    try:
        return (await api.freshness(work.plan.season.name)).official
    except ApiError as error:
        log.info("official.unknown", error=str(error))
        return None


# the model


def _proxy(settings: Settings) -> Proxy | None:
    if settings.proxy_url is None or settings.proxy_key is None:
        return None
    return Proxy(settings.proxy_url, settings.proxy_key.get_secret_value())


async def _with_model(work: Work, settings: Settings, brief: Brief, say: Callable[[str], None]) -> Usage:
    """The conversation, with the gateway's own count of it. Whatever goes wrong is a warning."""
    from match_scraper_agent import agent  # noqa: PLC0415  seconds of imports that a plan or a check do not need

    proxy = _proxy(settings)
    if proxy is None:
        work.told.warn("no AGENT_PROXY_KEY is set: this run went without a model")
        return Usage()
    try:
        before = await proxy.status()
    except ProxyError as error:
        work.told.warn(f"{error}; this run went without a model")
        return Usage()
    if before.no_radius_session:
        work.told.warn(BARE)
    say(f"asking {settings.model}")
    since = monotonic()
    model = agent.anthropic_model(settings.model, url=proxy.url, key=proxy.key, timeout_s=settings.model_timeout_s)
    in_work = sum(work.told.steps.values())
    thought = await agent.think(work, model, brief.prompt, club=brief.club, timeout_s=settings.model_timeout_s)
    work.told.steps["model"] = max(0.0, monotonic() - since - (sum(work.told.steps.values()) - in_work))
    if thought.trouble:
        work.told.warn(f"{thought.trouble}; the plan was done without the model from there on")
    elif thought.model and thought.calls and not _same_model(thought.model, settings.model):
        work.told.warn(f"{thought.model} answered, not {settings.model}: the gateway's grant or budget decides")
    if thought.said:
        log.info("model.said", text=thought.said)
    usage = Usage(thought.model, thought.tokens_in, thought.tokens_out, None, thought.calls)
    try:
        after = await proxy.status()
        usage = counted(usage, before, after)
        if after.action not in (None, "none"):
            work.told.warn(
                f"the gateway's ladder stands at {after.action!r} ({after.policy_mode}): "
                f"{after.tokens_used or 0:,} of {after.token_budget or 0:,} tokens of the session are used"
            )
        await proxy.end_session()
    except ProxyError as error:
        work.told.warn(str(error))
    return usage


def _same_model(answered: str, asked: str) -> bool:
    """True where one is the other, perhaps with its date behind it."""
    return answered.startswith(asked) or asked.startswith(answered)


def counted(usage: Usage, before: ProxyStatus, after: ProxyStatus) -> Usage:
    """The run's tokens and cost by the gateway's count, where it has one: it also knows calls that broke off. Pure.

    Where both stand in one session the difference counts, else the whole later session; in bare mode, without a
    count, the model library's own numbers stay, and the cost is unknown.
    """
    same = before.session_id is not None and before.session_id == after.session_id

    def spent(name: str) -> int | None:
        late, early = getattr(after, name), getattr(before, name)
        return None if late is None else late - ((early or 0) if same else 0)

    if after.session_id is None:
        return replace(usage, cost_micro_usd=None)
    tokens_in, tokens_out = spent("tokens_in"), spent("tokens_out")
    if tokens_in is None or tokens_out is None:
        tokens_in, tokens_out = usage.tokens_in, usage.tokens_out
    return replace(
        usage,
        tokens_in=tokens_in,
        tokens_out=tokens_out,
        cost_micro_usd=spent("cost_micro_usd"),
        budget=after.token_budget,
        budget_used=after.tokens_used,
    )
