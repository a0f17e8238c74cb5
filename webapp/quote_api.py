from __future__ import annotations

from flask import Blueprint

quote_api = Blueprint("quote_api", __name__)
