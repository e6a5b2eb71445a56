"""How a test or a program starts a replica and talks to it. Everything goes over its real port."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx

from devstack.replica import certificate
from devstack.replica.certificate import HOSTS
from devstack.replica.season import Size
from devstack.replica.server import listen, make_server
from devstack.replica.world import World

DEADLINE_S = 60


class ReplicaFailed(Exception):
    """The replica did not start, or refused what it was asked; the message is its own."""


@dataclass(frozen=True)
class Replica:
    """A running replica. `ca` is the certificate to trust, `resolve` what AGENT_SOURCE_RESOLVE wants."""

    port: int
    state: Path

    @property
    def ca(self) -> Path:
        return self.state / "cert.pem"

    @property
    def spki(self) -> str:
        return certificate.spki(self.ca)

    @property
    def resolve(self) -> str:
        return ",".join(f"{host}=127.0.0.1:{self.port}" for host in HOSTS)

    @cached_property
    def _client(self) -> httpx.Client:
        context = ssl.create_default_context(cafile=str(self.ca))
        return httpx.Client(base_url=f"https://127.0.0.1:{self.port}", verify=context, timeout=60, trust_env=False)

    def _ask(self, method: str, what: str, body: dict[str, Any] | None = None) -> Any:
        response = self._client.request(method, f"/__replica/{what}", json=body)
        if response.status_code != 200:
            raise ReplicaFailed(f"{method} {what}: {response.status_code} {response.text}")
        return response.json()

    def get(self, url: str, *, timeout_s: float = DEADLINE_S, **headers: str) -> httpx.Response:
        """Asks for a page by its real address ("https://www.mlssoccer.com/mlsnext/schedule/all/")."""
        address = httpx.URL(url)
        target = address.copy_with(host="127.0.0.1", port=self.port)
        sent = {"Host": address.host, "Accept-Encoding": "identity"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        return self._client.get(target, headers=sent, timeout=timeout_s)

    def health(self) -> dict[str, Any]:
        return dict(self._ask("GET", "health"))

    def knobs(self, **changes: Any) -> dict[str, Any]:
        """Turns knobs (`reset=True` first sets all back) and returns all of them; none given: only returns them."""
        return dict(self._ask("POST", "knobs", changes) if changes else self._ask("GET", "knobs"))

    def feeds(self, folder: Path | None) -> None:
        """Serves this folder from now on; None: the generated season."""
        self._ask("POST", "feeds", {"dir": str(folder) if folder else None})

    def today(self, day: object) -> None:
        """Moves the clock: a date, a datetime, their ISO text, or None for the real one."""
        self._ask("POST", "today", {"today": None if day is None else str(day)})

    def requests(self) -> list[dict[str, Any]]:
        """What the sites were asked so far, oldest first."""
        return list(self._ask("GET", "requests"))

    def forget_requests(self) -> None:
        self._ask("DELETE", "requests")

    def truth(self) -> dict[str, Any]:
        return dict(self._ask("GET", "truth"))

    def close(self) -> None:
        self._client.close()


@contextlib.contextmanager
def start(
    state: Path,
    *,
    feeds: Path | None = None,
    today: str | None = None,
    seed: int = 1,
    size: Size = "small",
    port: int = 0,
) -> Iterator[Replica]:
    """Runs a replica in a thread of this process, on a free port unless one is given."""
    world = World(feeds=feeds, today=today, seed=seed, size=size)
    _, pem = certificate.ensure(state)
    listener = listen(port)
    server = make_server(world, pem)
    thread = threading.Thread(target=asyncio.run, args=(server.serve(sockets=[listener]),), daemon=True)
    thread.start()
    replica = Replica(listener.getsockname()[1], state)
    try:
        yield replica
    finally:
        replica.close()
        server.should_exit = True
        thread.join(DEADLINE_S)


@contextlib.contextmanager
def launch(state: Path, *options: str, port: int = 0) -> Iterator[Replica]:
    """Runs `python -m devstack.replica` with these options; raises ReplicaFailed with what it said when it refuses."""
    state.mkdir(parents=True, exist_ok=True)
    reader, writer = socket.socketpair()
    command = [sys.executable, "-m", "devstack.replica", "--port", str(port), "--state", str(state), *options]
    child = subprocess.Popen(
        [*command, "--ready-fd", str(writer.fileno())],
        stderr=subprocess.PIPE,
        pass_fds=[writer.fileno()],
        env=os.environ.copy(),
        text=True,
    )
    writer.close()
    try:
        reader.settimeout(DEADLINE_S)
        told = reader.recv(4096)
        if not told:
            _, said = child.communicate(timeout=DEADLINE_S)
            raise ReplicaFailed(f"exit {child.returncode}: {said.strip()}")
        replica = Replica(int(json.loads(told)["port"]), state)
        yield replica
        replica.close()
    finally:
        reader.close()
        child.terminate()
        child.communicate(timeout=DEADLINE_S)
