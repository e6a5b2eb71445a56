"""The first view is in the HTML: fragments for Nginx, the same from the backend itself, escaped."""

import json
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup

from missing_table.pages.crest import crest_of
from missing_table.pages.site import file_of, included
from missing_table.server.app import create_app

from .conftest import running, settings_for

PATH = "/2026-27/homegrown/u14/northeast"
INDEX = """<html><head><!--# block name="head" --><title>Stub</title><!--# endblock -->
<!--# include virtual="/api/pages/head?path=$document_uri" stub="head" --></head>
<body><!--# block name="body" --><!--# endblock -->
<div id="app"><!--# include virtual="/api/pages/body?path=$document_uri" stub="body" --></div></body></html>"""


async def test_the_head_of_a_bracket_names_it(api: Any) -> None:
    answer = await api.get("/api/pages/head", params={"path": PATH})
    soup = BeautifulSoup(answer.text, "html.parser")
    assert soup.title is not None
    assert soup.title.text == "U14 Northeast table · MLS NEXT Homegrown 2026-27 · Missing Table"
    canonical = soup.find("link", rel="canonical")
    assert canonical is not None
    assert canonical["href"] == f"https://table.example{PATH}"
    assert soup.find("meta", property="og:title") is not None


async def test_the_body_of_a_bracket_is_its_table(api: Any, seed: Any) -> None:
    answer = await api.get("/api/pages/body", params={"path": PATH})
    soup = BeautifulSoup(answer.text, "html.parser")
    names = [cell.text for cell in soup.select("tbody .team-name__text")]
    assert names == ["Córdoba <FC>", "Ajax SC", "Bravo FC", "Delta United", "Echo Rovers"]
    assert [cell.text for cell in soup.select("tbody .c-pos")] == ["1", "2", "3", "4", "5"]
    assert "<FC>" not in answer.text
    data = soup.find("script", id="page-data")
    assert data is not None
    table = json.loads(data.text)[f"/api/brackets/{seed.northeast}/table"]
    assert [row["team"]["name"] for row in table["rows"]] == names
    assert "style=" not in answer.text


async def test_a_table_says_how_it_was_made_and_how_fresh_it_is(api: Any, seed: Any) -> None:
    made = {}
    for path in (PATH, "/2026-27/homegrown/u15/pro-player-pathway"):
        body = BeautifulSoup((await api.get("/api/pages/body", params={"path": path})).text, "html.parser")
        made[path] = [part.text for part in body.select(".facts > span")]
    read = "Published Oct 5, 2026, 4:40 AM UTC"
    assert list(made.values()) == [["Computed table", read], ["By the official rules", read]]
    embed = BeautifulSoup((await api.get(f"/api/embed/brackets/{seed.pro}")).text, "html.parser")
    assert [part.text for part in embed.select(".facts > span")] == ["By the official rules", read]


@pytest.mark.parametrize(
    "path", ["/", "/status", "/about", "/search", "/insights", "/admin", "/clubs/1", PATH + "/what-if"]
)
async def test_every_page_has_a_heading(api: Any, path: str) -> None:
    soup = BeautifulSoup((await api.get("/api/pages/body", params={"path": path})).text, "html.parser")
    assert soup.h1 is not None
    assert soup.h1.text


async def test_teams_and_matches_are_named(api: Any, seed: Any) -> None:
    team = (await api.get("/api/pages/head", params={"path": f"/teams/{seed.teams['Ajax SC']}"})).text
    assert "<title>Ajax SC U14: next match, results, schedule · Missing Table</title>" in team
    match = (await api.get("/api/pages/head", params={"path": f"/matches/{seed.matches['Ajax SC-Bravo FC']}"})).text
    assert "<title>Ajax SC vs. Bravo FC, " in match
    body = (await api.get("/api/pages/body", params={"path": f"/matches/{seed.matches['Ajax SC-Bravo FC']}"})).text
    assert "<h1>Ajax SC 2 – 1 Bravo FC</h1>" in body


async def test_a_what_if_has_a_head_of_its_own_and_an_admin_page_is_not_indexed(api: Any) -> None:
    head = (await api.get("/api/pages/head", params={"path": f"{PATH}/what-if"})).text
    assert "<title>What if? U14 Northeast · MLS NEXT Homegrown 2026-27 · Missing Table</title>" in head
    assert f'<link rel="canonical" href="https://table.example{PATH}/what-if">' in head
    for path in ("/admin", "/admin/conflicts"):
        assert "noindex" in (await api.get("/api/pages/head", params={"path": path})).text


@pytest.mark.parametrize("path", ["/nowhere", "/teams/999999", "/2026-27/homegrown/u14/nowhere", "/9999-99/a/u14/b"])
async def test_an_unknown_page_says_so_and_is_not_indexed(api: Any, path: str) -> None:
    assert "noindex" in (await api.get("/api/pages/head", params={"path": path})).text


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("New York City FC", "NY"),
        ("FC Westchester", "WE"),
        ("NEFC", "NE"),
        ("The Island FC East", "IE"),
        ("Intercontinental Football Academy of New England", "IN"),
        ("FC", "FC"),
        ("!", "?"),
    ],
)
def test_crests_have_the_letters_of_the_browsers_code(name: str, letters: str) -> None:
    """The cases of frontend/src/clubs/crest.test.ts."""
    assert crest_of(name).letters == letters


def test_a_crests_colours_are_the_crc_of_its_name() -> None:
    assert crest_of("123456789")[1:] == (0xCBF43926 % 12, (0xCBF43926 >> 8) % 4)


def test_a_missing_fragment_leaves_the_stub() -> None:
    assert "<title>Stub</title>" in included(INDEX, "head", None)
    assert "<title>Stub</title>" not in included(INDEX, "head", "<title>New</title>")


def test_no_address_leads_out_of_the_sites_folder(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "secret.txt").write_text("no")
    (tmp_path / "site" / "icon.svg").write_text("<svg/>")
    assert file_of(tmp_path / "site", "../secret.txt") is None
    assert file_of(tmp_path / "site", "icon.svg") == tmp_path / "site" / "icon.svg"


async def test_the_backend_serves_the_built_site_with_its_includes(seed: Any, tmp_path: Path) -> None:
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "main-abc.js").write_text("export {}")
    (tmp_path / "index.html").write_text(INDEX)
    async with running(create_app(settings_for(seed.dsn, site_dir=tmp_path))) as client:
        page = await client.get(PATH)
        assert page.status_code == 200
        assert "<title>U14 Northeast table · MLS NEXT Homegrown 2026-27" in page.text
        assert "Echo Rovers" in page.text
        assert "<!--#" not in page.text
        assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
        script = await client.get("/assets/main-abc.js")
        assert "immutable" in script.headers["cache-control"]
        assert (await client.get("/assets/gone.js")).status_code == 404
        assert (await client.get("/nowhere")).status_code == 404
        assert (await client.get("/api/nothing")).headers["content-type"] == "application/problem+json"
