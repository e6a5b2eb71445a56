"""The keys of clients: `<user>.<password>`, or another one that stands for such a key."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import NamedTuple

from pydantic import SecretStr

from iron_claw.errors import Refused

SECRET_MOST = 128
"""Bytes of a User-Password (RFC 2865 5.2)."""


class UserKey(NamedTuple):
    """Hold a key, taken apart. `digest` is what is kept to recognize it."""

    user: str
    password: str
    digest: str

    def fits(self, digest: str) -> bool:
        """Return whether the digest is that of this key."""
        return hmac.compare_digest(digest, self.digest)


def split_key(key: str) -> UserKey:
    """Take `<user>.<password>` apart; Refused when it has no such form."""
    user, dot, password = key.partition(".")
    if (size := len(password.encode())) > SECRET_MOST:
        raise Refused(401, f"invalid key: its secret has {size} bytes, RADIUS carries at most {SECRET_MOST}")
    if not (user and dot and password) or len(user) > 64:
        raise Refused(401, "invalid key: it must have the form <user>.<password>")
    return UserKey(user, password, hashlib.sha256(f"{user}\0{password}".encode()).hexdigest())


def mapped(key: str | None, key_map: Mapping[str, SecretStr]) -> str | None:
    """Return the `<user>.<password>` that the map puts in the place of a key, any other key as it is."""
    own = None if key is None else key_map.get(key)
    return key if own is None else own.get_secret_value()


def bare_user(key: str | None) -> str:
    """Return the name to count a key under when RADIUS is off.

    That is the user of a `<user>.<password>`. Any other kind of key is named by a digest, which shows nothing of it.
    """
    if not key:
        return "anonymous"
    try:
        return split_key(key).user
    except Refused:
        return f"key-{hashlib.sha256(key.encode()).hexdigest()[:12]}"
