"""The application factory."""

from __future__ import annotations

from flask import Flask

from webapp import figures, language, problem, security
from webapp.health import health
from webapp.quote_api import quote_api
from webapp.quote_page import quote_page
from webapp.savings_page import savings_page
from webapp.settings import Settings
from webapp.world import open_world


def create_app(settings: Settings) -> Flask:
    """A ready WSGI application.

    Raises NetworkDataError with every fault when the network directory is wrong: it is better not to start than to
    fail on the first visitor.
    """
    app = Flask(__name__)
    app.extensions["modalshift.settings"] = settings
    app.extensions["modalshift.world"] = open_world(settings)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    for part in (language, figures, security, problem):
        part.register(app)
    for pages in (health, quote_page, quote_api, savings_page):
        app.register_blueprint(pages)
    return app
