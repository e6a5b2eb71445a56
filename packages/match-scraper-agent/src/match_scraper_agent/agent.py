"""The model: one conversation with four tools, inside limits, through the gateway. It may add, never subtract.

Whatever goes wrong with it is a sentence in the report and no more; the guard does the plan.
"""

import asyncio
from collections.abc import AsyncIterable
from dataclasses import dataclass
from typing import Any

import httpx
import structlog
from anthropic import AnthropicError, AsyncAnthropic
from pydantic_ai import Agent, RunContext, RunUsage, UsageLimits, capture_run_messages
from pydantic_ai.exceptions import AgentRunError, ModelAPIError, UnexpectedModelBehavior, UsageLimitExceeded
from pydantic_ai.messages import AgentStreamEvent, FunctionToolCallEvent, ModelResponse
from pydantic_ai.models import Model
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.providers.anthropic import AnthropicProvider

from match_scraper_agent.planner import Plan
from match_scraper_agent.tools import TOOLS
from match_scraper_agent.work import Work

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

MAX_TOKENS = 1024
LIMITS = UsageLimits(
    request_limit=12,
    tool_calls_limit=40,
    input_tokens_limit=30_000,
    output_tokens_limit=4_000,
    total_tokens_limit=32_000,
)
"""Loose enough for a bad day, tight enough that a model that loops costs cents."""


@dataclass
class Thought:
    """What became of the conversation. `trouble`: why it ended early, in a sentence; counts as pydantic-ai has them."""

    model: str | None = None
    said: str = ""
    trouble: str | None = None
    tokens_in: int = 0
    tokens_out: int = 0
    calls: int = 0


def prompt(plan: Plan, template: str, club: str | None = None) -> str:
    """The system prompt: the file's text with the facts of this run in the place of {season}, {today} and the rest."""
    facts = {
        "season": plan.season.name,
        "today": f"{plan.today:%A} {plan.today}",
        "targets": ", ".join(item.target.name for item in plan.due) or "none",
        "watched": ", ".join(item.target.name for item in plan.watched) or "none",
        "club": club or "every club",
    }
    for name, fact in facts.items():
        template = template.replace("{" + name + "}", fact)
    return template


def anthropic_model(name: str, *, url: str, key: str, timeout_s: float) -> Model:
    """A model behind the gateway. Never straight to Anthropic: both address and key are the gateway's."""
    client = AsyncAnthropic(base_url=url, api_key=key, max_retries=0, timeout=timeout_s)
    return AnthropicModel(name, provider=AnthropicProvider(anthropic_client=client))


async def _follow(context: RunContext[Work], events: AsyncIterable[AgentStreamEvent]) -> None:
    """Says which tools are called. With a handler the answers are streamed: what was used is known when one breaks."""
    async for event in events:
        if isinstance(event, FunctionToolCallEvent):
            context.deps.told.say(f"the model calls {event.part.tool_name}")


async def think(work: Work, model: Model, template: str, *, club: str | None = None, timeout_s: float) -> Thought:
    """Lets the model work; never raises for what a model, a gateway or a network does, nor for a fault of ours."""
    agent: Agent[Work, str] = Agent(
        model,
        deps_type=Work,
        instructions=prompt(work.plan, template, club),
        tools=list(TOOLS),
        retries=2,
        model_settings={"max_tokens": MAX_TOKENS, "temperature": 0.0},
    )
    thought, usage = Thought(model=model.model_name), RunUsage()
    with capture_run_messages() as messages:
        await _converse(agent, work, thought, usage, timeout_s)
    answers = [item for item in messages if isinstance(item, ModelResponse)]
    thought.model = next((item.model_name for item in reversed(answers) if item.model_name), thought.model)
    thought.tokens_in, thought.tokens_out, thought.calls = usage.input_tokens, usage.output_tokens, usage.requests
    return thought


async def _converse(agent: Agent[Work, str], work: Work, thought: Thought, usage: RunUsage, timeout_s: float) -> None:
    """The conversation; what it said or why it ended goes into `thought`."""
    try:
        async with asyncio.timeout(timeout_s):
            result = await agent.run(
                "Begin.", deps=work, usage_limits=LIMITS, usage=usage, event_stream_handler=_follow
            )
        thought.said = " ".join(result.output.split())[:200]
    except TimeoutError:
        thought.trouble = f"the model took longer than {timeout_s:g} s"
    except UsageLimitExceeded as error:
        thought.trouble = f"the model used up the limits of a run ({error})"
    except UnexpectedModelBehavior as error:
        thought.trouble = f"the model did not make sense ({_short(error)})"
    except ModelAPIError as error:
        thought.trouble = trouble_of(error)
    except (AgentRunError, AnthropicError, httpx.HTTPError) as error:
        thought.trouble = f"the model could not be used ({_short(error)})"
    except Exception as error:
        log.exception("model.fault")
        thought.trouble = f"a fault of the agent, see its log ({type(error).__name__}: {_short(error)})"


def _short(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__


def _message_of(body: object) -> str:
    inner: Any = body.get("error") if isinstance(body, dict) else None
    return str(inner.get("message", ""))[:200] if isinstance(inner, dict) else ""


def trouble_of(error: ModelAPIError) -> str:
    """What a person should know of an answer that was none. Pure."""
    status = getattr(error, "status_code", None)
    said = _message_of(getattr(error, "body", None)) or _short(error)
    match status:
        case 401:
            told = f"the gateway or Anthropic refuses the key (401: {said}): check AGENT_PROXY_KEY and the API key"
        case 403:
            told = f"the gateway or Anthropic does not allow it (403: {said}): see AGENT_MODEL and the grant in RADIUS"
        case 429:
            told = f"the budget is used up or calls are limited (429: {said}): see iron-claw status"
        case 529:
            told = f"Anthropic is overloaded (529: {said})"
        case 503:
            told = f"the gateway is not ready (503: {said}): is FreeRADIUS running?"
        case int():
            told = f"the model answers {status} ({said})"
        case _:
            told = f"the gateway does not answer ({said}): is iron-claw running?"
    return told
