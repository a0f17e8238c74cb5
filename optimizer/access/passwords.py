"""Passwords: argon2id hashes with the library's present recommendation, and what makes a password acceptable.

Rules follow NIST SP 800-63B: length counts, no composition rules; the login itself and a few notorious ones are out.
"""

from __future__ import annotations

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from optimizer.errors import Fault, InputError, Message

MIN_LENGTH, MAX_LENGTH = 10, 200
NOTORIOUS = frozenset({"password12", "1234567890", "0123456789", "qwertyuiop", "1q2w3e4r5t", "passw0rd12"})

_HASHER = PasswordHasher()
_NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$2rzbfAl5T/4rHLSR85LIxQ$ucYgczPEorpDI0xoVYqsc72HmT88EAACjxNLF8iH3yg"
"""Verified when the login is unknown, so that the answer takes as long as for a known one: a hash of the library's
present parameters (a test holds that) of a random password that nobody kept. Written out, because making one takes
longer than most commands."""


def password_hash(password: str, login: str) -> str:
    """The argon2id hash to store. Raises InputError for a password that is too short, too long or notorious."""
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH or password.lower() in NOTORIOUS | {login.lower()}:
        sentence = Message(
            f"口令应有 {MIN_LENGTH} 至 {MAX_LENGTH} 个字符，且不是登录名或常见口令",
            f"a password has {MIN_LENGTH} to {MAX_LENGTH} characters and is neither the login nor a notorious one",
        )
        raise InputError.of([Fault("user", None, "password", "weak_password", sentence)])
    return _HASHER.hash(password)


def is_password(password: str, stored: str | None) -> bool:
    """Whether a password fits its stored hash; False (in the same time) where there is none."""
    try:
        return _HASHER.verify(stored or _NOBODY, password) and stored is not None
    except (VerificationError, InvalidHashError):
        return False
