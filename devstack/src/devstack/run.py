"""One agent run against a stack, as a process of its own: what ./mt run does once everything is ready."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from devstack import envfile, environments
from devstack.errors import CannotStart
from devstack.stack import Stack


@dataclass(frozen=True)
class AgentOptions:
    """What ./mt run hands on to the agent."""

    target: list[str] = field(default_factory=list)
    from_: str | None = None
    to: str | None = None
    dry_run: bool = False
    model: str | None = None
    no_proxy: bool = False
    browser: str | None = None
    accept_shrink: list[str] = field(default_factory=list)
    receipt_timeout: float | None = None

    def argv(self) -> list[str]:
        """As the agent's command line takes them."""
        argv: list[str] = []
        for name in self.target:
            argv += ["--target", name]
        for option, value in (
            ("--from", self.from_),
            ("--to", self.to),
            ("--model", self.model),
            ("--browser", self.browser),
            ("--receipt-timeout", None if self.receipt_timeout is None else f"{self.receipt_timeout:g}"),
        ):
            if value is not None:
                argv += [option, value]
        for name in self.accept_shrink:
            argv += ["--accept-shrink", name]
        argv += ["--dry-run"] if self.dry_run else []
        argv += ["--no-proxy"] if self.no_proxy else []
        return argv


def agent_command(stack: Stack) -> list[str]:
    """The agent itself; embedded, the same agent with a courier that delivers in its own process."""
    if stack.choices.embedded:
        return [sys.executable, "-m", "devstack.embedded", "run"]
    return [str(Path(sys.executable).parent / "match-scraper-agent"), "run"]


def agent_run(stack: Stack, options: AgentOptions, *, as_json: bool) -> tuple[int, Any]:
    """Runs the agent; its exit code and, with `as_json`, what it printed. Ctrl-C reaches the agent, which ends."""
    env = environments.agent(stack, envfile.read(os.environ))
    if stack.choices.embedded:
        env["DATABASE_URL"] = stack.database_direct_url
    argv = [*agent_command(stack), *options.argv(), *(["--json"] if as_json else [])]
    try:
        child = subprocess.Popen(argv, env=env, cwd=stack.agent_folder, stdout=subprocess.PIPE if as_json else None)
    except OSError as error:
        raise CannotStart(f"{argv[0]} cannot be executed: {error}") from error
    while True:
        try:
            printed, _ = child.communicate()
            break
        except KeyboardInterrupt:
            continue  # the agent got it too; its own exit code counts
    code = child.returncode if child.returncode >= 0 else 128 - child.returncode
    document = None
    if as_json:
        try:
            document = json.loads(printed or b"null")
        except json.JSONDecodeError:
            document = {"output": (printed or b"").decode("utf-8", "replace")}
    return code, document
