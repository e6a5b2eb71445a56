"""docs/settings.md: every setting that our code reads, with its default. `python -m devstack.settings_table` writes it.

Names and defaults come from the settings classes, from raddb, from nginx.conf, from images and compose.yaml, and from
every other place that names one. What a setting means stands at its field; of what no class reads (scripts, servers,
images), in MEANS. A test fails where that is missing, or tells of one that is gone, and where the page is old.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from pathlib import Path

from pydantic import AliasChoices, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from pydantic_settings import BaseSettings

from devstack.places import ROOT
from iron_claw.settings import Settings as Gateway
from match_scraper.settings import ReaderSettings
from match_scraper_agent.settings import Settings as Agent
from missing_table.settings import Settings as Table

PAGE = ROOT / "docs" / "settings.md"
CLASSES: tuple[tuple[str, tuple[type[BaseSettings], ...]], ...] = (
    ("Agent and reader", (Agent, ReaderSettings)),
    ("Gateway", (Gateway,)),
    ("Backend, worker and `missing-table`'s other commands", (Table,)),
)
RADIUS = "FreeRADIUS"
RABBITMQ = "RabbitMQ"
NGINX = "Nginx"
COMPOSE = "compose.yaml"
REST = "Commands and tools"
IMAGES = ROOT / "deploy" / "images"
SERVERS = tuple(f"{name.upper()}_" for name in ("radius", "rabbitmq", "nginx", "postgres"))
"""Prefixes whose names have sections of their own, out of the servers' own files."""
OURS = ("MT_", "AGENT_", "IRON_CLAW_")
NAME = r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b"
ASKED = r"environ(?:\.get\(|\[)\"([A-Z_]+)\""
NO_SETTINGS = frozenset({"AGENT_GRANT", "AGENT_USER"})
"""Names of our code that only look like one."""
LONGEST = 40
"""Characters of a default that is written out."""
HEAD = """# Settings

Made from the code by `python -m devstack.settings_table`; a test compares. Environment over env file over default. An
empty value counts as not set, except where the line of a setting says what empty means. Env files: `envs/.env.local`
for `./mt`, `envs/.env.prod` for the scripts and, by `MT_ENV_FILE` or `--env-file`, for a command against production.
Neither holds a secret: those come from the environment, or from `envs/.env.<env>.secret` beside it, which git ignores
(`.secret.example` explains). In the clusters they come from Secrets (`deploy/<cluster>/secrets.example`). **Bold**
names are secrets.

With `MT_ENV=prod` backend, worker and commands refuse a secret that looks like an example's ("changeme",
"<password>"), also as the password of an address; the gateway does so where its upstream is the real one, the agent
where its API is an https address, the images of FreeRADIUS and RabbitMQ always. What writes to the database says first
which one: backend, worker and gateway in their log, `missing-table`'s commands (where it is production's) and
`iron-claw users` on stderr. FreeRADIUS, whose `RADIUS_DB_*` name it, says nothing.
"""

