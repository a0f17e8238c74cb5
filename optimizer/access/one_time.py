"""One-time codes: an administrator hands one over, and with it a user chooses a password, once.

A code is bound to the password hash that stood when it was made, so using it (or any other change of the password)
ends it; nothing is stored. It is an HMAC-SHA256 over user, hash and expiry.
"""

from __future__ import annotations

import hmac
from datetime import datetime

VALID_HOURS = 48


def one_time_code(secret: str, user_id: str, password_hash: str | None, expires_at: datetime) -> str:
    """``expiry.signature``; the expiry is a whole number of seconds since 1970 in hexadecimal."""
    expiry = f"{int(expires_at.timestamp()):x}"
    return f"{expiry}.{_signature(secret, user_id, password_hash, expiry)}"


def is_one_time_code(code: str, secret: str, user_id: str, password_hash: str | None, at: datetime) -> bool:
    """Whether a code was made for this user and this hash, and is still good at a moment."""
    expiry, _, signature = code.partition(".")
    expected = _signature(secret, user_id, password_hash, expiry)
    if not hmac.compare_digest(signature.encode(), expected.encode()):
        return False
    return int(expiry, 16) > at.timestamp()


def _signature(secret: str, user_id: str, password_hash: str | None, expiry: str) -> str:
    text = "\n".join(("modalshift one-time code", user_id, password_hash or "", expiry))
    return hmac.new(secret.encode(), text.encode(), "sha256").hexdigest()
