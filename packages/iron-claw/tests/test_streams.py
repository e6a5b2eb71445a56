"""Server-sent streams of every shape: they pass unchanged, and what they used is read as by an independent parser."""

from __future__ import annotations

import http.client
import json
import socketserver
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from devstack.services import process
from devstack.services.process import Launch, Service
from devstack.testing import run_folder
from devstack.testing.running import Running
from iron_claw.budget import Counts
from iron_claw.metered import estimate
from iron_claw.stream import StreamUsage
from iron_claw.usage import tokens_of


def independent_parse(stream: bytes) -> dict[str, int]:
    """The counts of a stream, read the slow way: line by line as WHATWG says, over the whole."""
    lines: list[bytes] = []
    line = bytearray()
    at = 0
    while at < len(stream):
        if stream[at : at + 2] == b"\r\n":
            lines.append(bytes(line))
            line.clear()
            at += 2
        elif stream[at] in b"\r\n":
            lines.append(bytes(line))
            line.clear()
            at += 1
        else:
            line.append(stream[at])
            at += 1
    name, data, known = b"", [], {}
    for one in lines:
        if one == b"":
            if data and name in (b"message_start", b"message_delta"):
                event = json.loads(b"\n".join(data))
                found = event["message"]["usage"] if name == b"message_start" else event["usage"]
                known.update({key: max(value, known.get(key, 0)) for key, value in found.items()})
            name, data = b"", []
        elif one.startswith(b"event:"):
            name = one[6:].removeprefix(b" ")
        elif one.startswith(b"data:"):
            data.append(one[5:].removeprefix(b" "))
    return known


def compact(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


number = st.integers(0, 10**6)
usage = st.fixed_dictionaries(
    {"output_tokens": number},
    optional={
        "input_tokens": number,
        "cache_creation_input_tokens": number,
        "cache_read_input_tokens": number,
    },
)
text = st.text(st.characters(codec="utf-8"), max_size=30) | st.sampled_from(
    ["\n\nevent: message_delta\ndata: {}\n\n", "event: error", "message_start", "\r\n\r\n"]
)
event = st.one_of(
    st.builds(lambda u: (b"message_start", {"message": {"usage": u}}), usage),
    st.builds(
        lambda u, delta: (b"message_delta", {"usage": u, "delta": delta}),
        usage,
        st.sampled_from([{}, {"stop_reason": "end_turn"}]),
    ),
    st.just((b"message_stop", {})),
    st.builds(lambda t: (b"content_block_delta", {"delta": {"type": "text_delta", "text": t}}), text),
    st.builds(lambda t: (b"a_new_event", {"message": {"usage": {"output_tokens": 7}}, "x": t}), text),
    st.just((b"ping", {})),
    st.just((b"error", {"error": {"type": "overloaded_error", "message": "Overloaded"}})),
)
line_end = st.sampled_from([b"\n", b"\r\n", b"\r"])


@st.composite
def streams(draw: st.DrawFn) -> bytes:
    """Server-sent streams with any line ends, comments, empty lines, unknown events."""
    parts = [draw(st.sampled_from([b"", b": hello\n\n", b"\n\n"]))]
    for name, data in draw(st.lists(event, max_size=12)):
        end = draw(line_end)
        space = draw(st.sampled_from([b"", b" "]))
        lines = [b"event:" + space + name, b"data:" + space + compact(data)]
        if draw(st.booleans()):
            lines.insert(draw(st.integers(0, 2)), b": a comment: event: message_delta")
        parts.append(end.join(lines) + end + end + draw(st.sampled_from([b"", end])))
    return b"".join(parts)


def cut(stream: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(stream) + 1) for place in places), len(stream)]
    return [stream[start:end] for start, end in pairwise(edges)]


@given(streams(), st.lists(st.integers(0, 10_000), max_size=20))
def test_usage_is_what_an_independent_parse_finds_however_the_chunks_are_cut(stream: bytes, places: list[int]) -> None:
    scanner = StreamUsage()
    for chunk in cut(stream, places):
        scanner.feed(chunk)
    names = {
        "input_tokens": "input_tokens",
        "cache_creation_input_tokens": "cache_write_tokens",
        "cache_read_input_tokens": "cache_read_tokens",
        "output_tokens": "output_tokens",
    }
    assert scanner.counts == {names[name]: value for name, value in independent_parse(stream).items()}


