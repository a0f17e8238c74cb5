"""Bearer tokens of the API: shown once, stored as a digest, recognisable in a log by their prefix.

A token has 256 random bits, so a plain SHA-256 is enough to store: there is nothing to guess slowly.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

PREFIX = "msk_"
RANDOM_BYTES = 32


@dataclass(frozen=True, slots=True)
class ApiToken:
    """What is kept of a token. ``token_id`` are the first characters of its digest; ``expires_at`` None: until it is
    revoked."""

    token_id: str
    user_id: str
    label: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None

    def valid_at(self, at: datetime) -> bool:
        """Neither revoked nor expired at a moment."""
        return self.revoked_at is None and (self.expires_at is None or at < self.expires_at)


def token_from(random: bytes) -> str:
    """The token to hand out, made of RANDOM_BYTES random bytes. Raises ValueError for another number of bytes."""
    if len(random) != RANDOM_BYTES:
        raise ValueError(f"a token is made of {RANDOM_BYTES} random bytes")
    return PREFIX + urlsafe_b64encode(random).decode().rstrip("=")


def token_digest(token: str) -> str:
    """What is stored and looked up: the hexadecimal SHA-256 of a token."""
    return sha256(token.encode()).hexdigest()