MEANS: dict[str, str] = {
    "MT_ENV_FILE": "an env file, and the .secret beside it; for ./mt instead of envs/.env.local",
    "MT_NEW_KEY": "the key that `missing-table keys add` is to keep",
    "MT_SHARED": "the folder of shared material, where it is not ../shared (./mt)",
    "MT_OSV_URL": "`./mt audit`: where the advisories of PyPI packages are asked for",
    "MT_IMAGES_BUILT": "1: the tests' images are built already; `./mt test images` sets it",
    "MT_ANTHROPIC_SCRIPT": "`./mt`: the plan that the scripted Anthropic plays, a file",
    "MT_REPLICA_SIZE": "`./mt`: how large the replica's generated season is",
    "MT_PROD_ENV_FILE": "the scripts: another env file of production than envs/.env.prod",
    "MT_JOB_PAUSE_S": "of scripts that follow a Job: seconds between two looks; 3 where it is not set",
    "MT_KUBECTL_TIMEOUT_S": "the scripts: seconds in which kubectl has to answer; not set: 15",
    "MT_ROLLOUT_TIMEOUT_S": "`deploy.sh`: seconds in which a rollout has to be complete; not set: 300",
    "MT_BENCH_LITELLM": "`./mt bench proxy`: the folder of its peer; not set: ~/.cache/missing-table/litellm",
    "MT_BENCH_SITE": "`./mt bench web`: a running site, instead of one that it starts",
    "MT_API": "`npm run dev`: the backend; not set: http://127.0.0.1:8000",
    "MT_TEST_SITE": "tests of the site: a running one, instead of one that they start",
    "MT_WRITE_EXAMPLES": "a test writes docs/api-examples.json anew",
    "MT_FUZZ_EXAMPLES": "how often the fuzz of the API tries each route; not set: 8",
    "MT_DURABILITY": "`throwaway`: PostgreSQL does not wait for the disk (tests)",
    "MT_TEST_PORT_OFFSET": "the port offset of the tests' stack",
    "MT_TEST_DATA": "the folder of the tests' stack",
    "IRON_CLAW_KEY": "`<user>.<password>` that `iron-claw status` asks with",
    "IRON_CLAW_URL": "the gateway that `iron-claw status` asks",
    "IRON_CLAW_NEW_SECRET": "the secret that `iron-claw users add` is to keep",
    "PROMETHEUS_MULTIPROC_DIR": "set by the worker itself: where its processes count",
    "CLOUD_KUBE_CONTEXT": "kubectl's context of the cloud K8s: deploy.sh cloud and preflight.sh cloud alone read it",
    "RADIUS_RADDB": "the folder of its configuration",
    "RADIUS_LISTEN": "its own address",
    "RADIUS_CLIENT_NET": "the network that the gateway comes from",
    "RADIUS_AUTH_PORT": "Access-Requests",
    "RADIUS_ACCT_PORT": "accounting",
    "RADIUS_COA_PORT": "the relay of CoA and Disconnect",
    "RADIUS_NAS_COA_HOST": "the gateway, for CoA",
    "RADIUS_NAS_COA_PORT": "the gateway, for CoA",
    "RADIUS_HEALTH_HOST": "where the health check asks; not set: the container's own address",
    "RADIUS_NAS_ADDRESS": "the address of this machine, where the gateway is, for CoA",
    "RADIUS_SECRET": "shared with the gateway",
    "RADIUS_COA_SECRET": "shared with the gateway, for CoA",
    "RADIUS_DB_HOST": "the database",
    "RADIUS_DB_PORT": "the database",
    "RADIUS_DB_NAME": "the database",
    "RADIUS_DB_USER": "the role `radius`",
    "RADIUS_DB_PASSWORD": "its password",
    "RADIUS_DB_SSLMODE": "`require` unless it is on this machine",
    "RABBITMQ_USERS_DIR": "the folder of secrets: a file a user, its content the password",
    "RABBITMQ_USER": "the one user, where that folder has none",
    "RABBITMQ_PASSWORD": "its password",
    "RABBITMQ_LISTEN": "its address",
    "RABBITMQ_NODE_PORT": "AMQP",
    "RABBITMQ_PORT": "AMQP",
    "RABBITMQ_MANAGEMENT_PORT": "the management's page and API",
    "RABBITMQ_PROMETHEUS_PORT": "metrics",
    "RABBITMQ_MEMORY": "its memory high watermark",
    "RABBITMQ_DISK_FREE": "with less room on the disk it takes nothing",
    "POSTGRES_PASSWORD": "of `postgres` and `supabase_admin`; read at the first start alone",
    "POSTGRES_PORT": "PostgreSQL",
    "POSTGRES_LISTEN": "PostgreSQL's address in its container",
    "NGINX_MODULES": "`load_module` lines",
    "NGINX_RUN": "its writable folder",
    "NGINX_ACCESS_LOG": "where each request is written",
    "NGINX_COMPRESSED": "types that are compressed",
    "NGINX_BROTLI": "brotli's lines, where the module is there",
    "NGINX_BROTLI_OFF": "the same, for server-sent events",
    "NGINX_BROTLI_STATIC_OFF": "the same, for pages with includes",
    "NGINX_LISTEN": "its address",
    "NGINX_BACKEND": "host:port of the backend",
    "NGINX_SITE": "the built site",
}
SECRETS = re.compile(r"(_KEY|_SECRET|_PASSWORD|_KEY_MAP)$|^AMQP_URL$|DATABASE_(DIRECT_)?URL$|WEBHOOK_URL$")


