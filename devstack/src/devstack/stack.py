"""Where a stack's parts are: state folder, ports, addresses, servers, databases. Starts nothing itself.

What its processes are told stands in `environments`, what it runs in `parts`.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

from devstack import guard, places
from devstack.choices import Choices
from devstack.errors import CannotStart
from devstack.places import ROOT
from devstack.secrets import Secrets
from devstack.services import process
from devstack.services.freeradius import FreeRadius
from devstack.services.postgres import OWNER, SUPERUSER, Postgres, find_binaries
from devstack.services.rabbitmq import RabbitMQ

DEFINITIONS = ROOT / "deploy" / "rabbitmq" / "definitions.json"


@dataclass(frozen=True)
class Stack:
    """A stack in one state folder. `settings` is what the person set: environment over env file."""

    data: Path
    choices: Choices
    settings: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def ports(self) -> dict[str, int]:
        """Every port by name."""
        return places.ports(self.choices.port_offset)

    @cached_property
    def secrets(self) -> Secrets:
        """The stack's own."""
        return Secrets.load(self.data)

    @property
    def home(self) -> Path:
        """Where database, queue, journal and outbox lie. What is invented and what is real never share one."""
        return self.data if self.choices.world == "generated" else self.data / "real"

    @property
    def agent_folder(self) -> Path:
        """The agent's outbox and evidence."""
        return self.home / "agent"

    @property
    def web_url(self) -> str:
        """Where a person looks."""
        return f"http://127.0.0.1:{self.ports['backend' if self.choices.embedded else 'web']}/"

    @property
    def api_url(self) -> str:
        """Where the agent asks."""
        return f"http://127.0.0.1:{self.ports['backend']}"

    @property
    def external_database(self) -> str | None:
        """The address of a database that is not ours (a `supabase start`, say); None: the stack runs its own."""
        return self.settings.get("DATABASE_DIRECT_URL") or self.settings.get("DATABASE_URL")

    @property
    def gives_passwords(self) -> bool:
        """Whether the role `radius` and the agent's RADIUS user get this stack's passwords: in a database of its own or
        on loopback. Elsewhere somebody else may rely on those that are there.
        """
        named = (name for name in guard.DATABASES if self.settings.get(name))
        return all(guard.on_loopback(name, self.settings[name]) for name in named)

    @property
    def database_shown(self) -> str:
        """Host, port and name of the database, without its password."""
        parts = urlsplit(self.database_direct_url)
        return f"{parts.hostname}:{parts.port or 5432}{parts.path}"

    @property
    def real_model(self) -> bool:
        """Whether the proxy talks to Anthropic's own API."""
        return bool(self.settings.get("ANTHROPIC_API_KEY") or self.settings.get("IRON_CLAW_UPSTREAM_KEY"))

    @property
    def own_sign_in(self) -> bool:
        """Whether the stack plays the sign-in itself: not where a person named another one, and never for a database
        that is not ours."""
        named = self.settings.get("MT_AUTH_URL") or self.settings.get("MT_JWKS_URL")
        return not named and self.external_database is None

    @property
    def sign_in_url(self) -> str:
        """Where the stand-in answers, as Supabase's sign-in does."""
        return f"http://127.0.0.1:{self.ports['sign-in']}/auth/v1"

    @property
    def database_url(self) -> str:
        """For requests; pooled where the database is not ours."""
        return self.settings.get("DATABASE_URL") or self.database_direct_url

    @property
    def database_direct_url(self) -> str:
        """For migrations and LISTEN."""
        return self.external_database or self.postgres.dsn()

    @property
    def radius_database_url(self) -> str:
        """The same database as the role `radius`."""
        parts = urlsplit(self.database_direct_url)
        login = f"radius:{self.secrets.postgres_radius}"
        return f"postgresql://{login}@{parts.hostname}:{parts.port or 5432}{parts.path}"

    @cached_property
    def postgres(self) -> Postgres:
        """The private instance; CannotStart where no PostgreSQL is installed."""
        binaries = embedded_binaries(self.data) if self.choices.embedded else find_binaries()
        if binaries is None:
            raise CannotStart("PostgreSQL's programs are not installed: apt-get install postgresql")
        name = "pg-embedded" if self.choices.embedded else "pg"
        return Postgres(
            self.home / name,
            self.ports["postgres"],
            binaries,
            passwords={SUPERUSER: self.secrets.postgres_superuser, OWNER: self.secrets.postgres_owner},
            durable=self.choices.durability == "durable",
            account=process.account("nobody" if self.choices.embedded else "postgres"),
        )

    @cached_property
    def rabbitmq(self) -> RabbitMQ:
        """The private node."""
        return RabbitMQ(
            self.home / "rabbitmq",
            self.ports["rabbitmq"],
            self.ports["rabbitmq-management"],
            user="missing-table",
            password=self.secrets.rabbitmq,
            definitions=DEFINITIONS,
            account=process.account("rabbitmq"),
        )

    @property
    def freeradius(self) -> FreeRadius:
        """The private server, on the rad* tables of the stack's database."""
        parts = urlsplit(self.database_direct_url)
        own = self.external_database is None
        return FreeRadius(
            self.data / "freeradius",
            self.ports["radius-auth"],
            self.ports["radius-acct"],
            self.ports["radius-coa"],
            nas_coa_port=self.ports["proxy-coa"],
            secret=self.secrets.radius,
            coa_secret=self.secrets.radius_coa,
            database_host=parts.hostname or "127.0.0.1",
            database_port=parts.port or 5432,
            database_name=parts.path.lstrip("/"),
            database_user="radius",
            database_password=self.secrets.postgres_radius,
            database_sslmode="disable" if own or parts.hostname in ("127.0.0.1", "localhost") else "require",
            account=process.account("freerad"),
        )


def embedded_binaries(data: Path) -> Path | None:
    """The folder of PostgreSQL's programs out of a wheel (requirements/embedded.txt), where it was installed.

    As root, they are copied into the state folder when the server's account cannot reach the checkout.
    """
    found = sorted((places.BOOT / "embedded").glob("**/bin/initdb"))
    if not found:
        return None
    programs = found[0].parent
    if process.account("nobody") is None or process.reachable_by_others(programs):
        return programs
    copy = data / "pg-programs"
    if not (copy / "bin" / "initdb").exists():
        shutil.copytree(programs.parent, copy, symlinks=True, dirs_exist_ok=True)
    return copy / "bin"


def wipe(data: Path) -> None:
    """Forgets everything of a stopped stack, except the folder itself."""
    for part in data.iterdir() if data.exists() else ():
        if part.is_dir() and not part.is_symlink():
            shutil.rmtree(part)
        else:
            part.unlink()
