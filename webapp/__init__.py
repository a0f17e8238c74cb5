"""The browser and HTTP side of modalshift. ``create_app`` makes the WSGI application."""

from __future__ import annotations

from webapp.app import create_app
from webapp.settings import Settings

__all__ = ["Settings", "create_app"]
