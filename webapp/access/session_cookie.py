"""The session cookie: signed, HttpOnly, SameSite=Lax, and Secure wherever the network could listen."""

from __future__ import annotations

from ipaddress import ip_address

from flask import Flask, request
from flask.sessions import SecureCookieSessionInterface


def is_loopback(host: str) -> bool:
    """Whether a host name or address means this very machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


class SessionCookie(SecureCookieSessionInterface):
    """Over plain HTTP a cookie without Secure is given to loopback only: elsewhere signing in needs HTTPS."""

    def get_cookie_secure(self, app: Flask) -> bool:
        """True unless the request came over plain HTTP to this machine's own loopback."""
        host = request.host.rsplit(":", 1)[0].strip("[]")
        return request.is_secure or not is_loopback(host)
