"""Start, stop, signal and kill a server of one test."""

from __future__ import annotations

import json
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

from devstack.services import process
from devstack.services.process import Service


@dataclass
class Running:
    """One server of one test. Its process id is noted, so that a killed pytest leaves nothing behind."""

    service: Service
    run: Path
    """The test run's folder."""
    name: str
    child: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        """Everything that the server wrote, of all its starts."""
        return self.run / f"{self.name}.log"

    def start(self) -> None:
        """Starts the server and returns when it is ready."""
        launch = self.service.launch()
        child = process.spawn(launch, self.log)
        (self.run / f"{self.name}.json").write_text(json.dumps({"pid": child.pid}))
        try:
            process.wait_ready(self.service, child, self.log)
        except BaseException:
            process.stop(child, launch)
            raise
        self.child = child

    def stop(self) -> int | None:
        """Ends it in good order; returns its exit code, None when it did not run."""
        if self.child is None:
            return None
        process.stop(self.child, self.service.launch())
        code, self.child = self.child.returncode, None
        (self.run / f"{self.name}.json").unlink(missing_ok=True)
        return code

    def signal(self, number: signal.Signals) -> None:
        """Sends a signal to the server's process."""
        if self.child is None:
            raise AssertionError(f"{self.name} is not running")
        self.child.send_signal(number)

    def kill(self) -> None:
        """SIGKILL, and waits for the end."""
        self.signal(signal.SIGKILL)
        if self.child is not None:
            self.child.wait()
            self.child = None
