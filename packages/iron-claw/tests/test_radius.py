"""What pyrad 2.6 takes from a RADIUS server: the ground that the gateway's own client stands on."""

from __future__ import annotations

import hashlib
import hmac
import socket
import threading
from collections.abc import Callable, Iterator
from unittest.mock import ANY

import pytest
from pyrad import packet
from pyrad.client import Client, Timeout
from pyrad.client_async import ClientAsync

from iron_claw.radius import Accept, RadiusClient, RadiusDown, dictionary
from iron_claw.settings import Settings

SILENCE_S = 1
"""Waited so long where no answer must come."""
SECRET = b"shared"
Answer = Callable[[bytes], bytes]


def accept(request: bytes, *, signature: str) -> bytes:
    """An Access-Accept to a request, with no, a wrong or the right Message-Authenticator."""
    attributes = b"" if signature == "none" else bytes((80, 18)) + bytes(16)
    head = bytes((packet.AccessAccept, request[1])) + (20 + len(attributes)).to_bytes(2, "big")
    if signature != "none":
        right = hmac.digest(SECRET, head + request[4:20] + attributes, "md5")
        attributes = bytes((80, 18)) + (right if signature == "right" else right[::-1])
    return head + hashlib.md5(head + request[4:20] + attributes + SECRET).digest() + attributes


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[int]:
    """A UDP port that answers every request with an Accept signed as the parameter says."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as here:
        here.bind(("127.0.0.1", 0))

        def serve() -> None:
            while True:
                data, address = here.recvfrom(4096)
                if data == b"end":
                    return
                here.sendto(accept(data, signature=request.param), address)

        thread = threading.Thread(target=serve)
        thread.start()
        yield here.getsockname()[1]
        here.sendto(b"end", here.getsockname())
        thread.join()


@pytest.mark.parametrize(("server", "taken"), [("none", False), ("wrong", False), ("right", True)], indirect=["server"])
async def test_only_an_answer_with_the_right_message_authenticator_is_taken(server: int, taken: bool) -> None:
    wait_s = 30 if taken else SILENCE_S
    sync = Client(
        "127.0.0.1", authport=server, secret=SECRET, dict=dictionary(), timeout=wait_s, retries=1, enforce_ma=True
    )
    request = sync.CreateAuthPacket(code=packet.AccessRequest, User_Name="ann")
    request["User-Password"] = request.PwCrypt("pw")
    if taken:
        assert sync.SendPacket(request).code == packet.AccessAccept
    else:
        with pytest.raises(Timeout):
            sync.SendPacket(request)
    client = ClientAsync(
        "127.0.0.1", auth_port=server, secret=SECRET, dict=dictionary(), timeout=wait_s, retries=0, enforce_ma=True
    )
    await client.initialize_transports(enable_auth=True)
    again = client.CreateAuthPacket(code=packet.AccessRequest, User_Name="ann")
    again["User-Password"] = again.PwCrypt("pw")
    if taken:
        assert (await client.SendPacket(again)).code == packet.AccessAccept
    else:
        with pytest.raises(TimeoutError):
            await client.SendPacket(again)
    await client.deinitialize_transports()


@pytest.mark.parametrize(("server", "taken"), [("none", False), ("wrong", False), ("right", True)], indirect=["server"])
async def test_the_gateway_lets_nobody_in_on_an_unsigned_or_forged_accept(server: int, taken: bool) -> None:
    settings = Settings(radius_host="127.0.0.1", radius_auth_port=server, radius_secret=SECRET.decode(), radius_tries=1)
    client = RadiusClient(settings)
    if taken:
        assert await client.authenticate("ann", "pw") == Accept({"Message-Authenticator": ANY})
    else:
        with pytest.raises(RadiusDown, match="no valid answer"):
            await client.authenticate("ann", "pw")
    await client.stop()
