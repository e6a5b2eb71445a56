"""`./mt bench web`: what a phone waits for and downloads on the bracket page, cold, on a slow line, in real Chromium.

Starts a stack of its own on free ports, with the generated season landed by one real run (MT_BENCH_SITE names a running
site instead). Throttled over CDP. Prints a list of measurements; `run()` returns it.
"""

import gzip
import os
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from listing import show
from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from devstack import patient
from devstack.testing import free_offset, run_mt

ROUNDS = 5
LATENCY_MS = 150
DOWN_BYTES_S = 1_600_000 / 8
UP_BYTES_S = 750_000 / 8
CPU_SLOWDOWN = 4
TODAY = "2026-10-05"
WATCH = """
window.seen = {lcp: 0, cls: 0}
new PerformanceObserver(list => { for (const entry of list.getEntries()) window.seen.lcp = entry.startTime })
  .observe({type: 'largest-contentful-paint', buffered: true})
new PerformanceObserver(list => { for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.seen.cls += entry.value })
  .observe({type: 'layout-shift', buffered: true})
"""  # noqa: E501
LOADED = "performance.getEntriesByType('resource').map(entry => new URL(entry.name).pathname)"
WALK = (".top a[href='/search']", ".brand", "a.last")
"""From a table to the search, home, and back to the table."""
GO = """async selector => {
  const heading = () => document.querySelector('h1')?.textContent
  const before = heading(), begin = performance.now()
  document.querySelector(selector).click()
  while (heading() === before) await new Promise(requestAnimationFrame)
  await new Promise(painted => requestAnimationFrame(() => setTimeout(painted)))
  return performance.now() - begin
}"""
Line = dict[str, Any]


def line(name: str, value: float, unit: str) -> Line:
    """One entry of the list; the web has no peer."""
    return {"name": name, "value": round(value, 4), "unit": unit, "peer": None, "peer_value": None, "ratio": None}


@contextmanager
def site() -> Iterator[str]:
    """The address of a site with the generated season, on ports of its own; stopped and forgotten at the end."""
    if given := os.environ.get("MT_BENCH_SITE"):
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="mt-bench-web-", dir="/var/tmp") as folder:
        offset = free_offset()
        where = ("--data", folder, "--port-offset", str(offset))
        try:
            done = run_mt("run", "--today", TODAY, *where, timeout_s=900)
            if done.returncode != 0:
                raise SystemExit(f"bench web: ./mt run ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
            yield f"http://127.0.0.1:{8080 + offset}"
        finally:
            run_mt("down", "--wipe", *where)


def busiest_bracket(address: str) -> str:
    """The path of the page to look at: a U14 Homegrown table with many results."""
    found = patient.get(f"{address}/api/brackets", params={"age_group": "U14", "league": "Homegrown"}).json()["items"]
    played = [bracket for bracket in found if bracket["played"]]
    if not played:
        raise SystemExit("bench web measured nothing: no U14 Homegrown table has results")
    path: str = max(played, key=lambda bracket: bracket["played"])["path"]
    return path


def visit(browser: Browser, address: str) -> tuple[float, float, set[str]]:
    """One cold visit on a slow phone: LCP in ms, layout shift, and the files that the page loaded."""
    page, devtools = slow_phone(browser)
    page.add_init_script(WATCH)
    devtools.send("Network.setCacheDisabled", {"cacheDisabled": True})
    page.goto(address)
    page.locator(".foot").wait_for()  # the site's own code has taken over
    page.locator(".skeleton").first.wait_for(state="detached")
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    seen = page.evaluate("window.seen")
    loaded = set(page.evaluate(LOADED))
    page.context.close()
    return float(seen["lcp"]), float(seen["cls"]), loaded


def navigations(browser: Browser, address: str) -> tuple[float, set[str]]:
    """The slowest step of a walk between pages that were seen before, in ms (median of five); the chart's files."""
    page, _ = slow_phone(browser)
    page.goto(address)
    page.locator(".foot").wait_for()
    rounds = [[float(page.evaluate(GO, step)) for step in WALK] for _ in range(ROUNDS + 1)][1:]  # the first is not warm
    before = set(page.evaluate(LOADED))
    page.goto(f"{address}?view=chart")
    page.locator("svg.chart").wait_for()
    chart = {path for path in set(page.evaluate(LOADED)) - before if "Chart" in path}
    page.context.close()
    return max(statistics.median(times) for times in zip(*rounds, strict=True)), chart


def slow_phone(browser: Browser) -> tuple[Page, CDPSession]:
    """A page of a fresh device, as slow as an old phone on a poor network."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, service_workers="block")
    page = context.new_page()
    devtools = context.new_cdp_session(page)
    devtools.send("Network.enable")
    devtools.send(
        "Network.emulateNetworkConditions",
        {
            "offline": False,
            "latency": LATENCY_MS,
            "downloadThroughput": DOWN_BYTES_S,
            "uploadThroughput": UP_BYTES_S,
        },
    )
    devtools.send("Emulation.setCPUThrottlingRate", {"rate": CPU_SLOWDOWN})
    return page, devtools


def gzipped_kb(address: str, paths: set[str]) -> float:
    """Kilobytes (1000 bytes) of these files as gzip."""
    with patient.Client(base_url=address) as client:
        return sum(len(gzip.compress(client.get(path).content, 9)) for path in paths) / 1000


def run() -> list[Line]:
    """All lines; medians of five cold visits."""
    with site() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = address + busiest_bracket(address)
        visits = [visit(browser, page) for _ in range(ROUNDS)]
        slowest, chart = navigations(browser, page)
        browser.close()
        loaded = visits[0][2]
        return [
            line("js_gzip_kb", gzipped_kb(address, {path for path in loaded if path.endswith(".js")}), "kB"),
            line("css_gzip_kb", gzipped_kb(address, {path for path in loaded if path.endswith(".css")}), "kB"),
            line("lcp_ms", statistics.median(lcp for lcp, _, _ in visits), "ms"),
            line("cls", statistics.median(shift for _, shift, _ in visits), "1"),
            line("warm_navigation_ms", slowest, "ms"),
            line("chart_js_gzip_kb", gzipped_kb(address, {path for path in chart if path.endswith(".js")}), "kB"),
        ]


def main() -> None:
    """Measure and print the list."""
    show(run, as_json="--json" in sys.argv[1:])


if __name__ == "__main__":
    main()
