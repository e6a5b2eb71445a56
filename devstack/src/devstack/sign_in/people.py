"""Who may sign in, and who is signed in. Passwords are kept as scrypt hashes; a refresh token is good once."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass, field
from hmac import compare_digest
from pathlib import Path
from typing import TypedDict
from uuid import NAMESPACE_URL, uuid4, uuid5

from devstack.services import process

SHORTEST_PASSWORD = 6
"""Supabase's own default."""


class User(TypedDict):
    """One account of the sign-in. What it may do is not said here."""

    id: str
    email: str
    salt: str
    password: str


@dataclass
class Session:
    """One sign-in, and the refresh token that goes on with it."""

    session_id: str
    email: str
    refresh_token: str


class Refused(Exception):
    """What GoTrue would refuse, with its own status, code and sentence."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


def id_of(email: str) -> str:
    """An account's id: made of the address, so that a stack that was wiped has the same one again."""
    return str(uuid5(NAMESPACE_URL, f"mailto:{email.lower()}"))


def _hashed(password: str, salt: str) -> str:
    return hashlib.scrypt(password.encode(), salt=bytes.fromhex(salt), n=2**12, r=8, p=1).hex()


@dataclass
class People:
    """Accounts in one file that only its owner reads; sessions as long as the process runs."""

    file: Path
    users: dict[str, User] = field(default_factory=dict)
    sessions: dict[str, Session] = field(default_factory=dict)
    """By refresh token."""
    used: dict[str, str] = field(default_factory=dict)
    """Refresh tokens that were good once, and their session."""

    def __post_init__(self) -> None:
        if self.file.exists():
            self.users = json.loads(self.file.read_text(encoding="utf-8"))

    def keep(self, email: str, password: str) -> User:
        """Makes an account, or sets its password anew."""
        email, salt = email.lower(), secrets.token_hex(16)
        self.users[email] = User(id=id_of(email), email=email, salt=salt, password=_hashed(password, salt))
        self.file.parent.mkdir(parents=True, exist_ok=True)
        process.write_private(self.file, json.dumps(self.users))
        return self.users[email]

    def sign_up(self, email: str, password: str) -> User:
        """A new account."""
        if "@" not in email:
            raise Refused(400, "validation_failed", "Unable to validate email address: invalid format")
        if len(password) < SHORTEST_PASSWORD:
            raise Refused(422, "weak_password", f"Password should be at least {SHORTEST_PASSWORD} characters.")
        if email.lower() in self.users:
            raise Refused(422, "user_already_exists", "User already registered")
        return self.keep(email, password)

    def check(self, email: str, password: str) -> User:
        """The account, where the password is its own. One that is not there takes as long as one that is."""
        user = self.users.get(email.lower())
        given = _hashed(password, user["salt"] if user else "00" * 16)
        if user is None or not compare_digest(given, user["password"]):
            raise Refused(400, "invalid_credentials", "Invalid login credentials")
        return user

    def begin(self, user: User) -> Session:
        """A new sign-in."""
        session = Session(str(uuid4()), user["email"], secrets.token_urlsafe(12))
        self.sessions[session.refresh_token] = session
        return session

    def go_on(self, refresh_token: str) -> Session:
        """The next token of a session. One that was used already ends the session: somebody else has it."""
        session = self.sessions.pop(refresh_token, None)
        if session is None:
            if owner := self.used.get(refresh_token):
                self.end(owner)
                raise Refused(400, "refresh_token_already_used", "Invalid Refresh Token: Already Used")
            raise Refused(400, "refresh_token_not_found", "Invalid Refresh Token: Refresh Token Not Found")
        self.used[refresh_token] = session.session_id
        session.refresh_token = secrets.token_urlsafe(12)
        self.sessions[session.refresh_token] = session
        return session

    def end(self, session_id: str) -> None:
        """No refresh token of the session is good any longer."""
        for token in [token for token, session in self.sessions.items() if session.session_id == session_id]:
            self.used[token] = session_id
            del self.sessions[token]
