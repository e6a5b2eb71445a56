"""The command line behind ./mt: options in, exit codes out. The work is done in the modules that it calls."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from devstack.commands import running

# isort: split
# The order of these imports is that of the commands in --help.
from devstack.commands import looking

# isort: split
from devstack.commands import checking
from devstack.commands.options import app, screen
from devstack.errors import BAD_USAGE, CannotStart, Trouble
from devstack.services.process import StartFailed

COMMANDS = (running, looking, checking)
"""Importing them adds their commands to `app`."""


def guarded(call: Callable[[], Any]) -> int:
    """Runs a command; its troubles become a sentence on stderr and an exit code."""
    try:
        call()
    except Trouble as error:
        screen.print(f"mt: {error}", markup=False)
        return error.exit_code
    except StartFailed as error:
        screen.print(f"mt: {error}", markup=False)
        return CannotStart.exit_code
    except KeyboardInterrupt:
        screen.print("mt: interrupted")
        return 130
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else (0 if end.code is None else BAD_USAGE)
    return 0


def main() -> None:
    """The front door's inside."""
    sys.exit(guarded(app))
