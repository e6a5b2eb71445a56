"""A private RabbitMQ node: own folder, own ports, own epmd, on loopback only. The system's node is never touched.

The topology comes from a definitions file (deploy/rabbitmq/definitions.json), which names no user; the one user is made
from the stack's secret at the node's first start.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
from amqp import Connection
from amqp.exceptions import AMQPError

from devstack import places
from devstack.places import ROOT
from devstack.services import process
from devstack.services.process import Account, Launch, NotReady, Service, StartFailed

PROGRAMS = Path("/usr/lib/rabbitmq/bin")
"""Debian's own scripts. The wrappers in /usr/sbin change folder and account and drop the environment."""
SHARED_SETTINGS = ROOT / "deploy" / "rabbitmq" / "rabbitmq.conf"
"""What every node of ours has in common: the cap on a message, among others."""


@dataclass(frozen=True)
class RabbitMQ:
    """A private node in `folder`. The management plugin is always on: readiness and definitions go through it."""

    folder: Path
    port: int
    management_port: int
    user: str
    password: str
    definitions: Path | None = None
    vhost: str = "/"
    account: Account | None = None
    epmd_port: int = field(default_factory=process.free_port)
    node: str = "mt@localhost"

    def url(self, vhost: str | None = None) -> str:
        """AMQP URL of a vhost."""
        name = quote(self.vhost if vhost is None else vhost, safe="")
        return f"amqp://{self.user}:{self.password}@127.0.0.1:{self.port}/{name}"

    @property
    def management_url(self) -> str:
        """Where people look, and what the HTTP API hangs under."""
        return f"http://127.0.0.1:{self.management_port}"

    def management(self) -> httpx.Client:
        """A client of the management HTTP API, signed in. Plain HTTP: no certificates are loaded (20 ms a time)."""
        login = (self.user, self.password)
        return httpx.Client(base_url=self.management_url, auth=login, timeout=60, trust_env=False, verify=False)  # noqa: S501

    def lay_out(self) -> Launch:
        """Writes the node's folder and settings and says how to run it in the foreground."""
        if not (PROGRAMS / "rabbitmq-server").exists():
            raise StartFailed(f"{PROGRAMS}/rabbitmq-server is missing: apt-get install rabbitmq-server")
        who = self.account
        for part in ("", "mnesia", "log", "home"):
            process.own_folder(self.folder / part, who, 0o755 if not part else 0o700)
        cookie = self.folder / "home" / ".erlang.cookie"
        if not cookie.exists():
            process.write_private(cookie, secrets.token_hex(24), who, 0o400)
        process.write_private(self.folder / "enabled_plugins", "[rabbitmq_management].\n", who, 0o644)
        settings = [
            f"listeners.tcp.1 = 127.0.0.1:{self.port}",
            f"management.tcp.port = {self.management_port}",
            "management.tcp.ip = 127.0.0.1",
            "loopback_users = none",
            "log.console = true",
            "log.file = false",
            "vm_memory_high_watermark.absolute = 512MB",
            "disk_free_limit.absolute = 50MB",
            f"default_user = {self.user}",
            f"default_pass = {self.password}",
        ]
        shared = SHARED_SETTINGS.read_text(encoding="utf-8")
        process.write_private(self.folder / "rabbitmq.conf", "\n".join(settings) + "\n" + shared, who)
        # epmd in the same process group: left to the node, it would daemonise and outlive it.
        script = f'epmd -port "$ERL_EPMD_PORT" & exec {PROGRAMS}/rabbitmq-server'
        return Launch(
            argv=("/bin/sh", "-c", script),
            env=self.environment(),
            cwd=self._plain_path(),
            account=who,
            stop_within_s=30,
        )

    def environment(self) -> dict[str, str]:
        """What the node and its command line tools need to find this node alone."""
        place = self._plain_path()
        return process.clean_environment(
            HOME=str(place / "home"),
            RABBITMQ_NODENAME=self.node,
            RABBITMQ_NODE_PORT=str(self.port),
            RABBITMQ_NODE_IP_ADDRESS="127.0.0.1",
            RABBITMQ_DIST_PORT=str(process.free_port()),
            RABBITMQ_MNESIA_BASE=str(place / "mnesia"),
            RABBITMQ_LOG_BASE=str(place / "log"),
            RABBITMQ_CONFIG_FILE=str(place / "rabbitmq"),
            RABBITMQ_CONF_ENV_FILE="/dev/null",
            RABBITMQ_ENABLED_PLUGINS_FILE=str(place / "enabled_plugins"),
            RABBITMQ_PID_FILE=str(place / "pid"),
            RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="-kernel inet_dist_use_interface {127,0,0,1}",
            RUNNING_UNDER_SYSTEMD="true",  # exec, so that our SIGTERM reaches the node itself and ends it in good order
            ERL_EPMD_PORT=str(self.epmd_port),
            ERL_EPMD_ADDRESS="127.0.0.1",
        )

    def _plain_path(self) -> Path:
        """Return the folder under a name that RabbitMQ's shell scripts take: they split others at spaces and quotes."""
        if re.fullmatch(r"[\w./+@-]+", str(self.folder), re.ASCII):
            return self.folder
        name = hashlib.sha256(str(self.folder).encode()).hexdigest()[:16]
        link = places.ON_DISK / f"mt-rabbitmq-{os.getuid()}-{name}"
        if not link.is_symlink() or link.readlink() != self.folder:
            link.unlink(missing_ok=True)
            link.symlink_to(self.folder)
        return link

    def check_ready(self) -> None:
        """One question to the management API: it answers only when the node has booted."""
        process.connects(self.management_port)
        try:
            with self.management() as client:
                answer = client.get("/api/health/checks/local-alarms", timeout=5)
        except httpx.TransportError as error:
            raise NotReady(f"its management API does not answer ({error})") from error
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            raise StartFailed(
                f"RabbitMQ in {self.folder} does not take its password: `./mt down --wipe` forgets the old state"
            )
        if answer.status_code != httpx.codes.OK:
            raise NotReady(f"its management API answers {answer.status_code}: {answer.text[:200]}")
        process.connects(self.port)

    def consumers(self, queue: str) -> int:
        """Return how many consumers a queue has, by AMQP; NotReady while the node or the queue is not there."""
        try:
            with self._amqp() as connection, connection.channel() as channel:
                return int(channel.queue_declare(queue, passive=True).consumer_count)
        except (OSError, AMQPError) as error:
            raise NotReady(f"RabbitMQ cannot be asked for the queue {queue} ({error})") from error

    def _amqp(self) -> Connection:
        """A connection to the node's vhost, to ask what its statistics say only later."""
        login = {"userid": self.user, "password": self.password, "virtual_host": self.vhost}
        return Connection(f"127.0.0.1:{self.port}", **login, connect_timeout=5, read_timeout=5)

    def load_definitions(self) -> None:
        """Imports the topology file into the vhost; what is there already stays."""
        if self.definitions is not None:
            with self.management() as client:
                import_definitions(client, self.definitions, self.vhost)

    def service(self) -> Service:
        """As the supervisor and the fixtures start it."""
        return Service(
            name="rabbitmq",
            launch=self.lay_out,
            ready=self.check_ready,
            once_ready=self.load_definitions,
            tcp_ports=(self.port, self.management_port),
            address=f"127.0.0.1:{self.port}, management http://127.0.0.1:{self.management_port}",
            ready_within_s=90,
        )


