"""What a run says of itself: counts, exit code, the message, the text on screen. Pure; nothing is sent or read here.

The report counts for itself: it knows receipts, never what a model said.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any, Literal

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from match_contract import Counts, OfficialCheck, Rejection, RunReport, TargetReport
from match_scraper_agent.targets import Target

DAILY_AT = time(14, 0, tzinfo=UTC)
"""The CronJob's time, as agent.yaml has it."""
MAX_REJECTIONS = 20
"""So many rejected matches stand in a report; the quarantine has them all."""
DIRECTIONS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
COUNTED = ("planned", "found", "inserted", "updated", "unchanged", "protected", "rejected")

FIRST_TOLD = ("kick_off", "status", "teams", "venue")
"""Of a match's changes, after its score."""

Outcome = Literal["landed", "unchanged", "not_published", "nothing_due", "failed", "undelivered", "dry_run"]


@dataclass(frozen=True)
class TargetResult:
    """One target as it ended. `planned` is None where nobody knew what to expect (a first load, an API that is away).

    `could_read` is false where its document could not be read at all.
    """

    target: Target
    outcome: Outcome
    planned: int | None = None
    found: int = 0
    counts: Counts = field(default_factory=Counts)
    detail: str = ""
    could_read: bool = True


@dataclass(frozen=True)
class Usage:
    """Tokens and cost of a run. `tokens_in` = input + cache write + cache read; a cost of None is not known."""

    model: str | None = None
    tokens_in: int = 0
    tokens_out: int = 0
    cost_micro_usd: int | None = None
    calls: int = 0
    budget: int | None = None
    budget_used: int | None = None


@dataclass(frozen=True)
class RunResult:
    """Everything that a run's report is made of. `undelivered` says what waits where; `steps` are seconds."""

    run_id: str
    started_at: datetime
    ended_at: datetime
    targets: tuple[TargetResult, ...]
    usage: Usage = Usage()
    warnings: tuple[str, ...] = ()
    undelivered: tuple[str, ...] = ()
    rejections: tuple[Rejection, ...] = ()
    documents: tuple[dict[str, str | int | None], ...] = ()
    steps: dict[str, float] = field(default_factory=dict)
    changes: tuple[str, ...] = ()
    awaited: tuple[str, ...] = ()
    official: OfficialCheck | None = None
    in_outbox: int = 0
    dry_run: bool = False


def add_counts(counts: Iterable[Counts]) -> Counts:
    """The sum; zero of nothing."""
    return sum(counts, Counts())


def exit_code(result: RunResult) -> int:
    """Return the run's exit code: 3 before 4 before 1.

    3: of the targets that were to be read none could be. 4: something waits for delivery or its receipt did not come.
    1: a target failed or a match was rejected, be it of a message that an earlier run had left in the outbox.
    """
    tried = [item for item in result.targets if item.outcome not in ("nothing_due", "not_published")]
    if tried and not any(item.could_read for item in tried):
        return 3
    if result.undelivered or any(item.outcome == "undelivered" for item in result.targets):
        return 4
    if result.rejections or any(item.outcome == "failed" or item.counts.rejected for item in result.targets):
        return 1
    return 0


def next_due(now: datetime) -> datetime:
    """When the CronJob runs next."""
    today = datetime.combine(now.astimezone(UTC).date(), DAILY_AT)
    return today if today > now else today + timedelta(days=1)


def run_report(result: RunResult) -> RunReport:
    """The message that the run leaves behind."""
    return RunReport(
        run_id=result.run_id,
        started_at=result.started_at,
        ended_at=result.ended_at,
        exit_code=exit_code(result),
        model=result.usage.model,
        tokens_in=result.usage.tokens_in,
        tokens_out=result.usage.tokens_out,
        cost_micro_usd=result.usage.cost_micro_usd,
        targets=tuple(
            TargetReport(
                target=item.target.name,
                outcome=item.outcome,
                planned=item.planned,
                found=item.found,
                **item.counts.model_dump(),
                age_group=item.target.age_group,
                league=item.target.league,
                division=item.target.division,
                detail=item.detail,
            )
            for item in result.targets
        ),
        warnings=result.warnings + result.undelivered,
        documents=result.documents,
        steps={name: round(seconds, 3) for name, seconds in result.steps.items()},
        next_due=next_due(result.ended_at),
        outbox=result.in_outbox,
        budget=result.usage.budget,
        budget_used=result.usage.budget_used,
        changes=result.changes,
        awaited=result.awaited,
        rejections=result.rejections[:MAX_REJECTIONS],
        official=result.official,
    )


def count_or_dash(value: int | None) -> str:
    """A count as a person reads it; one that is not known is a dash, never 0."""
    return "-" if value is None else f"{value:,}"


def money(cost_micro_usd: int | None) -> str:
    """Micro-dollars as a person reads them; an unknown cost is said, never 0."""
    return "cost unknown" if cost_micro_usd is None else f"${cost_micro_usd / 1_000_000:.4f}"


def _sentence(code: int) -> str:
    return {
        0: "Everything that was planned has landed.",
        1: "Not everything landed: see the targets that failed and the matches that were rejected.",
        3: "Nothing could be read.",
        4: "Something could not be delivered, or its receipt did not come.",
    }[code]


def usage_line(usage: Usage) -> str:
    """Model, tokens and cost in a line."""
    if usage.model is None and usage.calls == 0:
        return "without a model: 0 tokens"
    line = (
        f"{usage.model or 'model unknown'}: {usage.tokens_in:,} tokens in, {usage.tokens_out:,} out, "
        f"{money(usage.cost_micro_usd)}"
    )
    if usage.budget:
        line += f"; {usage.budget_used or 0:,} of the session's {usage.budget:,} tokens used"
    return line


