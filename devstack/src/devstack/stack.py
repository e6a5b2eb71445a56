"""What a stack consists of: its choices, its secrets, its services and their environments. Starts nothing itself.

The same function builds the services for the supervisor (which starts them) and for `status` (which asks them).
"""

from __future__ import annotations

import hashlib
import json
import secrets as random
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import httpx
import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from pydantic import BaseModel

from devstack import guard, places
from devstack.errors import BadSettings, CannotStart
from devstack.places import ROOT
from devstack.services import nginx, process
from devstack.services.freeradius import FreeRadius
from devstack.services.postgres import OWNER, SUPERUSER, Postgres, find_binaries
from devstack.services.process import Launch, NotReady, Service, StartFailed
from devstack.services.rabbitmq import RabbitMQ
from devstack.sign_in.people import id_of

GENERATED = "generated"
"""The word for --feeds that means the season which the replica makes itself."""
AGENT_USER = "agent"
AGENT_GRANT = ("--token-budget", "500000", "--monthly-budget", "20000000", "--max-calls", "200")
"""One run's tokens and calls, and a month's: some ten times what a daily run takes."""
DEFINITIONS = ROOT / "deploy" / "rabbitmq" / "definitions.json"
ADMIN_EMAIL = "admin@missing-table.example"
"""Who may sign in from the start; the password is in DATA/secrets.json."""
SIGN_IN_API_KEY = "sb_publishable_stand-in"
"""The project's key, which every client of the sign-in sends: no secret, there as here."""
SOURCE_HOSTS = ("www.mlssoccer.com", "mls-assist.theintelligenceplatform.com")


class Choices(BaseModel):
    """What the person chose for a stack. Kept in DATA/stack.json, without any secret."""

    port_offset: int = 0
    embedded: bool = False
    live: bool = False
    feeds: str = GENERATED
    """A folder, or `generated`."""
    today: str | None = None
    only: tuple[str, ...] | None = None
    """These services alone (`./mt source`); None: all."""
    environment_hash: str = ""
    """Of the settings that the processes were started with; a change restarts them."""
    held: tuple[str, ...] = ()
    """Services that are kept stopped, for looking at a failure."""
    durability: Literal["durable", "throwaway"] = "durable"

    @property
    def world(self) -> Literal["generated", "real"]:
        """Whose matches these are: those that the replica invents, or those that somebody published."""
        return "generated" if self.feeds == GENERATED and not self.live else "real"


class Secrets(BaseModel):
    """The stack's own secrets, made at its first start, readable by its owner alone (DATA/secrets.json)."""

    postgres_superuser: str
    postgres_owner: str
    postgres_radius: str
    rabbitmq: str
    radius: str
    radius_coa: str
    jwt: str
    agent_api_key: str
    agent_proxy_password: str
    admin_password: str

    @classmethod
    def load(cls, data: Path) -> Secrets:
        """Reads them, and makes what is not there yet."""
        file = data / "secrets.json"
        known: dict[str, str] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        made = {name: random.token_hex(24) for name in cls.model_fields}
        made["agent_api_key"] = f"mt_{random.token_hex(4)}_{random.token_hex(24)}"
        if set(made) - set(known):
            process.write_private(file, json.dumps({**made, **known}, indent=1))
        return cls(**{**made, **known})


@dataclass(frozen=True)
class Task:
    """Something that is done once at every start of a stack, after others are ready and before others begin."""

    name: str
    run: Callable[[Path], None]
    """Gets the log to write to; StartFailed when it does not succeed."""
    after: tuple[str, ...] = ()
    note: str = ""


