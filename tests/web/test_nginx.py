"""The site's nginx where TLS ends in it: HTTP/2, compression, validators, policy; a page without a backend, and what a
backend is asked for a page."""

from __future__ import annotations

import gzip
import json
import os
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from devstack.replica import certificate
from devstack.services import process
from devstack.services.nginx import BROTLI, MODULES, Nginx
from devstack.services.process import Service
from devstack.testing import start_shared

PAGE = """<html><head><!--# block name="head" --><title>Stub</title><!--# endblock -->
<!--# include virtual="/api/pages/head?path=$document_uri" stub="head" --></head>
<body><!--# block name="body" --><!--# endblock -->
<!--# include virtual="/api/pages/body?path=$document_uri" stub="body" -->
</body></html>"""
BROTLIED = b"sent as it lies there"
SCRIPT = "export const words = 'quiet, quick to scan, '.repeat(99)\n" * 40


def _site(folder: Path) -> Path:
    assets = folder / "built" / "assets"
    assets.mkdir(parents=True)
    (assets.parent / "index.html").write_text(PAGE, encoding="utf-8")
    (assets / "app-abc.js").write_text(SCRIPT, encoding="utf-8")
    (assets / "app-abc.js.gz").write_bytes(gzip.compress(SCRIPT.encode()))
    (assets / "app-abc.js.br").write_bytes(BROTLIED)
    return assets.parent


@pytest.fixture(scope="session")
def edge(request: pytest.FixtureRequest) -> dict[str, str]:
    """An nginx with TLS and a small site, whose backend is away: its address and its certificate."""

    def make(folder: Path) -> tuple[Service, dict[str, Any]]:
        account = process.account("www-data")
        folder.mkdir(mode=0o755)
        public, private = certificate.ensure(folder / "certificate")
        for path in (public.parent, public, private):
            if account is not None:
                os.chown(path, account.uid, account.gid)
        port = process.free_port()
        away = f"127.0.0.1:{process.free_port()}"
        server = Nginx(folder / "nginx", port, away, _site(folder), account, tls=(public, private))
        return server.service(), {"address": f"https://127.0.0.1:{port}", "certificate": str(public)}

    about: dict[str, str] = start_shared(request.config, "nginx-tls", make)
    return about


def ask(edge: dict[str, str], path: str, *headers: str) -> tuple[dict[str, str], bytes]:
    """One request by curl: status, HTTP version and headers by their names in small letters, and the body as sent."""
    argv = ["curl", "-sS", "--http2", "--cacert", edge["certificate"], "-D", "/dev/stderr", "-o", "-"]
    argv += [argument for header in headers for argument in ("-H", header)]
    done = subprocess.run([*argv, edge["address"] + path], capture_output=True, timeout=30, check=True)
    first, *lines = done.stderr.decode().strip().splitlines()
    version, status, *_ = first.split()
    found = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines) if value}
    return {**found, "version": version, "status": status}, done.stdout


def test_where_tls_ends_here_http_2_is_spoken(edge: dict[str, str]) -> None:
    assert ask(edge, "/nginx-health")[0]["version"] == "HTTP/2"


def test_a_file_of_the_build_is_sent_compressed_once_and_for_ever(edge: dict[str, str]) -> None:
    asset = "/assets/app-abc.js"
    headers, body = ask(edge, asset, "Accept-Encoding: gzip")
    assert (headers["content-encoding"], gzip.decompress(body).decode()) == ("gzip", SCRIPT)
    assert headers["cache-control"] == "public, max-age=31536000, immutable"
    assert headers["vary"] == "Accept-Encoding"
    plain, _ = ask(edge, asset)
    again, nothing = ask(edge, asset, f"If-None-Match: {plain['etag']}")
    assert (again["status"], nothing) == ("304", b"")
    if all((MODULES / name).exists() for name in BROTLI):
        headers, body = ask(edge, asset, "Accept-Encoding: br, gzip")
        assert (headers["content-encoding"], body) == ("br", BROTLIED)
    assert ask(edge, "/assets/gone.js")[0]["status"] == "404"


def test_a_page_is_served_without_a_backend_and_says_what_it_may_load(edge: dict[str, str]) -> None:
    headers, body = ask(edge, "/2026-27/homegrown/u14/northeast")
    assert headers["status"] == "200"
    assert b"<title>Stub</title>" in body
    assert b"<!--#" not in body
    policy = headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-cache"
    assert ask(edge, "/metrics")[0]["status"] == "404"
    headers, body = ask(edge, "/api/brackets")
    assert (headers["status"], headers["content-type"]) == ("503", "application/problem+json")
    assert json.loads(body)["status"] == 503
    assert headers["retry-after"] == "5"