def import_definitions(client: httpx.Client, definitions: Path, vhost: str) -> None:
    """Loads exchanges, queues, bindings and policies of a definitions file into one vhost, whatever vhost it names."""
    document: dict[str, Any] = json.loads(definitions.read_text(encoding="utf-8"))
    topology = {
        kind: [{key: value for key, value in item.items() if key != "vhost"} for item in document.get(kind, [])]
        for kind in ("exchanges", "queues", "bindings", "policies", "parameters")
    }
    answer = client.post(f"/api/definitions/{quote(vhost, safe='')}", json=topology)
    if answer.is_error:
        raise StartFailed(f"RabbitMQ refused {definitions} ({answer.status_code}): {answer.text[:500]}")


def create_vhost(server: RabbitMQ, vhost: str) -> None:
    """A new vhost in which the node's user may do everything."""
    with server.management() as client:
        name, user = quote(vhost, safe=""), quote(server.user, safe="")
        client.put(f"/api/vhosts/{name}", json={}).raise_for_status()
        rights = {"configure": ".*", "write": ".*", "read": ".*"}
        client.put(f"/api/permissions/{name}/{user}", json=rights).raise_for_status()


def delete_vhost(server: RabbitMQ, vhost: str) -> None:
    """Deletes the vhost with all that is in it; connections to it are closed."""
    with server.management() as client:
        answer = client.delete(f"/api/vhosts/{quote(vhost, safe='')}")
        if answer.status_code != httpx.codes.NOT_FOUND:
            answer.raise_for_status()
