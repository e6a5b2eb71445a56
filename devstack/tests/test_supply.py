"""What we are built of: pins, hashes and licences, and who is asked about known faults."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from devstack import audit, supply

HASH = "--hash=sha256:" + "a" * 64
INTEGRITY = "sha512-" + "A" * 86 + "=="


def test_nothing_is_wrong_with_what_we_are_built_of() -> None:
    assert supply.faults() == []
    assert len(audit.locked()) > 400


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A checkout with one Python package and one npm package, both as they should be."""
    (tmp_path / "requirements").mkdir()
    (tmp_path / "devstack").mkdir()
    (tmp_path / "frontend").mkdir()
    (tmp_path / "requirements" / "dev.txt").write_text(f"one==1.2 \\\n    {HASH}\n")
    (tmp_path / "devstack" / "pyproject.toml").write_text('[project]\nname = "devstack"\ndependencies = ["one>=1"]\n')
    (tmp_path / "frontend" / "package.json").write_text(json.dumps({"dependencies": {"two": "2.0.0"}}))
    write_lock(tmp_path)
    return tmp_path


def write_lock(house: Path, **changed: Any) -> None:
    two = {"version": "2.0.0", "integrity": INTEGRITY, "license": "MIT", **changed}
    packages = {"": {"dependencies": {"two": "2.0.0"}}, "node_modules/two": two}
    (house / "frontend" / "package-lock.json").write_text(json.dumps({"packages": packages}))


def test_a_sound_house_has_no_faults(house: Path) -> None:
    assert [*supply.python_faults(house), *supply.npm_faults(house)] == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("one==1.2\n", "one has no hash"),
        (f"one>=1.2 {HASH}\n", "one is not pinned"),
        (f"one @ https://files.example/one.whl {HASH}\n", "names a registry's host"),
        (f"--index-url https://index.example\none==1.2 {HASH}\n", "names a registry's host"),
        (f"one==0.9 {HASH}\n", "wants one>=1"),
        (f"other==1 {HASH}\n", "locks none"),
    ],
)
def test_an_unsound_python_lock_is_named(house: Path, text: str, said: str) -> None:
    (house / "requirements" / "dev.txt").write_text(text)
    assert said in "\n".join(supply.python_faults(house))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"integrity": "sha1-x"}, "two has no sha512"),
        ({"resolved": "https://registry.example/two.tgz"}, "names a registry's host"),
        ({"license": "AGPL-3.0-only"}, "AGPL-3.0-only"),
        ({"license": ""}, "no licence"),
    ],
)
def test_an_unsound_npm_lock_is_named(house: Path, changed: Any, said: str) -> None:
    write_lock(house, **changed)
    assert said in "\n".join(supply.npm_faults(house))


def test_a_lock_that_was_not_renewed_is_named(house: Path) -> None:
    (house / "frontend" / "package.json").write_text(json.dumps({"dependencies": {"two": "2.1.0"}}))
    assert "not those of package.json" in "\n".join(supply.npm_faults(house))


@pytest.mark.parametrize(
    ("licence", "good"),
    [
        ("MIT", True),
        ("Apache-2.0 OR GPL-3.0-only", True),
        ("Apache-2.0 AND GPL-3.0-only", False),
        ("MPL-2.0 AND (GPL-3.0-only OR MIT)", True),
        ("(GPL-2.0-only OR AGPL-3.0-only)", False),
        ("GNU General Public License v3 (GPLv3)", False),
        ("MIT AND", False),
        ("Proprietary", False),
        ("", False),
    ],
)
def test_a_licence_is_judged_as_it_reads(licence: str, good: bool) -> None:
    assert supply.allowed(licence) is good


@pytest.fixture
def osv() -> Iterator[str]:
    """A source that knows of one fault, in version 1.2 of `one`."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["content-length"])))["queries"]
            bad = {"vulns": [{"id": "GHSA-1"}, {"id": "GHSA-2"}]}
            self._say({"results": [bad if query["package"]["name"] == "one" else {} for query in asked]})

        def do_GET(self) -> None:
            name = self.path.rpartition("/")[2]
            self._say({"summary": f"about {name}", **({"withdrawn": "2026-01-01"} if name == "GHSA-2" else {})})

        def _say(self, document: Any) -> None:
            body = json.dumps(document).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_known_fault_is_told_and_a_withdrawn_one_is_not(house: Path, osv: str) -> None:
    found = audit.ask_osv(audit.locked(house), osv)
    assert [(fault.package, fault.version, fault.advisory, fault.summary) for fault in found] == [
        ("one", "1.2", "GHSA-1", "about GHSA-1")
    ]
    report = audit.Report(2, ["OSV"], {}, found)
    assert report.exit_code == 1
    assert "GHSA-1" in "\n".join(audit.lines(report))


def test_who_does_not_answer_is_skipped_and_that_is_no_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(_: Any) -> list[audit.Advisory]:
        raise audit.NoAnswer("no registry here")

    monkeypatch.setattr(audit, "ask_npm", nobody)
    report = audit.audit(print, osv="http://127.0.0.1:1")
    assert set(report.skipped) == {"OSV", "npm"}
    said = "\n".join(audit.lines(report))
    assert "SKIPPED" in said
    assert "says nothing" in said


def test_what_npm_says_is_read() -> None:
    via = {"title": "a fault", "url": "https://github.com/advisories/GHSA-3"}
    text = json.dumps({"vulnerabilities": {"two": {"range": "<2.1", "via": [via, "three"]}}})
    (found,) = audit.npm_advisories(text)
    assert (found.package, found.advisory, found.summary) == ("two", "GHSA-3", "a fault")
    for other in ("", "{}", json.dumps({"message": "404 Not Found"})):
        with pytest.raises(audit.NoAnswer):
            audit.npm_advisories(other)