@dataclass
class Asked:
    """An nginx before a backend that remembers the requests that it got: lines and headers."""

    port: int
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def get(self, target: str) -> tuple[int, dict[str, str], str]:
        """One request with this very target, whatever is in it: status, headers by small letters, body."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as connection:
            connection.sendall(f"GET {target} HTTP/1.1\r\nHost: site\r\nConnection: close\r\n\r\n".encode("latin-1"))
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
        head, _, body = answer.decode("latin-1").partition("\r\n\r\n")
        first, *lines = head.split("\r\n")
        found = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        return int(first.split()[1]), found, body

    @property
    def targets(self) -> list[str]:
        """What the backend was asked, in the order of the alphabet: the two fragments are asked for side by side."""
        return sorted(line.split(" ")[1] for line, _ in self.requests)


@pytest.fixture(scope="module")
def started_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    folder = tmp_path_factory.mktemp("asked")
    requests: list[tuple[str, dict[str, str]]] = []

    class Backend(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
            """As uvicorn does it with what it cannot read."""
            requests.append((self.requestline, {}))
            self.answer(code, "Invalid HTTP request received.")
            self.close_connection = True

        def do_GET(self) -> None:
            requests.append((self.requestline, {name.lower(): value for name, value in self.headers.items()}))
            wanted = int(self.path.rpartition("answer-")[2][:3]) if "answer-" in self.path else 200
            self.answer(wanted, "<title>From the backend</title>" if wanted == 200 else "A fault's words")

        def answer(self, code: int, text: str) -> None:
            self.send_response(code)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: Any) -> None:
            return

    backend = ThreadingHTTPServer(("127.0.0.1", 0), Backend)
    Thread(target=backend.serve_forever, daemon=True).start()
    account = process.account("www-data")
    for part in (folder, *folder.parents[:3]):
        part.chmod(0o755)
    port = process.free_port()
    server = Nginx(folder / "nginx", port, f"127.0.0.1:{backend.server_port}", _site(folder), account)
    service, log = server.service(), folder / "nginx.log"
    launch = service.launch()
    child = process.spawn(launch, log)
    process.wait_ready(service, child, log)
    yield Asked(port, requests)
    process.stop(child, launch)
    backend.shutdown()
    backend.server_close()


@pytest.fixture
def asked(started_site: Asked) -> Asked:
    started_site.requests.clear()
    return started_site


INJECTED = "%0d%0aX-Forwarded-For:%201.2.3.4%0d%0a%0d%0aGET%20/api/admin/audit%20HTTP/1.1%0d%0aX:%20"


@pytest.mark.parametrize("place", ["/api/pages/head", "/teams/12", "/api/pages/head?path=/teams/12", "/api/brackets"])
def test_no_address_puts_a_header_or_a_request_into_the_connection_to_the_backend(asked: Asked, place: str) -> None:
    asked.get(f"{place}{INJECTED}")
    for line, headers in asked.requests:
        assert line.count(" ") == 2, line
        assert "audit%20HTTP" in line
        assert headers["x-forwarded-for"] == "127.0.0.1"


@pytest.mark.parametrize(
    "place", ["/teams/12%0d", "/teams%0a/12", "/%5Cevil.com", "/%5cevil.com/", "/teams/1%7f", "/%09/"]
)
def test_a_page_has_no_control_character_and_no_backslash_in_its_address(asked: Asked, place: str) -> None:
    status, headers, _ = asked.get(place)
    assert (status, asked.requests) == (400, [])
    assert "location" not in headers
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("place", "location"),
    [
        ("/teams/12/", "/teams/12"),
        ("/teams/12/?view=matches&x=%2F", "/teams/12?view=matches&x=%2F"),
        ("//evil.com/", "/evil.com"),
        ("/%2Fevil.com/", "/evil.com"),
        ("///evil.com//", "/evil.com"),
        ("/./%2F/evil.com/", "/evil.com"),
        ("/a%23b%20c/", "/a%23b%20c"),
    ],
)
def test_a_slash_at_the_end_leads_to_the_page_itself_and_never_off_the_site(
    asked: Asked, place: str, location: str
) -> None:
    status, headers, _ = asked.get(place)
    assert (status, headers["location"]) == (301, location)


@pytest.mark.parametrize(
    ("place", "path"),
    [
        ("/", "/"),
        ("/teams/12", "/teams/12"),
        ("/teams/12%20", "/teams/12%20"),
        ("/teams/%31%32", "/teams/%31%32"),
        ("/clubs/caf%C3%A9", "/clubs/caf%C3%A9"),
        ("/2026-27/homegrown/u14/northeast?view=matches&path=/teams/3", "/2026-27/homegrown/u14/northeast"),
        ("/100%25", "/100%25"),
        ("/teams/12&path=/teams/3", "/teams/12"),
        ("/a%26b%3Fc%23d", "/a%26b%3Fc%23d"),
    ],
)
def test_a_page_asks_the_backend_for_the_address_as_the_browser_wrote_it(asked: Asked, place: str, path: str) -> None:
    status, _, body = asked.get(place)
    assert status == 200
    assert "<title>From the backend</title>" in body
    assert asked.targets == [f"/api/pages/body?path={path}", f"/api/pages/head?path={path}"]


def test_a_fragment_asked_for_directly_is_asked_as_it_came(asked: Asked) -> None:
    assert asked.get("/api/pages/head?path=/teams/12%20&x=1")[0] == 200
    assert asked.get("/api/pages/body")[0] == 200
    assert asked.get("/api/pages/other?path=/")[0] == 200
    assert asked.targets == ["/api/pages/body?", "/api/pages/head?path=/teams/12%20&x=1", "/api/pages/other?path=/"]


@pytest.mark.parametrize("status", [400, 422, 429, 500, 503])
def test_a_fault_of_the_backend_does_not_stand_in_the_page(asked: Asked, status: int) -> None:
    answered, _, body = asked.get(f"/answer-{status}")
    assert (answered, len(asked.requests)) == (200, 2)
    assert "fault" not in body
