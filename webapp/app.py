"""The application factory."""

from __future__ import annotations

import secrets

from apiflask import APIFlask
from werkzeug.middleware.proxy_fix import ProxyFix

from webapp import (
    compression,
    figures,
    language,
    map_ground,
    metrics,
    navigation,
    problem,
    request_log,
    security,
    table_watch,
)
from webapp.access import visitor
from webapp.access.sign_in_page import sign_in_page
from webapp.accounts_page import accounts_page
from webapp.admin.factors_page import factors_page
from webapp.admin.network_page import network_page
from webapp.admin.periods_page import admin_page
from webapp.admin.users_page import users_page
from webapp.api import conditional, documented
from webapp.api.accounts import accounts_api
from webapp.api.amendments import amendments_api
from webapp.api.documents_page import api_docs_page
from webapp.api.frontiers import frontiers_api
from webapp.api.ledger import ledger_api
from webapp.api.meta import meta_api
from webapp.api.plans import plans_api
from webapp.api.quotes import quotes_api
from webapp.api.savings import savings_api
from webapp.api.shipments import shipments_api
from webapp.api.waybills import waybills_api
from webapp.api.webhooks import webhooks_api
from webapp.carrier_page import carrier_page
from webapp.charts import plotly_script
from webapp.charts.plotly_script import charts_page
from webapp.city.checks_page import city_checks_page
from webapp.city.dashboard_page import city_page
from webapp.city.lots_page import city_lots_page
from webapp.city.sample_page import city_sample_page
from webapp.evidence_page import evidence_page
from webapp.health import health
from webapp.limits import API_LIMIT, limiter
from webapp.metrics import metrics_page
from webapp.plans_page import plans_page
from webapp.quote_page import quote_page
from webapp.savings_page import savings_page
from webapp.settings import Settings
from webapp.sheets_page import sheets_page
from webapp.shipments_page import shipments_page
from webapp.verify_page import verify_page
from webapp.waybills_page import waybills_page
from webapp.world import open_world

PAGES = (
    *(health, sign_in_page, quote_page, shipments_page, plans_page, waybills_page, carrier_page),
    *(accounts_page, evidence_page, savings_page, verify_page, api_docs_page, charts_page, metrics_page),
    *(city_page, city_lots_page, city_checks_page, city_sample_page, sheets_page),
    *(admin_page, users_page, factors_page, network_page),
)
PARTS = (
    *(table_watch, request_log, metrics, language, figures, visitor),
    *(navigation, security, problem, conditional, plotly_script, map_ground, compression),
)
APIS = (
    *(quotes_api, meta_api, shipments_api, plans_api, frontiers_api),
    *(waybills_api, amendments_api, accounts_api, ledger_api, webhooks_api, savings_api),
)


def create_app(settings: Settings) -> APIFlask:
    """A ready WSGI application.

    Raises NetworkDataError with every fault when the network directory is wrong: it is better not to start than to
    fail on the first visitor.
    """
    app = APIFlask(
        __name__,
        title="modalshift",
        version="1",
        spec_path="/api/openapi.json",
        docs_path=None,
        json_errors=False,
    )
    app.secret_key = settings.secret_key or secrets.token_hex(32)
    app.config["AUTO_SERVERS"] = False
    app.config["RATELIMIT_ENABLED"] = settings.limits
    app.extensions["modalshift.settings"] = settings
    app.extensions["modalshift.world"] = open_world(settings)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    limiter.init_app(app)
    if settings.proxies:
        # Else everybody comes from the proxy's address: one visitor's wrong passwords would keep all others out.
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=settings.proxies, x_proto=settings.proxies, x_host=0)  # type: ignore[method-assign]
    for part in PARTS:
        part.register(app)
    for pages in PAGES:
        app.register_blueprint(pages)
    for api in APIS:
        limiter.limit(API_LIMIT)(api)
        app.register_blueprint(api)
    documented.complete(app)
    return app
