"""Webhooks: an address of a user that is told what is new in the user's scope, signed so that it can be believed.

Signing follows Standard Webhooks 1.0.0 (2023): HMAC-SHA256 over ``id.timestamp.body``, header ``webhook-signature:
v1,BASE64``, so that receivers check it with a library they have. Notices are thin: they name records and hold no
figures; whoever is told asks the API with a token.
"""

from __future__ import annotations

import base64
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import urlsplit

from optimizer.errors import Fault, InputError, Message

SECRET_PREFIX = "whsec_"  # how receivers' libraries know a secret # nosec B105
SECRET_BYTES = 32
MAX_URL_LENGTH = 500
FIRST_RETRY = timedelta(seconds=10)
LONGEST_RETRY = timedelta(hours=1)
GIVE_UP_AFTER = 80
"""Failures in a row, about three days; then the webhook rests until its owner makes a new one."""


class Topic(StrEnum):
    """What a webhook may be told of."""

    WAYBILL_EVENT = "waybill.event"
    SETTLEMENT = "settlement.entry"


@dataclass(frozen=True, slots=True)
class Webhook:
    """``event_seq`` and ``entry_seq``: up to where the event log and the ledger have been told. ``failures`` in a row;
    ``last_outcome`` is an HTTP status or a word such as ``timeout``."""

    webhook_id: str
    user_id: str
    url: str
    topics: tuple[Topic, ...]
    secret: str
    created_at: datetime
    event_seq: int
    entry_seq: int
    next_try_at: datetime
    failures: int = 0
    last_outcome: str = ""

    @property
    def resting(self) -> bool:
        """Whether nobody tries it any more."""
        return self.failures >= GIVE_UP_AFTER


@dataclass(frozen=True, slots=True)
class Notice:
    """One message. ``message_id`` is the same at every try, so a receiver knows a repetition; ``seq`` is its place in
    the log of its topic."""

    message_id: str
    topic: Topic
    seq: int
    body: str


def secret_text(secret: bytes) -> str:
    """A secret as its owner keeps it."""
    return SECRET_PREFIX + base64.b64encode(secret).decode()


def signature(secret: str, message_id: str, at: datetime, body: str) -> str:
    """The value of ``webhook-signature``."""
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    signed = f"{message_id}.{int(at.timestamp())}.{body}".encode()
    return "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()


def retry_after(failures: int) -> timedelta:
    """How long to wait after so many failures in a row: doubling, at most an hour."""
    return min(LONGEST_RETRY, FIRST_RETRY * 2 ** min(failures - 1, 16)) if failures > 0 else timedelta(0)


def require_valid(url: str, topics: tuple[str, ...], *, plain_http: bool = False) -> tuple[Topic, ...]:
    """The topics. Raises InputError with every fault: an address that is not https (``plain_http`` lifts that), with
    user or fragment, too long, of no possible name; topics unknown, none or twice."""
    faults = []
    try:
        parts = urlsplit(url)
        allowed = parts.scheme in (("https", "http") if plain_http else ("https",))
        _ = parts.port  # ValueError beyond 65535
        (parts.hostname or "").encode("idna")  # ValueError for a name that is none: a part of it empty or too long
        good = allowed and bool(parts.hostname) and "@" not in parts.netloc and not parts.fragment
    except ValueError:
        good = False
    if not good or len(url) > MAX_URL_LENGTH or not url.isascii() or not url.isprintable() or " " in url:
        faults.append(
            _fault(
                "/url",
                f"应为 https 地址，不含用户名与片段，至多 {MAX_URL_LENGTH} 个字符",
                f"should be an https address without user or fragment, of at most {MAX_URL_LENGTH} characters",
            )
        )
    known = [topic.value for topic in Topic]
    if not topics or len(set(topics)) != len(topics) or not set(topics) <= set(known):
        listed = ", ".join(known)
        faults.append(
            _fault("/topics", f"应为 {listed} 中的一个或几个", f"should be one or more of {listed}, each once")
        )
    if faults:
        raise InputError.of(faults)
    return tuple(Topic(topic) for topic in sorted(topics))


def _fault(column: str, zh: str, en: str) -> Fault:
    return Fault("webhook", None, column, "not_allowed", Message(f"{column[1:]} {zh}", f"{column[1:]} {en}"))
