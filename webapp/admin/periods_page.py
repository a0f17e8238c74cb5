"""管理: the start page with what waits, and periods: which are closed, which can be, and why not."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from optimizer import actions
from optimizer.access.user import Permission
from optimizer.accounts.ledger import month_after, month_of
from optimizer.errors import ModalshiftError
from webapp.access.visitor import require, require_permission
from webapp.clock import now
from webapp.language import current_lang
from webapp.problem import status_of
from webapp.world import current_world

admin_page = Blueprint("admin_page", __name__)


@admin_page.get("/admin")
@require(Permission.MANAGE_USERS)
def show() -> str:
    """Where to go, and what waits for a person."""
    store = current_world().store
    with store.read() as session:
        users, waiting = session.users(), session.outbox.waiting_until(month_of(now()))
    return render_template(
        "admin.html",
        users=len(users),
        disabled=sum(not user.active for user in users),
        proposals=len(actions.factor_releases(store).waiting),
        waiting=len(waiting),
        months=sum(not month["closed"] for month in _months()),
    )


@admin_page.get("/admin/periods")
@require(Permission.CLOSE_PERIODS)
def show_periods() -> str:
    """Every month with bookings: closed when, or what has to be done before it can be."""
    return _page("")


@admin_page.post("/admin/periods")
@require(Permission.CLOSE_PERIODS)
def close() -> str | tuple[str, int] | Response:
    """Close a month for good, or say what is in the way."""
    user = require_permission(Permission.CLOSE_PERIODS)
    store, period = current_world().store, request.form.get("period", "")[:20]
    try:
        actions.close(store, period, now())
    except ModalshiftError as error:
        return _page(error.message.text(current_lang())), status_of(error)
    actions.note_security(store, "period_closed", user.login, period, now(), request.remote_addr or "")
    return redirect(url_for("admin_page.show_periods"))


def _page(failure: str) -> str:
    return render_template("periods.html", months=_months(), failure=failure)


def _without_gaps(months: list[str]) -> list[str]:
    """Every month from the first to the last: one without bookings has to be closed in its turn too."""
    found = months[:1]
    while found and found[-1] < months[-1]:
        found.append(month_after(found[-1]))
    return found


def _months() -> list[dict[str, Any]]:
    """Months with bookings, newest first; ``next``: the one that closes next; ``waiting``: verified, not settled."""
    present = month_of(now())
    with current_world().store.read() as session:
        closed = {period.period: period for period in session.periods()}
        booked = _without_gaps(sorted({*session.account_reader.booked_periods(), *closed}))
        waiting = {month: len(session.outbox.waiting_until(month)) for month in booked if month not in closed}
    first_open = next((month for month in booked if month not in closed), "")
    return [
        {
            "month": month,
            "closed": closed.get(month),
            "over": month < present,
            "next": month == first_open,
            "waiting": waiting.get(month, 0),
        }
        for month in reversed(booked)
    ]