def environment_hash(settings: Mapping[str, str]) -> str:
    """Of what the daemons are started with. The agent reads its own settings at every run."""
    text = json.dumps(
        {key: value for key, value in sorted(settings.items()) if not key.startswith(("AGENT_", "AMQP_"))}
    )
    return hashlib.sha256(text.encode()).hexdigest()


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

    # the servers

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

    # what the processes are told

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

    def _environment(self, *prefixes: str, **values: str) -> dict[str, str]:
        chosen = {key: value for key, value in self.settings.items() if prefixes and key.startswith(prefixes)}
        return process.clean_environment(**{"PYTHONUNBUFFERED": "1", **values, **chosen})

    def backend_environment(self) -> dict[str, str]:
        """Of backend, worker and `missing-table`'s other commands."""
        site = {"MT_SITE_DIR": str(places.FRONTEND / "dist")} if self.choices.embedded else {}
        broker = {} if self.choices.embedded else {"AMQP_URL": self.rabbitmq.url()}
        return self._environment(
            "MT_",
            "SUPABASE_",
            DATABASE_URL=self.database_url,
            DATABASE_DIRECT_URL=self.database_direct_url,
            MT_ENV="local",
            MT_TODAY=self.choices.today or "",
            MT_JWT_SECRET=self.secrets.jwt,
            MT_RATE_PER_MINUTE="60000",  # everybody on this machine is one address
            **self._sign_in_environment(),
            MT_PUBLIC_URL=self.web_url.rstrip("/"),
            **site,
            **broker,
        )

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

    def _sign_in_environment(self) -> dict[str, str]:
        if not self.own_sign_in:
            return {}
        return {"MT_AUTH_URL": self.sign_in_url, "MT_AUTH_KEY": SIGN_IN_API_KEY}

    def gateway_environment(self) -> dict[str, str]:
        """Of iron-claw-proxy and `iron-claw`'s other commands."""
        upstream = {
            "IRON_CLAW_UPSTREAM_URL": f"http://127.0.0.1:{self.ports['anthropic']}",
            "IRON_CLAW_UPSTREAM_KEY": "scripted",
        }
        if self.real_model:
            key = self.settings.get("IRON_CLAW_UPSTREAM_KEY") or self.settings["ANTHROPIC_API_KEY"]
            upstream = {"IRON_CLAW_UPSTREAM_URL": "https://api.anthropic.com", "IRON_CLAW_UPSTREAM_KEY": key}
        radius = {
            "IRON_CLAW_RADIUS_HOST": "127.0.0.1",
            "IRON_CLAW_RADIUS_AUTH_PORT": str(self.ports["radius-auth"]),
            "IRON_CLAW_RADIUS_ACCT_PORT": str(self.ports["radius-acct"]),
            "IRON_CLAW_RADIUS_SECRET": self.secrets.radius,
            "IRON_CLAW_COA_PORT": str(self.ports["proxy-coa"]),
            "IRON_CLAW_COA_SECRET": self.secrets.radius_coa,
            "IRON_CLAW_NAS_IDENTIFIER": "iron-claw-local",
            "IRON_CLAW_NAS_IP": "127.0.0.1",
        }
        if self.choices.embedded:
            radius = {}  # without a RADIUS host the proxy is bare: it counts and lets everybody through
        return self._environment(
            "IRON_CLAW_",
            IRON_CLAW_HOST="127.0.0.1",
            IRON_CLAW_PORT=str(self.ports["proxy"]),
            IRON_CLAW_STATE_DIR=str(self.home / "iron-claw"),
            IRON_CLAW_DATABASE_URL=self.radius_database_url,
            **radius,
            **upstream,
        )

    def agent_environment(self, environment: Mapping[str, str]) -> dict[str, str]:
        """Of one agent run. `environment` is what the person set now; it wins."""
        state = self.agent_folder
        state.mkdir(parents=True, exist_ok=True)
        values = {
            "AGENT_API_URL": self.api_url,
            "AGENT_API_KEY": self.secrets.agent_api_key,
            "AGENT_PROXY_URL": f"http://127.0.0.1:{self.ports['proxy']}",
            "AGENT_PROXY_KEY": f"{AGENT_USER}.{self.secrets.agent_proxy_password}",
            "AGENT_STATE_DIR": str(state),
            "AGENT_TODAY": self.choices.today or "",
        }
        if self.choices.embedded:
            values["AGENT_BROWSER"] = "never"
        else:
            values["AMQP_URL"] = self.settings.get("AMQP_URL") or self.rabbitmq.url()
        if not self.choices.live:
            here = f"127.0.0.1:{self.ports['replica']}"
            values["AGENT_SOURCE_RESOLVE"] = ",".join(f"{host}={here}" for host in SOURCE_HOSTS)
            values["AGENT_SOURCE_CA"] = str(self.data / "replica" / "cert.pem")
        chosen = {key: value for key, value in environment.items() if key.startswith("AGENT_")}
        terminal = {key: environment[key] for key in ("TERM", "COLUMNS", "NO_COLOR") if key in environment}
        return process.clean_environment(**{"PYTHONUNBUFFERED": "1", **values, **terminal, **chosen})

    def command(
        self, program: str, arguments: Sequence[str], environment: Mapping[str, str]
    ) -> tuple[list[str], dict[str, str]]:
        """A program and its environment, for a person who looks inside; BadSettings for a program that is not ours."""
        environments: dict[str, Callable[[], dict[str, str]]] = {
            "match-scraper-agent": partial(self.agent_environment, environment),
            "match-scraper": partial(self.agent_environment, environment),
            "missing-table": self.backend_environment,
            "iron-claw": self.gateway_environment,
            "psql": self._psql_environment,
        }
        if program not in environments:
            raise BadSettings(f"./mt exec {program}: there are {', '.join(environments)}.")
        terminal = {key: environment[key] for key in ("TERM", "COLUMNS", "NO_COLOR", "PAGER") if key in environment}
        first = program if program == "psql" else _program(program)
        return [first, *arguments], {**environments[program](), **terminal}

    def _psql_environment(self) -> dict[str, str]:
        known = conninfo_to_dict(self.database_direct_url)
        names = {"host": "PGHOST", "port": "PGPORT", "dbname": "PGDATABASE", "user": "PGUSER", "password": "PGPASSWORD"}
        return self._environment(**{names[key]: str(value) for key, value in known.items() if key in names})

    # the parts, in the order in which a reader meets them

    def parts(self) -> list[Service | Task]:
        """Everything that this stack runs, each naming what it waits for."""
        every: list[Service | Task] = []
        if self.external_database is None:
            every.append(self.postgres.service())
        every.append(Task("migrate", self._migrate, after=("postgres",), note="schema and the role radius"))
        if not self.choices.embedded:
            every += [self.rabbitmq.service(), self._after_migration(self.freeradius.service())]
            if self.gives_passwords:
                every.append(Task("agent-user", self._agent_user, after=("migrate",), note=f"RADIUS user {AGENT_USER}"))
        every.append(Task("agent-key", self._agent_key, after=("migrate",), note="the agent's key for the API"))
        if self.own_sign_in:
            every.append(self._sign_in())
            every.append(Task("admin", self._admin, after=("migrate",), note=f"the account {ADMIN_EMAIL}"))
        if not self.real_model:
            every.append(self._scripted_anthropic())
        every.append(self._proxy())
        if not self.choices.embedded:
            every.append(self._worker())
        every.append(self._backend())
        if not self.choices.embedded:
            every.append(self._nginx())
        if not self.choices.live:
            every.append(self._replica())
        if self.choices.only is not None:
            every = [part for part in every if part.name in self.choices.only]
        names = {part.name for part in every}
        return [_only_after(part, names) for part in every]

    @staticmethod
    def _after_migration(service: Service) -> Service:
        return Service(**{**service.__dict__, "after": ("migrate",)})

    def _python(
        self,
        name: str,
        argv: tuple[str, ...],
        environment: Callable[[], dict[str, str]],
        ready: Callable[[], None],
        *,
        after: tuple[str, ...] = (),
        tcp: tuple[str, ...] = (),
        udp: tuple[str, ...] = (),
        note: str = "",
        folder: str | None = None,
    ) -> Service:
        state = self.home / (folder or name)

        def launch() -> Launch:
            state.mkdir(parents=True, exist_ok=True)
            return Launch(argv=argv, env=environment(), cwd=state)

        first = tcp[0] if tcp else None
        return Service(
            name=name,
            launch=launch,
            ready=ready,
            after=after,
            tcp_ports=tuple(self.ports[port] for port in tcp),
            udp_ports=tuple(self.ports[port] for port in udp),
            address=f"http://127.0.0.1:{self.ports[first]}" if first else "",
            note=note,
        )

    def _scripted_anthropic(self) -> Service:
        port = self.ports["anthropic"]
        script = self.settings.get("MT_ANTHROPIC_SCRIPT")
        argv = (sys.executable, "-m", "devstack.scripted_anthropic", "--port", str(port))
        return self._python(
            "scripted-anthropic",
            (*argv, "--script", script) if script else argv,
            self._environment,
            partial(process.connects, port),
            tcp=("anthropic",),
            note="plays a plan; no ANTHROPIC_API_KEY is set",
        )

    def _sign_in(self) -> Service:
        port = self.ports["sign-in"]
        argv = (sys.executable, "-m", "devstack.sign_in", "--port", str(port), "--state", str(self.data / "sign-in"))
        environment = {
            "SIGN_IN_API_KEY": SIGN_IN_API_KEY,
            "SIGN_IN_EMAIL": ADMIN_EMAIL,
            "SIGN_IN_PASSWORD": self.secrets.admin_password,
        }
        return self._python(
            "sign-in",
            argv,
            partial(self._environment, **environment),
            partial(http_ready, f"http://127.0.0.1:{port}/__sign-in/health"),
            tcp=("sign-in",),
            note="plays Supabase's sign-in",
        )

    def _proxy(self) -> Service:
        return self._python(
            "iron-claw-proxy",
            (_program("iron-claw"), "proxy"),
            self.gateway_environment,
            partial(http_ready, f"http://127.0.0.1:{self.ports['proxy']}/health"),
            after=("migrate",) if self.choices.embedded else ("freeradius",),
            tcp=("proxy",),
            udp=("proxy-coa",),
            note=f"upstream: {'api.anthropic.com' if self.real_model else 'the scripted Anthropic'}"
            + (", bare: not metered" if self.choices.embedded else ""),
            folder="iron-claw",
        )

    def _worker(self) -> Service:
        return self._python(
            "worker",
            (_program("missing-table"), "worker"),
            self.backend_environment,
            self._worker_consumes,
            after=("migrate", "rabbitmq"),
            note=f"writes to {self.database_shown}",
        )

    def _worker_consumes(self) -> None:
        try:
            with self.rabbitmq.management() as client:
                answer = client.get("/api/consumers/%2F", timeout=3).raise_for_status()
        except httpx.HTTPError as error:
            raise NotReady(f"RabbitMQ cannot be asked for consumers ({error})") from error
        if not any(consumer["queue"]["name"] == "matches" for consumer in answer.json()):
            raise NotReady("nothing consumes the queue matches yet")

    def _backend(self) -> Service:
        port = self.ports["backend"]
        return self._python(
            "backend",
            (_program("missing-table"), "serve", "--host", "127.0.0.1", "--port", str(port)),
            self.backend_environment,
            partial(http_ready, f"{self.api_url}/health/ready"),
            after=("migrate",),
            tcp=("backend",),
            note="serves the site too" if self.choices.embedded else "",
        )

    def _nginx(self) -> Service:
        return nginx.Nginx(
            self.data / "nginx",
            self.ports["web"],
            backend=f"127.0.0.1:{self.ports['backend']}",
            site=places.FRONTEND / "dist",
            account=process.account("www-data"),
        ).service()

    def _replica(self) -> Service:
        port, choices = self.ports["replica"], self.choices
        argv = [sys.executable, "-m", "devstack.replica", "--port", str(port), "--state", str(self.data / "replica")]
        if choices.feeds != GENERATED:
            argv += ["--feeds", choices.feeds]
        if choices.today:
            argv += ["--today", choices.today]
        size = self.settings.get("MT_REPLICA_SIZE")
        argv += ["--size", size] if size else []
        service = self._python(
            "replica",
            tuple(argv),
            self._environment,
            partial(http_ready, f"https://127.0.0.1:{port}/__replica/health"),
            tcp=("replica",),
            note=f"feeds: {choices.feeds}",
        )
        return Service(**{**service.__dict__, "address": f"https://127.0.0.1:{port}", "ready_within_s": 120.0})

    # the tasks

    def _migrate(self, log: Path) -> None:
        run_logged((_program("missing-table"), "migrate"), self.backend_environment(), log)
        if not self.gives_passwords:
            return
        with psycopg.connect(self.database_direct_url, autocommit=True, prepare_threshold=None) as connection:
            there = connection.execute("select 1 from pg_roles where rolname = 'radius'").fetchone()
            if there:
                password = sql.Literal(self.secrets.postgres_radius)
                connection.execute(sql.SQL("alter role radius with login password {}").format(password))

    def _agent_key(self, log: Path) -> None:
        run_logged(
            (_program("missing-table"), "keys", "add", "agent", "--scope", "agent"),
            {**self.backend_environment(), "MT_NEW_KEY": self.secrets.agent_api_key},
            log,
        )

    def _admin(self, log: Path) -> None:
        """Makes the stack's own account an admin at the first start; afterwards an admin decides."""
        account = id_of(ADMIN_EMAIL)
        with psycopg.connect(self.database_direct_url, prepare_threshold=None) as connection:
            known = connection.execute("select 1 from accounts where id = %s", [account]).fetchone()
        if known is None:
            grant = (_program("missing-table"), "grant", account, "--role", "admin")
            run_logged(grant, self.backend_environment(), log)

    def _agent_user(self, log: Path) -> None:
        """Makes the agent's RADIUS user; one that is there keeps the limits that somebody gave it."""
        mark = self.home / "agent-user.stamp"
        stamp = hashlib.sha256(f"{self.database_direct_url} {self.secrets.agent_proxy_password}".encode()).hexdigest()
        with psycopg.connect(self.database_direct_url, prepare_threshold=None) as connection:
            query = "select 1 from radcheck where username = %s limit 1"
            known = connection.execute(query, [AGENT_USER]).fetchone() is not None
        if known and mark.exists() and mark.read_text() == stamp:
            return
        run_logged(
            (_program("iron-claw"), "users", "add", AGENT_USER, "--exist-ok", *AGENT_GRANT),
            {**self.gateway_environment(), "IRON_CLAW_NEW_SECRET": self.secrets.agent_proxy_password},
            log,
        )
        mark.write_text(stamp)


