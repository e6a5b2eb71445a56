"""The site's nginx where TLS ends in it: HTTP/2, compression, validators, policy; and a page without a backend."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from devstack.replica import certificate
from devstack.services import process
from devstack.services.nginx import BROTLI, MODULES, Nginx
from devstack.services.process import Service
from devstack.testing import start_shared

PAGE = """<html><head><!--# block name="head" --><title>Stub</title><!--# endblock -->
<!--# include virtual="/api/pages/head?path=$document_uri" stub="head" --></head><body></body></html>"""
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
