"""``webapp.wsgi:application`` for gunicorn or another WSGI server; everything is told by environment variables.

MODALSHIFT_DB            database URL, needed
MODALSHIFT_SECRET_KEY    signs sessions, needed: several processes must share it
MODALSHIFT_NETWORK       directory of an own network; the shipped one without
MODALSHIFT_LANG          zh (default) or en
MODALSHIFT_QUEUE         file of the queue of plans; needed with PostgreSQL
MODALSHIFT_METRICS_TOKEN opens /metrics
MODALSHIFT_PRIVATE_WEBHOOKS  1: notices may go to plain http and to private addresses
MODALSHIFT_PROXIES           how many reverse proxies stand before the server and append to X-Forwarded-For (default 0);
                             without it everybody has the proxy's address, in rate limits and in the security log
MODALSHIFT_RATE_LIMITS       off: nobody is slowed down, for measuring and behind a proxy that limits

``python -m webapp.background.worker`` takes the same variables and makes the plans.
"""

from __future__ import annotations

from webapp.app import create_app
from webapp.request_log import write_json_lines
from webapp.settings import Settings

write_json_lines()
application = create_app(Settings.from_environment())
