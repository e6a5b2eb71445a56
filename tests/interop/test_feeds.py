"""A feed that pandas, JavaScript or Ruby wrote again is the feed that it was."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from devstack import strangers
from devstack.replica.season import generate
from match_contract import Match
from match_scraper import Reading
from match_scraper.assist.documents import parse
from match_scraper.assist.keys import feed_key
from match_scraper.assist.matches import understand

HERE = Path(__file__).parent
KEY = "mls-next-flex-26-27"


@pytest.fixture(scope="module")
def feed(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Return the files of a generated schedule and its standings."""
    folder, made = tmp_path_factory.mktemp("feed"), generate(1, "2026-10-05", "small")
    files = []
    for kind in ("schedule", "standings"):
        files.append(folder / f"{kind}.json")
        files[-1].write_bytes(made[f"data/{kind}/{KEY}.json"])
    return files


def read(files: list[Path]) -> Reading:
    key = feed_key(KEY)
    assert key is not None
    schedule, standings = (file.read_bytes() for file in files)
    return understand(parse(schedule, standings), schedule, key)


def written(feed: list[Path], folder: Path, program: list[str | Path], *more: str) -> Reading:
    """Return what is read of the feed that a program wrote again."""
    outs = [folder / file.name for file in feed]
    done = subprocess.run([*program, *feed, *outs, *more], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert outs[0].read_bytes() != feed[0].read_bytes(), "it was written in another way"
    return read(outs)


def same(match: Match) -> Match:
    """Return a match without what a writer changed on purpose."""
    return match.model_copy(update={"venue": None, "round_number": None})


@pytest.mark.parametrize("dates", ["iso", "epoch"])
def test_a_feed_written_by_pandas_is_read(feed: list[Path], tmp_path: Path, dates: str) -> None:
    again = written(feed, tmp_path, [strangers.python("feeds", print), HERE / "write_feed.py"], dates)
    before = read(feed)
    assert (again.matches, again.brackets) == (before.matches, before.brackets)
    assert (again.rejected, again.skipped, again.oddities) == ((), before.skipped, before.oddities)


def test_a_feed_written_by_json_stringify_is_read(feed: list[Path], tmp_path: Path) -> None:
    node = shutil.which("node")
    assert node is not None
    again, before = written(feed, tmp_path, [node, HERE / "write_feed.mjs"]), read(feed)
    assert [same(match) for match in again.matches] == [same(match) for match in before.matches]
    assert (again.brackets, again.rejected) == (before.brackets, ())
    assert all("\ufffd" in match.venue.name for match in again.matches if match.venue)


def test_a_feed_written_by_rubys_to_json_is_read(feed: list[Path], tmp_path: Path) -> None:
    ruby = shutil.which("ruby")
    assert ruby is not None, "./mt test interop installs Debian's ruby"
    again, before = written(feed, tmp_path, [ruby, HERE / "write_feed.rb"]), read(feed)
    assert (again.matches, again.brackets, again.rejected) == (before.matches, before.brackets, ())
