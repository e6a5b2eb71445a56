"""Bodies that are packed: unpacked piece by piece, counted meanwhile, whole or refused."""

import gzip
import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from match_scraper.unpacking import NotAsked, NotSound, TooLarge, Unpacker

MOST = 1_000_000
BODY = bytes(range(256)) * 400


def unpacked(data: bytes, encoding: str = "gzip", *, piece: int = 1000, most: int = MOST) -> bytes:
    unpacker = Unpacker(encoding, most)
    found = b"".join(part for at in range(0, len(data), piece) for part in unpacker.feed(data[at : at + piece]))
    unpacker.end()
    return found


@given(body=st.binary(max_size=3000), piece=st.integers(1, 700))
def test_whatever_is_packed_comes_out_as_it_was_however_it_is_cut_on_the_wire(body: bytes, piece: int) -> None:
    assert unpacked(gzip.compress(body), piece=piece) == body


def test_nested_gzip_and_several_members_are_unpacked() -> None:
    assert unpacked(gzip.compress(gzip.compress(BODY)), "gzip, gzip") == BODY
    assert unpacked(gzip.compress(BODY[:500]) + gzip.compress(BODY[500:])) == BODY
    assert unpacked(gzip.compress(BODY) + bytes(512)) == BODY


@pytest.mark.parametrize("encoding", ["", "identity", "Identity"])
def test_a_plain_body_is_as_it_comes(encoding: str) -> None:
    assert unpacked(BODY, encoding) == BODY


@pytest.mark.parametrize("cut", [1, 4, 8, 9, 100, 300])
def test_a_gzip_that_is_cut_is_no_body(cut: int) -> None:
    with pytest.raises(NotSound, match="cut before its end"):
        unpacked(gzip.compress(BODY)[:-cut])


def test_a_gzip_whose_checksum_is_wrong_or_that_goes_on_as_noise_is_no_body() -> None:
    packed = bytearray(gzip.compress(BODY))
    packed[-6] ^= 1
    with pytest.raises(NotSound, match="broken"):
        unpacked(bytes(packed))
    with pytest.raises(NotSound, match="broken"):
        unpacked(gzip.compress(BODY) + b"noise")
    with pytest.raises(NotSound, match="broken"):
        unpacked(BODY)


@pytest.mark.parametrize("encoding", ["br", "zstd", "deflate", "gzip, br", "gzip, gzip, gzip, gzip"])
def test_an_encoding_that_was_not_asked_for_is_refused(encoding: str) -> None:
    with pytest.raises(NotAsked):
        unpacked(zlib.compress(BODY), encoding)


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_a_bomb_is_refused_at_the_bound_and_takes_no_more_memory_than_a_piece_a_layer(layers: int) -> None:
    data = bytes(50_000_000)
    for _ in range(layers):
        data = gzip.compress(data)
    unpacker = Unpacker(", ".join(["gzip"] * layers), MOST)
    taken = 0
    tracemalloc.start()
    with pytest.raises(TooLarge):
        for piece in unpacker.feed(data):
            taken += len(piece)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert taken <= MOST
    assert most < 3_000_000


def test_the_bound_itself_is_allowed() -> None:
    assert len(unpacked(gzip.compress(bytes(MOST)))) == MOST
    with pytest.raises(TooLarge):
        unpacked(gzip.compress(bytes(MOST + 1)))
    with pytest.raises(TooLarge):
        unpacked(bytes(MOST + 1), "")
