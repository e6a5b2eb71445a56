"""The sign-in's signing keys: ES256, one signs, those that signed before still verify until they are revoked. No I/O
but the one file that keeps them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from devstack.services import process

ALGORITHM = "ES256"
Jwk = dict[str, Any]


@dataclass
class SigningKeys:
    """The newest key signs. Kept as private JWKs in a file that only its owner reads."""

    file: Path
    keys: list[Jwk] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.file.exists():
            self.keys = json.loads(self.file.read_text(encoding="utf-8"))
        else:
            self.rotate(revoke=False)

    def rotate(self, *, revoke: bool) -> str:
        """A new key signs from now on; returns its id. `revoke`: what earlier keys signed is good no longer."""
        made = ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP256R1()), as_dict=True)
        key = {**made, "kid": uuid4().hex, "use": "sig", "alg": ALGORITHM}
        self.keys = [*([] if revoke else self.keys), key]
        self.file.parent.mkdir(parents=True, exist_ok=True)
        process.write_private(self.file, json.dumps(self.keys))
        return str(key["kid"])

    def public(self) -> dict[str, list[Jwk]]:
        """The JWKS document: no key's private part."""
        return {"keys": [{name: value for name, value in key.items() if name != "d"} for key in self.keys]}

    def sign(self, claims: dict[str, Any]) -> str:
        """A token, signed with the newest key."""
        key = self.keys[-1]
        return jwt.encode(claims, jwt.PyJWK(key).key, algorithm=ALGORITHM, headers={"kid": key["kid"]})

    def claims(self, token: str, audience: str) -> dict[str, Any]:
        """What a token of ours says; InvalidTokenError where it is not one."""
        kid = jwt.get_unverified_header(token).get("kid")
        for key in self.keys:
            if key["kid"] == kid:
                found: dict[str, Any] = jwt.decode(token, jwt.PyJWK(key).key, algorithms=[ALGORITHM], audience=audience)
                return found
        raise jwt.InvalidTokenError("signed with a key that is not here")
