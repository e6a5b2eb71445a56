"""Browsers that others built, driven over lines of JSON by a program in an environment of its own."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from devstack import strangers

from .conftest import HERE

KINDS = ("webkit", "firefox", "chromium-112")
DEADLINE_MS = 30_000
WEBKIT = {"WEBKIT_DISABLE_COMPOSITING_MODE": "1", "WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS": "1"}


class Driven:
    """One open page of one browser."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.version: Any = self._answer()

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, f"the browser's driver ended with {self._process.wait()}"
        said = json.loads(line)
        assert "fault" not in said, said["fault"]
        return said["value"]

    def _say(self, *command: str) -> Any:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def go(self, address: str) -> None:
        """Load an address."""
        self._say("go", address)

    def run(self, script: str) -> Any:
        """Run the body of an asynchronous function in the page and return its value."""
        return self._say("run", script)

    def complaints(self) -> list[str]:
        """Return what the page's scripts threw and nobody caught, where the driver can tell."""
        found: list[str] = self._say("complaints")
        return found

    def until(self, condition: str) -> None:
        """Wait for an expression in the page to be true."""
        held = self.run(
            f"const end = Date.now() + {DEADLINE_MS}; for (;;) {{"
            f"try {{ if (await ({condition})) return true }} catch {{}}"
            "if (Date.now() > end) return document.title + ': ' + document.body.innerText.slice(0, 2000);"
            "await new Promise((done) => setTimeout(done, 100)) }"
        )
        assert held is True, f"not within {DEADLINE_MS} ms: {condition}; the page says {held}"

    def text(self, selector: str) -> str:
        """Return the visible text of the first element."""
        found: str = self.run(f"return document.querySelector({json.dumps(selector)})?.innerText ?? ''")
        return found


@contextmanager
def driven(kind: str, folder: Path) -> Iterator[Driven]:
    """Start a browser with an empty profile."""
    env = {**strangers.clean_environment(), "TZ": "America/New_York", "LANG": "en_US.UTF-8", "HOME": str(folder)}
    if kind == "webkit":
        python = strangers.python("browsers", print)
        screen = [shutil.which("xvfb-run") or "xvfb-run", "-a", "-s", "-screen 0 1280x1000x24"]
        argv, cwd = [*screen, str(python), str(HERE / "drive_webkit.py")], folder
        env |= WEBKIT
    else:
        project = strangers.node("browsers", print)
        argv, cwd = [*project.program, "drive.mjs", kind, "en-US", "America/New_York", str(folder)], project.folder
        env |= project.env
    with (folder / "driver.log").open("w") as log:
        process = subprocess.Popen(
            argv, cwd=cwd, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
        )
        try:
            yield Driven(process)
        finally:
            assert process.stdin is not None
            with suppress(BrokenPipeError):
                process.stdin.close()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


class Way:
    """A way to a server that can be cut: an address of its own whose connections are handed on."""

    def __init__(self, host: str, port: int) -> None:
        self._to = (host, port)
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(self._to)
                self._open |= {near, far}
                for source, target in ((near, far), (far, near)):
                    threading.Thread(target=self._pump, args=(source, target), daemon=True).start()

    @staticmethod
    def _pump(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)

    def cut(self) -> None:
        """Refuse new connections and end the open ones."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for each in list(self._open):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
