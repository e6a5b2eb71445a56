"""A private PgBouncer in transaction mode in front of a PostgreSQL of ours, as Supabase's pooled address is. For tests.

Source of the settings: what worked with PgBouncer 1.18. It does not run as root.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import psycopg

from devstack.services import process
from devstack.services.postgres import OWNER
from devstack.services.process import Account, Launch, NotReady, Service, StartFailed

PROGRAM = Path("/usr/sbin/pgbouncer")


@dataclass(frozen=True)
class PgBouncer:
    """Pools connections to 127.0.0.1:`postgres_port` as its owner, `server_connections` for each database."""

    folder: Path
    port: int
    postgres_port: int
    server_connections: int = 3
    account: Account | None = None

    def dsn(self, database: str) -> str:
        """The pooled address of a database."""
        return f"postgresql://{OWNER}@127.0.0.1:{self.port}/{database}"

    def lay_out(self) -> Launch:
        """Writes its settings and says how to run it in the foreground."""
        if not PROGRAM.exists():
            raise StartFailed(f"{PROGRAM} is missing: apt-get install pgbouncer")
        process.own_folder(self.folder, self.account, 0o755)
        users = process.write_private(self.folder / "users", f'"{OWNER}" ""\n', self.account)
        settings = process.write_private(
            self.folder / "pgbouncer.ini",
            "\n".join(
                (
                    "[databases]",
                    f"* = host=127.0.0.1 port={self.postgres_port}",
                    "[pgbouncer]",
                    "listen_addr = 127.0.0.1",
                    f"listen_port = {self.port}",
                    "unix_socket_dir =",
                    "auth_type = trust",
                    f"auth_file = {users}",
                    "pool_mode = transaction",
                    f"default_pool_size = {self.server_connections}",
                    "max_client_conn = 200",
                    "",
                )
            ),
            self.account,
        )
        return Launch(
            argv=(str(PROGRAM), "-q", str(settings)),
            env=process.clean_environment(),
            cwd=self.folder,
            account=self.account,
        )

    def check_ready(self) -> None:
        """One session through it."""
        try:
            psycopg.connect(self.dsn("postgres"), connect_timeout=2, prepare_threshold=None).close()
        except psycopg.OperationalError as error:
            raise NotReady(str(error).strip()) from error

    def service(self) -> Service:
        """As the fixtures start it."""
        return Service(
            name="pgbouncer",
            launch=self.lay_out,
            ready=self.check_ready,
            tcp_ports=(self.port,),
            address=f"127.0.0.1:{self.port}",
        )
