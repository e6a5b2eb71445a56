"""What a stack runs: its services and start tasks, in the order in which a reader meets them.

The same function builds them for the supervisor (which starts them) and for `status` (which asks them).
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from urllib.parse import urlsplit

import httpx

from devstack import environments, places, start_tasks
from devstack.choices import GENERATED
from devstack.environments import AGENT_USER, SIGN_IN_API_KEY, program_path
from devstack.services import nginx, process
from devstack.services.process import Launch, NotReady, Service
from devstack.stack import Stack
from devstack.start_tasks import ADMIN_EMAIL, Task
from match_contract import wire


def parts_of(stack: Stack) -> list[Service | Task]:
    """Return everything that this stack runs, each part naming what it waits for."""
    choices = stack.choices
    every: list[Service | Task] = []
    if stack.external_database is None:
        every.append(stack.postgres.service())
    if not choices.embedded:
        every += [stack.rabbitmq.service(), replace(stack.freeradius.service(), after=("migrate",))]
    every += _tasks(stack)
    if stack.own_sign_in:
        every.append(_sign_in(stack))
    if not stack.real_model:
        every.append(_scripted_anthropic(stack))
    every.append(_proxy(stack))
    if not choices.embedded:
        every.append(_worker(stack))
    every.append(_backend(stack))
    if not choices.embedded:
        every.append(_nginx(stack))
    if not choices.live:
        every.append(_replica(stack))
    if choices.only is not None:
        every = [part for part in every if part.name in choices.only]
    names = {part.name for part in every}
    return [replace(part, after=tuple(name for name in part.after if name in names)) for part in every]


def _tasks(stack: Stack) -> list[Task]:
    """Return what is done once at a start of this stack."""
    migrated = ("migrate",)
    migrate = partial(start_tasks.migrate, stack)
    tasks = [
        Task("migrate", migrate, after=("postgres",), note="schema and the role radius"),
        Task("agent-key", partial(start_tasks.agent_key, stack), migrated, "the agent's key for the API"),
    ]
    if not stack.choices.embedded and stack.gives_passwords:
        tasks.append(Task("agent-user", partial(start_tasks.agent_user, stack), migrated, f"RADIUS user {AGENT_USER}"))
    if stack.own_sign_in:
        tasks.append(Task("admin", partial(start_tasks.admin, stack), migrated, f"the account {ADMIN_EMAIL}"))
    return tasks


def _python(
    stack: Stack,
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
    state = stack.home / (folder or name)

    def launch() -> Launch:
        state.mkdir(parents=True, exist_ok=True)
        return Launch(argv=argv, env=environment(), cwd=state)

    first = tcp[0] if tcp else None
    return Service(
        name=name,
        launch=launch,
        ready=ready,
        after=after,
        tcp_ports=tuple(stack.ports[port] for port in tcp),
        udp_ports=tuple(stack.ports[port] for port in udp),
        address=f"http://127.0.0.1:{stack.ports[first]}" if first else "",
        note=note,
    )


def _scripted_anthropic(stack: Stack) -> Service:
    port = stack.ports["anthropic"]
    script = stack.settings.get("MT_ANTHROPIC_SCRIPT")
    argv = (sys.executable, "-m", "devstack.scripted_anthropic", "--port", str(port))
    return _python(
        stack,
        "scripted-anthropic",
        (*argv, "--script", script) if script else argv,
        partial(environments.own, stack),
        partial(process.connects, port),
        tcp=("anthropic",),
        note="plays a plan; no ANTHROPIC_API_KEY is set",
    )


def _sign_in(stack: Stack) -> Service:
    port = stack.ports["sign-in"]
    argv = (sys.executable, "-m", "devstack.sign_in", "--port", str(port), "--state", str(stack.data / "sign-in"))
    environment = {
        "SIGN_IN_API_KEY": SIGN_IN_API_KEY,
        "SIGN_IN_EMAIL": ADMIN_EMAIL,
        "SIGN_IN_PASSWORD": stack.secrets.admin_password,
    }
    return _python(
        stack,
        "sign-in",
        argv,
        partial(partial(environments.own, stack), **environment),
        partial(http_ready, f"http://127.0.0.1:{port}/__sign-in/health"),
        tcp=("sign-in",),
        note="plays Supabase's sign-in",
    )


def _proxy(stack: Stack) -> Service:
    return _python(
        stack,
        "iron-claw-proxy",
        (program_path("iron-claw"), "proxy"),
        partial(environments.gateway, stack),
        partial(http_ready, f"http://127.0.0.1:{stack.ports['proxy']}/health"),
        after=("migrate",) if stack.choices.embedded else ("freeradius",),
        tcp=("proxy",),
        udp=("proxy-coa",),
        note=f"upstream: {'api.anthropic.com' if stack.real_model else 'the scripted Anthropic'}"
        + (", bare: not metered" if stack.choices.embedded else ""),
        folder="iron-claw",
    )


def _worker(stack: Stack) -> Service:
    return _python(
        stack,
        "worker",
        (program_path("missing-table"), "worker"),
        partial(environments.backend, stack),
        partial(_worker_consumes, stack),
        after=("migrate", "rabbitmq"),
        note=f"writes to {stack.database_shown}",
    )


def _worker_consumes(stack: Stack) -> None:
    """Raise NotReady while nothing consumes the queue; the broker itself knows at once, its statistics 5 s later."""
    if stack.rabbitmq.consumers(wire.QUEUE) == 0:
        raise NotReady(f"nothing consumes the queue {wire.QUEUE} yet")


def _backend(stack: Stack) -> Service:
    port = stack.ports["backend"]
    return _python(
        stack,
        "backend",
        (program_path("missing-table"), "serve", "--host", "127.0.0.1", "--port", str(port)),
        partial(environments.backend, stack),
        partial(http_ready, f"{stack.api_url}/health/ready"),
        after=("migrate",),
        tcp=("backend",),
        note="serves the site too" if stack.choices.embedded else "",
    )


def _nginx(stack: Stack) -> Service:
    return nginx.Nginx(
        stack.data / "nginx",
        stack.ports["web"],
        backend=f"127.0.0.1:{stack.ports['backend']}",
        site=places.FRONTEND / "dist",
        account=process.account("www-data"),
    ).service()


def _replica(stack: Stack) -> Service:
    port, choices = stack.ports["replica"], stack.choices
    argv = [sys.executable, "-m", "devstack.replica", "--port", str(port), "--state", str(stack.data / "replica")]
    if choices.feeds != GENERATED:
        argv += ["--feeds", choices.feeds]
    if choices.today:
        argv += ["--today", choices.today]
    size = stack.settings.get("MT_REPLICA_SIZE")
    argv += ["--size", size] if size else []
    service = _python(
        stack,
        "replica",
        tuple(argv),
        partial(environments.own, stack),
        partial(http_ready, f"https://127.0.0.1:{port}/__replica/health"),
        tcp=("replica",),
        note=f"feeds: {choices.feeds}",
    )
    return replace(service, address=f"https://127.0.0.1:{port}", ready_within_s=120.0)


def http_ready(url: str) -> None:
    """Raises NotReady unless a GET is answered with 2xx. The replica's certificate is its own."""
    process.connects(urlsplit(url).port or 80)  # cheap: it is asked many times while the service starts
    try:
        answer = httpx.get(url, timeout=3, verify=False, trust_env=False)  # noqa: S501
    except httpx.TransportError as error:
        raise NotReady(f"{url} does not answer ({error})") from error
    if not answer.is_success:
        raise NotReady(f"{url} answers {answer.status_code}: {answer.text[:200]}")