def names_of(prefix: str, name: str, field: FieldInfo) -> list[str]:
    """The environment variables that set a field."""
    alias = field.validation_alias
    if isinstance(alias, AliasChoices):
        return [str(choice) for choice in alias.choices]
    return [str(alias) if alias is not None else f"{prefix}{name}".upper()]


def default_of(field: FieldInfo) -> str:
    """As a person writes it; a secret's default is never shown."""
    value = field.get_default(call_default_factory=True, validated_data={})
    if value is None or value is PydanticUndefined or isinstance(value, SecretStr) or value in ("", {}):
        return "none"
    if isinstance(value, Path):
        value = str(value).replace(str(Path.home()), "~")
        return "the package's" if str(ROOT) in value else f"`{value}`"
    return f"`{value}`"


def of_classes() -> dict[str, dict[str, str]]:
    """Per section, each name with its default."""
    found: dict[str, dict[str, str]] = {}
    for section, classes in CLASSES:
        rows = found.setdefault(section, {})
        for kind in classes:
            for name, field in kind.model_fields.items():
                for variable in names_of(str(kind.model_config["env_prefix"]), name, field):
                    rows.setdefault(variable, default_of(field))
    return found


def meanings() -> dict[str, str]:
    """Return what each setting means: MEANS, and the descriptions of the settings classes' fields."""
    described = {
        variable: field.description
        for _, classes in CLASSES
        for kind in classes
        for name, field in kind.model_fields.items()
        if field.description
        for variable in names_of(str(kind.model_config["env_prefix"]), name, field)
    }
    return described | MEANS


def read_directly() -> set[str]:
    """Names of ours that stand anywhere in a program, a script, a benchmark or the site's own configuration."""
    files = [
        *(ROOT / name for name in ("mt", "conftest.py", "frontend/package.json", "frontend/vite.config.ts")),
        *(path for part in ("scripts", "frontend/scripts") for path in (ROOT / part).rglob("*")),
        *(path for part in ("packages/*/src", "devstack/src", "benchmarks") for path in ROOT.glob(f"{part}/**/*.py")),
    ]
    mine = Path(__file__).resolve()
    found = in_files(NAME, *(path for path in files if path.is_file() and path.suffix != ".pyc" and path != mine))
    tests = [*ROOT.glob("tests/**/*.py"), *ROOT.glob("*/tests/**/*.py"), *ROOT.glob("packages/*/tests/**/*.py")]
    asked = {name for name in in_files(ASKED, *tests) if name.startswith("MT_")}
    ours = {name for name in found if name.startswith(OURS) or name.endswith("_KUBE_CONTEXT") or name in MEANS}
    return {name for name in ours | asked if not name.startswith(SERVERS)} - NO_SETTINGS


def in_files(pattern: str, *files: Path) -> set[str]:
    """Names that configuration files ask for."""
    return {name for file in files for name in re.findall(pattern, file.read_text(encoding="utf-8"))}


def radius_names() -> set[str]:
    """What raddb asks for."""
    folder = ROOT / "deploy" / "freeradius" / "raddb"
    return in_files(r"\$ENV\{(RADIUS_\w+)\}", *(path for path in folder.rglob("*") if path.is_file()))


