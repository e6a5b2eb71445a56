"""A private FreeRADIUS: the same raddb as the cluster's, own ports, on loopback only. The system's server is untouched.

Users and accounting are in the stack's PostgreSQL, reached as the role `radius`.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import shutil
import socket
from dataclasses import dataclass
from pathlib import Path

from devstack.services import process
from devstack.services.process import Account, Launch, NotReady, Service, StartFailed

RADDB = Path(__file__).resolve().parents[4] / "deploy" / "freeradius" / "raddb"
PROGRAM = "/usr/sbin/freeradius"
STATUS_SERVER = 12
ACCESS_ACCEPT = 2


@dataclass(frozen=True)
class FreeRadius:
    """A private instance in `folder`, whose tables are in one database of a PostgreSQL on loopback."""

    folder: Path
    auth_port: int
    acct_port: int
    coa_port: int
    """Where it takes CoA and Disconnect requests (`radclient`) and hands them on to the gateway."""
    nas_coa_port: int
    """Where the gateway takes them."""
    secret: str
    coa_secret: str
    database_port: int
    database_name: str
    database_password: str = ""
    database_user: str = "radius"
    database_host: str = "127.0.0.1"
    database_sslmode: str = "disable"
    account: Account | None = None

    @property
    def raddb(self) -> Path:
        """Its own copy: the checkout may lie where the server's account cannot read."""
        return self.folder / "raddb"

    def environment(self) -> dict[str, str]:
        """What raddb reads (`$ENV{RADIUS_*}`). UTC, since the monthly counter turns at local midnight."""
        return process.clean_environment(
            TZ="UTC",
            RADIUS_RADDB=str(self.raddb),
            RADIUS_LISTEN="127.0.0.1",
            RADIUS_CLIENT_NET="127.0.0.1",
            RADIUS_AUTH_PORT=str(self.auth_port),
            RADIUS_ACCT_PORT=str(self.acct_port),
            RADIUS_COA_PORT=str(self.coa_port),
            RADIUS_NAS_COA_HOST="127.0.0.1",
            RADIUS_NAS_COA_PORT=str(self.nas_coa_port),
            RADIUS_SECRET=self.secret,
            RADIUS_COA_SECRET=self.coa_secret,
            RADIUS_DB_HOST=self.database_host,
            RADIUS_DB_PORT=str(self.database_port),
            RADIUS_DB_NAME=self.database_name,
            RADIUS_DB_USER=self.database_user,
            RADIUS_DB_PASSWORD=self.database_password,
            RADIUS_DB_SSLMODE=self.database_sslmode,
        )

    def lay_out(self) -> Launch:
        """Copies raddb, so that a change of it counts from the next start, and says how to run the server."""
        if not Path(PROGRAM).exists():
            raise StartFailed(f"{PROGRAM} is missing: apt-get install freeradius freeradius-postgresql")
        process.own_folder(self.folder, self.account, 0o755)
        shutil.rmtree(self.raddb, ignore_errors=True)
        shutil.copytree(RADDB, self.raddb)
        for part in (self.raddb, *self.raddb.rglob("*")):
            part.chmod(0o700 if part.is_dir() else 0o600)  # a configuration that others can write is refused
            process.own(part, self.account)
        return Launch(
            argv=(PROGRAM, "-d", str(self.raddb), "-D", "/usr/share/freeradius", "-f", "-l", "stdout"),
            env=self.environment(),
            cwd=self.folder,
            account=self.account,
            stop_within_s=10,
        )

    def check_ready(self) -> None:
        """One Status-Server: the server's own answer, whatever its database does."""
        status_server(("127.0.0.1", self.auth_port), self.secret.encode())

    def service(self) -> Service:
        """As the supervisor and the fixtures start it."""
        return Service(
            name="freeradius",
            launch=self.lay_out,
            ready=self.check_ready,
            after=("postgres",),
            udp_ports=(self.auth_port, self.acct_port, self.coa_port),
            address=f"127.0.0.1:{self.auth_port} (accounting {self.acct_port}, CoA relay {self.coa_port})",
            ready_within_s=60,
        )


def status_server(address: tuple[str, int], secret: bytes, timeout_s: float = 1.0) -> None:
    """Sends one Status-Server (RFC 5997) and checks the answer; NotReady when none comes."""
    authenticator = secrets.token_bytes(16)
    head = bytes((STATUS_SERVER, 1)) + (38).to_bytes(2, "big") + authenticator + bytes((80, 18))
    packet = head + hmac.digest(secret, head + bytes(16), "md5")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(timeout_s)
        client.connect(address)
        try:
            client.send(packet)
            answer = client.recv(4096)
        except OSError as error:
            raise NotReady(f"no answer to Status-Server from {address[0]}:{address[1]} ({error})") from error
    signed = answer[:4] + authenticator + answer[20:] + secret
    if answer[0] != ACCESS_ACCEPT or hashlib.md5(signed, usedforsecurity=False).digest() != answer[4:20]:
        raise NotReady(f"{address[0]}:{address[1]} answers Status-Server with code {answer[0]} or another secret")