@given(st.lists(text, max_size=10), st.lists(st.integers(0, 5000), max_size=10))
def test_a_stream_that_was_cut_is_counted_by_the_text_that_came(pieces: list[str], places: list[int]) -> None:
    start = {"message": {"usage": {"input_tokens": 9, "output_tokens": 1}}}
    stream = b"event: message_start\ndata: " + compact(start) + b"\n\n"
    for piece in pieces:
        delta = {"delta": {"type": "text_delta", "text": piece}}
        stream += b"event: content_block_delta\ndata: " + compact(delta) + b"\n\n"
    scanner = StreamUsage()
    for chunk in cut(stream, places):
        scanner.feed(chunk)
    length = sum(len(piece.encode()) for piece in pieces)
    assert scanner.seen() == Counts(input_tokens=9, output_tokens=max(1, tokens_of(length)))


# --- through the gateway ---


class Upstream(socketserver.ThreadingTCPServer):
    """Answers every request with the bytes that it is given, in the chunks that it is given."""

    daemon_threads = True
    chunks: list[bytes]


class Answer(socketserver.StreamRequestHandler):
    """HTTP/1.1 with keep-alive and chunked answers, nothing more."""

    disable_nagle_algorithm = True  # each small chunk would wait 40 ms for the acknowledgement of the one before

    def handle(self) -> None:
        while True:
            length = 0
            line = self.rfile.readline()
            if not line:
                return
            while line not in (b"\r\n", b""):
                name, _, value = line.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
                line = self.rfile.readline()
            self.rfile.read(length)
            self.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n")
            self.wfile.write(b"transfer-encoding: chunked\r\n\r\n")
            for chunk in self.server.chunks:
                if chunk:
                    self.wfile.write(b"%x\r\n%b\r\n" % (len(chunk), chunk))
                    self.wfile.flush()
            self.wfile.write(b"0\r\n\r\n")


ASK = json.dumps({"model": "m", "max_tokens": 9, "stream": True, "messages": []}).encode()


@dataclass
class Line:
    """A client's connection to a gateway whose upstream plays what it is told."""

    connection: http.client.HTTPConnection
    upstream: Upstream

    def play(self, chunks: list[bytes]) -> bytes:
        """The bytes that the client gets when upstream sends these."""
        self.upstream.chunks = chunks
        self.connection.request("POST", "/v1/messages", ASK, {"x-api-key": "fuzz"})
        return self.connection.getresponse().read()

    def tokens_used(self) -> int:
        """As the gateway's /status has it."""
        self.connection.request("GET", "/status", headers={"x-api-key": "fuzz"})
        used: int = json.loads(self.connection.getresponse().read())["tokens_used"]
        return used


@pytest.fixture
def line(request: pytest.FixtureRequest) -> Iterator[Line]:
    """A bare gateway before such an upstream."""
    run, name, port = run_folder(request.config), f"bare-{uuid4().hex[:8]}", process.free_port()
    with Upstream(("127.0.0.1", 0), Answer) as upstream:
        threading.Thread(target=upstream.serve_forever, daemon=True).start()
        env = process.clean_environment(
            IRON_CLAW_MODE="bare",
            IRON_CLAW_PORT=str(port),
            IRON_CLAW_UPSTREAM_URL=f"http://127.0.0.1:{upstream.server_address[1]}",
            IRON_CLAW_UPSTREAM_KEY="k",
            IRON_CLAW_STATE_DIR=str(run / name),
            IRON_CLAW_LOG_LEVEL="warning",
        )
        program = str(Path(sys.executable).parent / "iron-claw")
        service = Service(
            name="iron-claw-proxy",
            launch=lambda: Launch(argv=(program, "proxy"), env=env, cwd=run, stop_within_s=25),
            ready=lambda: process.connects(port),
        )
        running = Running(service, run, name)
        running.start()
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        yield Line(connection, upstream)
        connection.close()
        running.stop()
        upstream.shutdown()


# 200 in every run; 10,000 more under `fuzz`, in parts that run side by side, each from a seed of its own.
PARTS = [
    (200, 0),
    *(pytest.param(2_500, part, marks=[pytest.mark.fuzz, pytest.mark.timeout(900)]) for part in range(1, 5)),
]


@pytest.mark.parametrize(("examples", "part"), PARTS)
def test_random_streams_arrive_identical_and_are_counted(line: Line, examples: int, part: int) -> None:
    expected: list[int] = []

    @seed(part)
    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(streams(), st.lists(st.integers(0, 10_000), max_size=6))
    def identical(stream: bytes, places: list[int]) -> None:
        assert line.play(cut(stream, places)) == stream
        scanner = StreamUsage()
        scanner.feed(stream)
        if scanner.finished and scanner.input_known:  # upstream's last word, read the slow way
            expected.append(sum(independent_parse(stream).values()))
        elif scanner.began:
            expected.append(scanner.used(estimate(ASK, 2))[0].total)

    identical()
    assert len(expected) > examples / 10
    assert line.tokens_used() == sum(expected)