def _only_after(part: Service | Task, names: set[str]) -> Service | Task:
    after = tuple(name for name in part.after if name in names)
    kind: type[Service] | type[Task] = type(part)
    return kind(**{**part.__dict__, "after": after})


def _program(name: str) -> str:
    """One of our packages' commands, in the environment that we run in."""
    return str(Path(sys.executable).parent / name)


def run_logged(argv: tuple[str, ...], env: Mapping[str, str], log: Path, timeout_s: float = 120) -> None:
    """Runs a command to its end, output into the log; StartFailed when it fails."""
    log.parent.mkdir(parents=True, exist_ok=True)
    try:
        with log.open("ab") as output:
            done = subprocess.run(
                argv,
                env=dict(env),
                cwd=log.parent,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=timeout_s,
                check=False,
            )
    except subprocess.TimeoutExpired as error:
        raise StartFailed(
            f"{Path(argv[0]).name} {argv[1]} took longer than {timeout_s:.0f} s; its log is {log}"
        ) from error
    if done.returncode != 0:
        raise StartFailed(
            f"`{Path(argv[0]).name} {' '.join(argv[1:])}` ended with {done.returncode}; its log is {log}\n"
            + process.last_lines(log)
        )


def http_ready(url: str) -> None:
    """Raises NotReady unless a GET is answered with 2xx. The replica's certificate is its own."""
    process.connects(urlsplit(url).port or 80)  # cheap: it is asked many times while the service starts
    try:
        answer = httpx.get(url, timeout=3, verify=False, trust_env=False)  # noqa: S501
    except httpx.TransportError as error:
        raise NotReady(f"{url} does not answer ({error})") from error
    if not answer.is_success:
        raise NotReady(f"{url} answers {answer.status_code}: {answer.text[:200]}")


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