def nginx_names() -> set[str]:
    """What nginx.conf asks for."""
    return in_files(r"\$\{(NGINX_\w+)\}", ROOT / "deploy" / "nginx" / "nginx.conf")


def rabbitmq_names() -> set[str]:
    """What the start of RabbitMQ's image asks for; the rest of its RABBITMQ_* is between Debian and RabbitMQ."""
    folder = IMAGES / "rabbitmq"
    asked = in_files(r"\$\{?(RABBITMQ_\w+)", folder / "start")
    return asked | in_files(r'getenv\("(RABBITMQ_\w+)"', folder / "users.escript")


def image_sets(image: str) -> dict[str, str]:
    """What ENV of an image's last stage sets."""
    recipe = (IMAGES / image / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    last = recipe.rpartition("\nFROM ")[2]
    lines = " ".join(line for line in last.splitlines() if line.startswith("ENV "))
    return {name: value.strip('"') for name, value in re.findall(r'(\w+)=("[^"]*"|\S+)', lines)}


def compose_names() -> dict[str, str]:
    """What compose.yaml asks for, each with its default; empty: it has to be set."""
    text = (ROOT / "compose.yaml").read_text(encoding="utf-8")
    found: dict[str, str] = dict(re.findall(r"\$\{([A-Z_]+)(?::[-?]([^}]*))?\}", text))
    needed = in_files(r"\$\{([A-Z_]+):\?", ROOT / "compose.yaml")
    return {name: "" if name in needed else value for name, value in found.items()}


def _of_image(image: str, names: Iterable[str]) -> dict[str, str]:
    """Each with what the image sets, where that says something in a line."""
    given = image_sets(image)
    return {name: _short(given.get(name, "")) for name in sorted(names)}


def _short(value: str) -> str:
    return "none" if not value else f"`{value}`" if len(value) <= LONGEST else "the image's"


def sections() -> dict[str, dict[str, str]]:
    """Everything, per section: name and default."""
    found = of_classes()
    known = {name for rows in found.values() for name in rows}
    healthy = in_files(r"\$\{(RADIUS_\w+):-", IMAGES / "freeradius" / "healthy")
    found[RADIUS] = _of_image("freeradius", radius_names() | healthy)
    found[RABBITMQ] = _of_image("rabbitmq", rabbitmq_names())
    found[NGINX] = _of_image("frontend", nginx_names())
    found[COMPOSE] = {name: _short(value) for name, value in sorted(compose_names().items())}
    found[COMPOSE] |= dict.fromkeys(in_files(r"\$\{(POSTGRES_\w+):-\*", IMAGES / "postgres" / "start"), "`*`")
    found[REST] = dict.fromkeys(sorted(read_directly() - known), "none")
    return found


def page() -> str:
    """The whole document. KeyError for a setting that nobody explains."""
    parts, means = [HEAD], meanings()
    for section, rows in sections().items():
        parts.append(f"\n## {section}\n\n| Name | Default | What it does |\n| --- | --- | --- |\n")
        for name, default in rows.items():
            shown = f"**`{name}`**" if SECRETS.search(name) else f"`{name}`"
            parts.append(f"| {shown} | {default} | {means[name]} |\n")
        if section == RADIUS:
            parts.append("\nDefaults are the image's. `./mt` and the manifest set them too.\n")
        if section == RABBITMQ:
            parts.append(
                "\nOf the image; `./mt` writes its node's own settings. Other RABBITMQ_* are RabbitMQ's own.\n"
            )
        if section == COMPOSE:
            parts.append("\nPorts are on loopback. What has no default stands in `envs/.env.local.secret`.\n")
        if section == NGINX:
            parts.append(
                "\nDefaults are the image's. It and `./mt` fill them into `deploy/nginx/nginx.conf` at the start.\n"
            )
    return "".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"{PAGE}\n")