def change_line(match: dict[str, Any], changes: Sequence[dict[str, Any]]) -> str:
    """What is new of a match, in a line: "U14 Northeast: Harbor FC - Quarry SC 2-1 (was tbd)"."""
    where = " ".join(str(match.get(name) or "") for name in ("age_group", "division")).strip()
    line = f"{where}: {match['home']['name']} - {match['away']['name']}"
    by_field = {str(change["field"]): change for change in changes}
    if "score" in by_field:
        before = by_field["score"]["before"]
        line += f" {by_field['score']['after'] or 'score withdrawn'}" + (f" (was {before})" if before else "")
    said = [
        f"{name.replace('_', '-')} {by_field[name]['before'] or 'none'} -> {by_field[name]['after'] or 'none'}"
        for name in sorted(by_field, key=lambda name: (name not in FIRST_TOLD, name))
        if name != "score" and not (name == "status" and "score" in by_field)
    ]
    return f"{line} {', '.join(said)}".rstrip()


def awaited_lines(waiting: Sequence[tuple[str, int]]) -> tuple[str, ...]:
    """(target, played matches without a score) as sentences, without the zeros."""
    return tuple(
        f"{name}: {count:,} played {'match has' if count == 1 else 'matches have'} no score yet"
        for name, count in waiting
        if count
    )


def table(targets: Sequence[TargetResult]) -> Table:
    """A row a target; only in dull characters, so that a log shows it as a screen does."""
    shown = Table(box=None, pad_edge=False, show_edge=False, header_style="bold")
    shown.add_column("target", no_wrap=True)
    for name in COUNTED:
        shown.add_column(name, justify="right", no_wrap=True)
    shown.add_column("outcome", no_wrap=True)
    style = {"failed": "red", "undelivered": "red", "landed": "green", "unchanged": "green"}
    for item in targets:
        values = [item.planned, item.found, *(getattr(item.counts, name) for name in COUNTED[2:])]
        outcome = Text(item.outcome.replace("_", " "), style=style.get(item.outcome, ""))
        shown.add_row(item.target.name, *(count_or_dash(value) for value in values), outcome)
    return shown


def unresolved(rejections: Iterable[Rejection]) -> list[str]:
    """Each name that no team and no alias answers to, once, with how many matches wait for it."""
    waiting = Counter(rejection.detail for rejection in rejections if rejection.reason == "unknown_team")
    return [f"unresolved name ({count:,} matches): {detail}" for detail, count in sorted(waiting.items())]


def teams_of(rejection: Rejection) -> str:
    """ "Harbor FC - Quarry SC: ", empty where the match names neither."""
    return f"{rejection.home or '?'} - {rejection.away or '?'}: " if rejection.home or rejection.away else ""


def lines(result: RunResult) -> list[str]:
    """What stands below the table: details, rejections, changes, warnings, tokens, the end."""
    said = [f"{item.target.name}: {item.detail}" for item in result.targets if item.detail]
    said += unresolved(result.rejections)
    said += [
        f"rejected {rejection.external_id or '(no id)'} ({rejection.target or 'no target'}): "
        f"{teams_of(rejection)}{rejection.reason}: {rejection.detail}"
        for rejection in result.rejections[:MAX_REJECTIONS]
    ]
    if len(result.rejections) > MAX_REJECTIONS:
        said.append(f"… and {len(result.rejections) - MAX_REJECTIONS} more: missing-table quarantine list")
    said += [f"changed: {text}" for text in result.changes]
    said += [f"awaited: {text}" for text in result.awaited]
    said += result.official.sentences if result.official is not None else []
    said += [f"WARNING {text}" for text in result.warnings]
    said += [f"UNDELIVERED {text}" for text in result.undelivered]
    said.append(usage_line(result.usage))
    if result.steps:
        said.append("took " + ", ".join(f"{name} {seconds:.1f} s" for name, seconds in result.steps.items()))
    code = exit_code(result)
    if result.dry_run:
        said.append("Dry run: nothing was written anywhere.")
    else:
        ending = _sentence(code)
        total = add_counts(item.counts for item in result.targets)
        if code == 0 and not total.inserted and not total.updated:
            ending = "Nothing new: the database already holds what the source says."
        said.append(f"{ending} Next run {next_due(result.ended_at):%a %d %b %H:%M} UTC. Exit code {code}.")
    return said


def harmless(text: str) -> str:
    """Return a line as a terminal may show it, since names come from the source.

    Line breaks become spaces; other control characters, and those that turn the direction of writing, U+FFFD.
    """
    return "".join(
        " " if char in "\t\n\r\x0b\x0c\x85\u2028\u2029" else "\ufffd" if _acts(char) else char for char in text
    )


def _acts(char: str) -> bool:
    return unicodedata.category(char) in ("Cc", "Cs") or char in DIRECTIONS


def screen(result: RunResult) -> RenderableType:
    """The whole report for a console."""
    return Group(table(result.targets), Text(""), *(Text(harmless(line)) for line in lines(result)))


def printed(result: RunResult, width: int = 130) -> str:
    """The report as plain text: for a log, a webhook, a test."""
    console = Console(width=width, record=False, color_system=None, force_terminal=False)
    with console.capture() as captured:
        console.print(screen(result))
    return "\n".join(line.rstrip() for line in captured.get().splitlines())


def webhook_message(result: RunResult) -> dict[str, Any]:
    """What is posted to AGENT_WEBHOOK_URL: `text` for a person (chat services show it), `run` for a program."""
    report = run_report(result)
    return {"text": printed(result), "run": report.model_dump(mode="json")}
