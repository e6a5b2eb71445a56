"""A TCP relay for tests, in front of a real server: it can fall silent, drop its connections, and refuse new ones."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress


class Relay:
    """Passes bytes between 127.0.0.1:`port` (a free one) and 127.0.0.1:`to` until it is closed."""

    def __init__(self, to: int) -> None:
        self._to = to
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._server.getsockname()[1])
        self._flowing = threading.Event()
        self._flowing.set()
        self._open = True
        self._sockets: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._server.accept()
            except OSError:
                return
            if not self._open:
                near.close()
                continue
            try:
                far = socket.create_connection(("127.0.0.1", self._to))
            except OSError:
                near.close()
                continue
            self._sockets += [near, far]
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                self._flowing.wait()
                sink.sendall(data)
        for one in (source, sink):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def freeze(self) -> None:
        """From now on nothing passes, and nobody is told."""
        self._flowing.clear()

    def thaw(self) -> None:
        """What was held up passes."""
        self._flowing.set()

    def drop(self) -> None:
        """Ends every connection."""
        for one in list(self._sockets):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def cut(self) -> None:
        """Ends every connection and takes no new one."""
        self._open = False
        self.drop()

    def mend(self) -> None:
        """Takes connections again."""
        self._open = True

    def close(self) -> None:
        """The end; harmless twice."""
        self.thaw()
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        for one in self._sockets:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()


class DatagramRelay:
    """Pass datagrams between free ports of 127.0.0.1 and those of a server, until it is cut or closed.

    One port of ours for each of `to`; answers go back to whoever asked last from that address.
    """

    def __init__(self, *to: int) -> None:
        self._flowing = threading.Event()
        self._flowing.set()
        self._sockets: list[socket.socket] = []
        self.ports: list[int] = []
        for port in to:
            near = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            near.bind(("127.0.0.1", 0))
            self._sockets.append(near)
            self.ports.append(int(near.getsockname()[1]))
            threading.Thread(target=self._forward, args=(near, port), daemon=True).start()

    def cut(self) -> None:
        """Let nothing through, in either direction."""
        self._flowing.clear()

    def flow(self) -> None:
        """Let everything through again; what came meanwhile is lost."""
        self._flowing.set()

    def close(self) -> None:
        """End it."""
        for one in self._sockets:
            one.close()

    def _forward(self, near: socket.socket, to: int) -> None:
        ways: dict[tuple[str, int], socket.socket] = {}
        while True:
            try:
                data, address = near.recvfrom(65536)
            except OSError:
                return
            if not self._flowing.is_set():
                continue
            if address not in ways:
                far = ways[address] = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                far.connect(("127.0.0.1", to))
                self._sockets.append(far)
                threading.Thread(target=self._back, args=(far, near, address), daemon=True).start()
            with suppress(OSError):
                ways[address].send(data)

    def _back(self, far: socket.socket, near: socket.socket, address: tuple[str, int]) -> None:
        while True:
            try:
                data = far.recv(65536)
            except ConnectionRefusedError:
                continue
            except OSError:
                return
            if self._flowing.is_set():
                with suppress(OSError):
                    near.sendto(data, address)
