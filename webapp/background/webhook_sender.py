"""Sends notices to webhooks: in order, signed, and only to public addresses.

The address is resolved once and the connection goes to what was looked at, so that a name cannot point to our own
network by the time it is used. Redirects are not followed. A receiver that is slow, or that answers byte by byte, holds
up nobody but itself: each has a turn of its own, with an end.
"""

from __future__ import annotations

import http.client
import ipaddress
import logging
import socket
import ssl
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Event, Timer
from urllib.parse import urlsplit

from optimizer.access.webhook import Notice, Topic, Webhook, signature
from optimizer.actions.webhooks import lease_due, note_outcome, notices
from optimizer.store.engine import Store

TIMEOUT_S = 10.0
"""Without a sign of life."""
LONGEST_S = 20.0
"""For one notice, whatever signs of life there are."""
TURN = timedelta(seconds=60)
"""After so long a receiver waits for its next turn; well below the lease."""
AT_ONCE = 8
"""Receivers told side by side."""
LOOK_EVERY_S = 2.0
MOST_READ_BYTES = 4_096
GLOBAL_UNICAST, NAT64 = ipaddress.IPv6Network("2000::/3"), ipaddress.IPv6Network("64:ff9b::/96")
"""RFC 4291 and RFC 6052: the last four bytes of a NAT64 address are the IPv4 address that it is translated to."""

log = logging.getLogger("modalshift.webhooks")


class RefusedAddressError(OSError):
    """The name leads to no public address."""


def send_due(store: Store, now: Callable[[], datetime], *, to_private: bool = False) -> int:
    """Tell every webhook that is due what is new; how many notices were delivered. One that fails keeps its place in
    the logs and is tried again later; it does not hold up the others."""
    due = lease_due(store, now())
    if not due:
        return 0
    with ThreadPoolExecutor(min(AT_ONCE, len(due)), thread_name_prefix="webhooks") as threads:
        return sum(threads.map(lambda hook: _turn(store, hook, now, to_private), due))


def keep_sending(store: Store, now: Callable[[], datetime], over: Event, *, to_private: bool = False) -> None:
    """Until ``over``; a defect of ours is logged and does not end it."""
    while not over.wait(LOOK_EVERY_S):
        try:
            send_due(store, now, to_private=to_private)
        except Exception:
            log.exception("sending notices failed: a defect of ours")


def _turn(store: Store, hook: Webhook, now: Callable[[], datetime], to_private: bool) -> int:
    """A defect of ours with one receiver leaves the others their turn; its lease runs out and it is tried again."""
    try:
        return _tell(store, hook, now, to_private)
    except Exception:
        log.exception("telling webhook %s failed: a defect of ours", hook.webhook_id)
        return 0


def _tell(store: Store, hook: Webhook, now: Callable[[], datetime], to_private: bool) -> int:
    waiting, after = notices(store, hook)
    told, ends_at = hook, now() + TURN
    for done, notice in enumerate(waiting):
        if now() > ends_at:
            note_outcome(store, told, told.last_outcome, now(), failed=False)
            return done
        outcome = _post(hook, notice, now(), to_private)
        if not outcome.startswith("2"):
            log.warning("webhook %s: %s", hook.webhook_id, outcome)
            note_outcome(store, told, outcome, now(), failed=True)
            return done
        if notice.topic is Topic.WAYBILL_EVENT:
            told = replace(told, event_seq=notice.seq, last_outcome=outcome)
        else:
            told = replace(told, entry_seq=notice.seq, last_outcome=outcome)
    note_outcome(store, after, told.last_outcome, now(), failed=False)
    return len(waiting)


def _post(hook: Webhook, notice: Notice, at: datetime, to_private: bool) -> str:
    """The HTTP status as text, or a word for what went wrong."""
    parts = urlsplit(hook.url)
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "modalshift",
        "webhook-id": notice.message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": signature(hook.secret, notice.message_id, at, notice.body),
    }
    late = Event()
    try:
        connection = _connection(parts.scheme, parts.hostname or "", parts.port, to_private)
        timer = Timer(LONGEST_S, _cut_off, (connection.sock, late))
        timer.daemon = True
        timer.start()
        try:
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request("POST", target, notice.body.encode(), headers)
            reply = connection.getresponse()
            reply.read(MOST_READ_BYTES)
            # What was cut off in the middle of its first line may look like an answer.
            return "timeout" if late.is_set() else str(reply.status)
        finally:
            timer.cancel()
            connection.close()
    except RefusedAddressError:
        return "no_public_address"
    except TimeoutError:
        return "timeout"
    except ssl.SSLError:
        return "timeout" if late.is_set() else "tls_error"
    except (OSError, http.client.HTTPException, UnicodeError):  # the last for what no name can be
        return "timeout" if late.is_set() else "no_connection"


def _cut_off(sock: socket.socket, late: Event) -> None:
    """End a conversation from another thread: whoever reads sees its end."""
    late.set()
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)


def _connection(scheme: str, host: str, port: int | None, to_private: bool) -> http.client.HTTPConnection:
    """A connection whose socket is open, to an address that was looked at."""
    secure = scheme == "https"
    number = port or (443 if secure else 80)
    address = _public_address(host, number, to_private)
    opened = socket.create_connection((address, number), timeout=TIMEOUT_S)
    connection: http.client.HTTPConnection = http.client.HTTPConnection(host, number, timeout=TIMEOUT_S)
    try:
        connection.sock = ssl.create_default_context().wrap_socket(opened, server_hostname=host) if secure else opened
    except BaseException:
        with suppress(OSError):
            opened.close()
        raise
    return connection


def _public_address(host: str, port: int, to_private: bool) -> str:
    """One address of a host. Raises RefusedAddressError when any of them is not public (unless ``to_private``)."""
    found = [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    if not to_private and not all(_is_public(address) for address in found):
        raise RefusedAddressError(host)
    return found[0]


def _is_public(address: str) -> bool:
    """Whether an address is open to everybody. One that carries an IPv4 address (mapped, 6to4, NAT64) leads to that; of
    the other IPv6 addresses only global unicast is public: Python calls site-local and unassigned ones global."""
    known = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(known, ipaddress.IPv6Address):
        carried = known.ipv4_mapped or known.sixtofour
        if known in NAT64:
            carried = ipaddress.IPv4Address(known.packed[-4:])
        if carried is None and known not in GLOBAL_UNICAST:
            return False
        known = carried or known
    return known.is_global and not known.is_multicast
