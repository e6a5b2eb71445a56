"""Service keys: `mt_<id>_<secret>`. Only a hash is kept; a key is compared in constant time and revoked at once."""

import re
from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest
from secrets import token_hex

_KEY = re.compile(r"mt_([a-z0-9-]{1,40})_([A-Za-z0-9_.~-]{16,200})")
FORM = "mt_<id>_<secret>, with an id of small letters, digits and hyphens and a secret of at least 16 letters or digits"


@dataclass(frozen=True, slots=True)
class ServiceKey:
    """A key as it was sent."""

    key_id: str
    secret: str

    @classmethod
    def parse(cls, text: str) -> "ServiceKey | None":
        found = _KEY.fullmatch(text.strip())
        return cls(found[1], found[2]) if found else None

    @classmethod
    def make(cls) -> "ServiceKey":
        """A new one; its secret has 192 random bits."""
        return cls(token_hex(4), token_hex(24))

    @property
    def text(self) -> str:
        """As it is sent."""
        return f"mt_{self.key_id}_{self.secret}"

    @property
    def secret_sha256(self) -> str:
        """What is stored: secrets are random and long, so one plain hash is enough."""
        return sha256(self.secret.encode()).hexdigest()

    def fits(self, stored_sha256: str) -> bool:
        return compare_digest(self.secret_sha256, stored_sha256)
