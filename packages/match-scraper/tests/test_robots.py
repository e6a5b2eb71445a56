"""robots.txt as RFC 9309 has it."""

import os
from pathlib import Path

import httpx
import pytest

from match_scraper.robots import Copies, Rules
from match_scraper.settings import USER_AGENT

HOST = "https://viewer.example"
OTHERS = "User-agent: x\nDisallow: /\n\n"


@pytest.mark.parametrize(
    ("text", "path", "allowed"),
    [
        ("User-agent: *\nAllow: /\nDisallow: /data/", "/data/x", False),
        ("User-agent: *\nDisallow: /\nAllow: /data/", "/data/x", True),
        ("User-agent: *\nDisallow: /data\nAllow: /data", "/data/x", True),
        ("User-agent: *\nDisallow: /data/*.json", "/data/a/b.json", False),
        ("User-agent: *\nDisallow: /*/schedule/", "/data/schedule/a.json", False),
        ("User-agent: *\nDisallow: /*.json$", "/data/a.json", False),
        ("User-agent: *\nDisallow: /*.json$", "/data/a.json?page=2", True),
        ("User-agent: *\nDisallow: /*?page=", "/data?page=2", False),
        ("User-agent: *\nDisallow: /a\n\n" + OTHERS + "User-agent: *\nDisallow: /data", "/data/x", False),
        ("User-agent: *\nDisallow: /a\n\n" + OTHERS + "User-agent: *\nDisallow: /data", "/a/x", False),
        ("User-agent: *\n\nDisallow: /data", "/data/x", False),
        ("User-agent: *\nDisallow: /b\n\nDisallow: /data", "/data/x", False),
        ("\ufeffUser-agent: *\nDisallow: /data", "/data/x", False),
        ("User-agent: *\rDisallow: /data", "/data/x", False),
        ("USER-AGENT: * # all\nDISALLOW: /data # no", "/data/x", False),
        ("User-agent: *\nDisallow: /caf%C3%A9", "/café", False),
        ("User-agent: *\nDisallow:", "/data/x", True),
        ("User-agent: *\nDisallow: /\n\nUser-agent: missingtable\nAllow: /", "/data/x", True),
        ("User-agent: missingtable\nDisallow: /\n\nUser-agent: *\nAllow: /", "/data/x", False),
        ("User-agent: reads\nDisallow: /\n\nUser-agent: *\nAllow: /", "/data/x", True),
        ("User-agent: a\nUser-agent: *\nDisallow: /data", "/data/x", False),
        ("", "/data/x", True),
    ],
)
def test_what_is_allowed(text: str, path: str, allowed: bool) -> None:
    assert Rules(text, USER_AGENT).allows(HOST + path) is allowed


@pytest.mark.parametrize(("said", "delay_s"), [("0.5", 0.5), ("30", 30.0), ("soon", 0.0), ("nan", 0.0), ("-1", 0.0)])
def test_a_crawl_delay_may_be_a_fraction_of_a_second(said: str, delay_s: float) -> None:
    assert Rules(f"User-agent: *\nCrawl-delay: {said}\nDisallow: /a", USER_AGENT).delay_s == delay_s


def test_a_copy_holds_for_a_day_and_belongs_to_a_host_and_port(tmp_path: Path) -> None:
    copies, address = Copies(tmp_path / "robots"), httpx.URL(HOST)
    assert (copies.fresh(address), copies.older(address)) == (None, None)
    copies.keep(address, "User-agent: *")
    assert copies.fresh(address) == "User-agent: *"
    assert copies.fresh(httpx.URL(f"{HOST}:8443")) is None
    os.utime(next((tmp_path / "robots").iterdir()), (0, 0))
    assert (copies.fresh(address), copies.older(address)) == (None, "User-agent: *")
