"""Unpack a body while it comes, and count what it unpacks to. Pure.

A few kilobytes can stand for gigabytes, and a body that is cut in the middle unpacks without complaint unless its end
is looked for.
"""

import zlib
from collections.abc import Iterator

PIECE = 64 * 1024
"""So much is unpacked at a time, whatever the wire brings at once."""
MOST_CODINGS = 3
GZIP = ("gzip", "x-gzip")
WITH_HEADER = 31  # zlib's window for gzip with its header and trailer


class NotSound(ValueError):
    """A body that does not unpack to its end."""


class NotAsked(ValueError):
    """A body in an encoding that was not asked for."""


class TooLarge(ValueError):
    """A body that unpacks to more than is allowed."""


class _Gunzip:
    """One layer of gzip, of one member or several."""

    def __init__(self, most: int) -> None:
        self._member = zlib.decompressobj(WITH_HEADER)
        self._most, self._size = most, 0
        self._began, self._ended = False, False

    def feed(self, data: bytes) -> Iterator[bytes]:
        pending = bool(data)
        while pending:
            if self._ended:
                data = data.lstrip(b"\0")  # padding behind the last member
                if not data:
                    return
                self._member, self._ended = zlib.decompressobj(WITH_HEADER), False
            self._began = True
            try:
                piece = self._member.decompress(data, PIECE)
            except zlib.error as error:
                raise NotSound(f"its gzip is broken ({error})") from error
            self._size += len(piece)
            if self._size > self._most:
                raise TooLarge
            data = self._member.unconsumed_tail
            if self._member.eof:
                self._ended, data = True, self._member.unused_data
            pending = bool(data) or (len(piece) == PIECE and not self._ended)
            if piece:
                yield piece

    def end(self) -> None:
        if self._began and not self._ended:
            raise NotSound("its gzip is cut before its end")


class Unpacker:
    """Unpacks a body by its Content-Encoding, at most `most` bytes. Raises NotAsked, NotSound, TooLarge."""

    def __init__(self, content_encoding: str, most: int) -> None:
        codings = [coding.strip().casefold() for coding in content_encoding.split(",")]
        packed = [coding for coding in codings if coding not in ("", "identity")]
        strange = [coding for coding in packed if coding not in GZIP]
        if strange or len(packed) > MOST_CODINGS:
            raise NotAsked(f"it comes as {content_encoding[:80]!r}, which was not asked for")
        self._layers = [_Gunzip(most) for _ in packed]
        self._most, self._size = most, 0

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield what these bytes unpack to."""
        for piece in self._through(0, data):
            self._size += len(piece)
            if self._size > self._most:
                raise TooLarge
            yield piece

    def _through(self, layer: int, data: bytes) -> Iterator[bytes]:
        if layer == len(self._layers):
            yield data
            return
        for piece in self._layers[layer].feed(data):
            yield from self._through(layer + 1, piece)

    def end(self) -> None:
        """Look for the end of every layer, once all bytes have come."""
        for layer in self._layers:
            layer.end()
