"""What is up, what is not, and what to do: one line a part. Looks and tells; starts nothing, prints no secret.

The one thing that it mends is the queue's binding, which cannot be looked at.
"""

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import httpx
from rich.table import Table
from rich.text import Text

from match_scraper_agent.api import Api, ApiError
from match_scraper_agent.broker import Undelivered, look_at_broker
from match_scraper_agent.outbox import Outbox
from match_scraper_agent.proxy import BARE, Proxy, ProxyError
from match_scraper_agent.settings import Settings

State = Literal["up", "warning", "down"]


@dataclass(frozen=True)
class Check:
    """One part as it was found. `needed`: without it a run cannot land."""

    part: str
    state: State
    said: str
    needed: bool


def exit_code(checks: Sequence[Check]) -> int:
    """4 where delivery is not possible, 3 where nothing could be read, 0 otherwise: a run's own codes."""
    down = {check.part for check in checks if check.state == "down" and check.needed}
    if down & {"source", "browser"}:
        return 3
    return 4 if down else 0


async def look_at_proxy(settings: Settings) -> list[Check]:
    """The gateway and what is left of this key's budget. Never needed: a run happens without a model."""
    if settings.proxy_url is None or settings.proxy_key is None:
        said = "AGENT_PROXY_URL and AGENT_PROXY_KEY are not both set: runs go without a model"
        return [Check("proxy", "warning", said, needed=False)]
    try:
        status = await Proxy(settings.proxy_url, settings.proxy_key.get_secret_value()).status()
    except ProxyError as error:
        if error.out_of_budget:
            spent = Check("budget", "warning", f"{error}; runs go without a model", needed=False)
            return [Check("proxy", "up", settings.proxy_url, needed=False), spent]
        return [Check("proxy", "down", f"{error}; runs go without a model", needed=False)]
    checks = [Check("proxy", "up", f"{settings.proxy_url} ({status.policy_mode or 'no policy'})", needed=False)]
    if status.no_radius_session:
        checks.append(Check("budget", "warning", BARE, needed=False))
    else:
        used, budget = status.tokens_used or 0, status.token_budget
        said = f"{used:,} of {budget:,} tokens used" if budget else f"{used:,} tokens used, no session budget"
        if status.monthly_budget:
            said += f"; this month {status.monthly_used or 0:,} of {status.monthly_budget:,}"
        if status.used_up:
            said += f"; no call goes out before {status.resets_at}: runs go without a model"
        checks.append(Check("budget", "warning" if status.used_up else "up", said, needed=False))
    return checks


async def look_at_queue(settings: Settings) -> Check:
    """Exchange, queue, the binding between them (made anew where it is missing) and a consumer."""
    if settings.amqp_url is None:
        return Check("queue", "down", "AMQP_URL is not set: amqp://user:secret@host:5672/vhost", needed=True)
    try:
        broker = await asyncio.to_thread(look_at_broker, settings.amqp_url.get_secret_value())
    except Undelivered as error:
        return Check("queue", "down", str(error), needed=True)
    said = f"{broker.waiting:,} messages wait, {broker.consumers} workers"
    if broker.consumers == 0:
        return Check("queue", "down", f"{said}: start the worker, or nothing lands", needed=True)
    if not broker.bound:
        said += "; whether the queue is bound nobody knows: this user may not bind"
        return Check("queue", "warning", said, needed=True)
    return Check("queue", "up", said, needed=True)


async def look_at_api(settings: Settings) -> Check:
    """The API and, behind its readiness, the database."""
    key = settings.api_key.get_secret_value() if settings.api_key else None
    async with Api(settings.api_url, key) as api:
        try:
            await api.alive()
        except ApiError as error:
            return Check("api", "down", f"{error}; a run reads everything then", needed=False)
    return Check("api", "up", settings.api_url, needed=False)


async def look_at_source(settings: Settings) -> Check:
    """Whether the league's host answers at all; no page is read."""
    host = httpx.URL(settings.source_url).host
    there = settings.source_resolve.get(host)
    address, _, port = (there or f"{host}:{httpx.URL(settings.source_url).port or 443}").rpartition(":")
    try:
        async with asyncio.timeout(5):
            _, writer = await asyncio.open_connection(address, int(port))
    except (OSError, TimeoutError) as error:
        said = f"{host} does not answer ({error or 'timeout'}): look at the network"
        return Check("source", "down", said, needed=True)
    writer.close()
    return Check("source", "up", f"{host}" + (f" at {there}" if there else ""), needed=True)


def look_at_browser(settings: Settings) -> Check:
    """Whether Chromium is where the settings say."""
    if settings.chromium is None:
        return Check("browser", "up", "Playwright's own", needed=True)
    if os.access(settings.chromium, os.X_OK):
        return Check("browser", "up", str(settings.chromium), needed=True)
    said = f"{settings.chromium} cannot be executed: install Chromium or set AGENT_CHROMIUM"
    return Check("browser", "down", said, needed=True)


def look_at_outbox(settings: Settings) -> Check:
    """What waits on disk."""
    outbox = Outbox(settings.state_dir / "outbox")
    waiting, aside = len(outbox.files()), len(outbox.aside())
    if waiting or aside:
        said = f"{waiting} messages wait in {outbox.folder}" + (f", {aside} lie aside" if aside else "")
        return Check("outbox", "warning", said, needed=False)
    return Check("outbox", "up", "empty", needed=False)


async def preflight(settings: Settings) -> list[Check]:
    """All parts, looked at side by side."""
    proxy, queue, api, source = await asyncio.gather(
        look_at_proxy(settings), look_at_queue(settings), look_at_api(settings), look_at_source(settings)
    )
    return [*proxy, queue, api, source, look_at_browser(settings), look_at_outbox(settings)]


async def before_run(settings: Settings, *, with_model: bool, with_queue: bool) -> list[Check]:
    """What is not up, of the parts that this run uses and that a look does not change."""
    looks = [look_at_api(settings), look_at_source(settings)]
    if with_queue:
        looks.append(look_at_queue(settings))
    checks = list(await asyncio.gather(*looks))
    if with_model:
        checks += await look_at_proxy(settings)
    return [check for check in (*checks, look_at_browser(settings), look_at_outbox(settings)) if check.state != "up"]


def table(checks: Sequence[Check]) -> Table:
    """A line a part."""
    shown = Table(box=None, pad_edge=False, show_edge=False, header_style="bold")
    for name in ("part", "state", "what"):
        shown.add_column(name, no_wrap=name != "what")
    style = {"up": "green", "warning": "yellow", "down": "red"}
    for check in checks:
        shown.add_row(check.part, Text(check.state, style=style[check.state]), Text(check.said))
    return shown
