"""Tell of a run that has ended, one function a channel: the queue, and a webhook. That either fails is a warning."""

import asyncio
from dataclasses import replace

import httpx

from match_scraper_agent.publisher import Courier
from match_scraper_agent.report import RunResult, run_report, webhook_message
from match_scraper_agent.settings import Settings
from match_scraper_agent.telling import once_each
from match_scraper_agent.work import Work

REPORT_RECEIPT_S = 3.0
WEBHOOK_TIMEOUT_S = 10.0


async def notify(result: RunResult, work: Work, settings: Settings, courier: Courier) -> RunResult:
    """Tell every channel; returns the result with what could not be told."""
    warnings = [*await to_queue(result, work, courier), *await to_webhook(result, settings)]
    return replace(
        result,
        warnings=result.warnings + tuple(warnings),
        undelivered=once_each((*result.undelivered, *work.told.undelivered)),
    )


async def to_queue(result: RunResult, work: Work, courier: Courier) -> list[str]:
    """Send the run's report to the database, and wait a moment for its receipt; returns warnings."""
    if await work.delivery.deliver(run_report(result).model_dump(mode="json")):
        found = await asyncio.to_thread(courier.receipts, [result.run_id], REPORT_RECEIPT_S)
        if result.run_id not in found:
            return ["the run report has no receipt yet: it lands when the worker comes to it"]
    return []


async def to_webhook(result: RunResult, settings: Settings) -> list[str]:
    """Post the report to AGENT_WEBHOOK_URL, where one is set; returns warnings."""
    if settings.webhook_url is None:
        return []
    try:
        async with httpx.AsyncClient(timeout=WEBHOOK_TIMEOUT_S) as http:
            answer = await http.post(settings.webhook_url.get_secret_value(), json=webhook_message(result))
            answer.raise_for_status()
    except httpx.HTTPStatusError as error:
        return [f"the webhook answers {error.response.status_code}: see AGENT_WEBHOOK_URL"]
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return [f"the webhook does not answer ({type(error).__name__}): see AGENT_WEBHOOK_URL"]
    return []
