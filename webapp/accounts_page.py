"""碳账户: balances, months, the statement lot by lot, files to keep, and who may read."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from optimizer import actions
from optimizer.access.user import Permission, Role, User
from optimizer.accounts.statement import Statement
from optimizer.actions.account_views import AccountEntry, account_seen_by, accounts_seen_by
from optimizer.documents.report_files import bank_report_pdf
from optimizer.documents.statement_words import statement_words
from optimizer.quantities import G_PER_KG
from webapp.access.visitor import require, require_permission
from webapp.api.accounts import FORMATS, asked_size, attachment, statement_reply
from webapp.charts.categories import Series, category_chart
from webapp.charts.figure import Figure
from webapp.clock import now
from webapp.figures import kilograms
from webapp.language import current_lang, text
from webapp.list_pages import PageLinks, asked_pages
from webapp.security import allow_charts
from webapp.world import current_world

accounts_page = Blueprint("accounts_page", __name__)


@accounts_page.get("/accounts")
@require(Permission.READ_ACCOUNTS)
def show() -> str | AnyResponse:
    """The accounts in scope; an enterprise with one account goes straight there."""
    user = require_permission(Permission.READ_ACCOUNTS)
    entries = accounts_seen_by(current_world().store, user)
    if user.role is Role.ENTERPRISE and len(entries) == 1:
        return redirect(url_for("accounts_page.show_account", account_id=entries[0].account.account_id))
    return render_template("accounts.html", entries=entries)


@accounts_page.get("/accounts/<account_id>")
@require(Permission.READ_ACCOUNTS)
def show_account(account_id: str) -> str:
    """Months as bars and rows, the present balances, and for the enterprise the banks that may read."""
    user = require_permission(Permission.READ_ACCOUNTS)
    store = current_world().store
    entry = account_seen_by(store, user, account_id)
    months = [actions.statement(store, account_id, period) for period in entry.periods]
    newest = months[-1] if months else None
    allow_charts()
    return render_template(
        "account.html",
        entry=entry,
        name=_name(entry),
        months=list(reversed(months)),
        closing=statement_words(newest, current_lang()).closing if newest else (),
        figure=_chart(months),
        readers=_readers(user, entry),
    )


@accounts_page.get("/accounts/<account_id>/statements/<period>")
@require(Permission.READ_ACCOUNTS)
def show_statement(account_id: str, period: str) -> str:
    """The statement as a page; every lot leads to its waybill for whoever may see that."""
    user = require_permission(Permission.READ_ACCOUNTS)
    entry = account_seen_by(current_world().store, user, account_id)
    at_size = asked_size()
    found = actions.statement(current_world().store, account_id, period, at_size=at_size)
    words = statement_words(found, current_lang())
    part = asked_pages(len(words.movements))
    kept = {"account_id": account_id, "period": period, "at_size": at_size}
    return render_template(
        "statement.html",
        at_size=at_size,
        entry=entry,
        name=_name(entry),
        statement=found,
        words=words,
        movements=part.of_list(words.movements),
        links=PageLinks(part, "accounts_page.show_statement", kept, "movements-title"),
        formats=FORMATS,
        links_to_waybills=user.may(Permission.READ_WAYBILLS),
    )


@accounts_page.get("/accounts/<account_id>/statements/<period>.<form>")
@require(Permission.READ_ACCOUNTS)
def download(account_id: str, period: str, form: str) -> Response | AnyResponse:
    """The statement as a file; an unknown format leads to the page."""
    user = require_permission(Permission.READ_ACCOUNTS)
    account_seen_by(current_world().store, user, account_id)
    if form not in FORMATS:
        page = url_for(
            "accounts_page.show_statement", account_id=account_id, period=period, at_size=request.args.get("at_size")
        )
        return redirect(page)
    found = actions.statement(current_world().store, account_id, period, at_size=asked_size())
    reply = statement_reply(found, form)
    reply.headers.setdefault("Content-Disposition", attachment(f"statement-{account_id}-{found.period}.{form}"))
    return reply


@accounts_page.get("/accounts/<account_id>/report/<period>.pdf")
@require(Permission.READ_ACCOUNTS)
def report(account_id: str, period: str) -> Response:
    """The one page for the bank."""
    user = require_permission(Permission.READ_ACCOUNTS)
    account_seen_by(current_world().store, user, account_id)
    found = actions.bank_report(current_world().store, account_id, period, at_size=asked_size())
    name = f"report-{account_id}-{found.statement.period}.pdf"
    headers = {"Content-Disposition": attachment(name)}
    return Response(bank_report_pdf(found, current_lang()), content_type="application/pdf", headers=headers)


@accounts_page.post("/accounts/<account_id>/readers")
@require(Permission.GRANT_ACCOUNTS)
def grant(account_id: str) -> AnyResponse:
    """The enterprise opens its account to a bank reader, or closes it again; both are written down."""
    user = require_permission(Permission.GRANT_ACCOUNTS)
    account_seen_by(current_world().store, user, account_id)
    actions.grant_account(
        current_world().store, user, request.form.get("reader", ""), request.form.get("act") == "open", now()
    )
    return redirect(url_for("accounts_page.show_account", account_id=account_id))


def _name(entry: AccountEntry) -> str:
    return entry.party.name_zh if current_lang() == "zh" else entry.party.name_en


def _chart(months: list[Statement]) -> Figure:
    """What each month credited beside what it expected; the table of months stands on the page."""
    credited, expected = [m.credited_g for m in months], [m.net_expected_g for m in months]
    names = text("account.credited"), text("account.expected")
    return category_chart(
        "account-months",
        text("account.chart"),
        text("account.month"),
        [month.period for month in months],
        [
            Series(names[0], [g / G_PER_KG for g in credited], [*map(kilograms, credited)], "water"),
            Series(names[1], [g / G_PER_KG for g in expected], [*map(kilograms, expected)], "sea", "line"),
        ],
        axis="kg CO2e",
        table=False,
    )


def _readers(user: User, entry: AccountEntry) -> list[dict[str, Any]]:
    """Every bank reader and whether this account stands open to them; for the enterprise itself only."""
    if not user.may(Permission.GRANT_ACCOUNTS) or user.party_id != entry.party.party_id:
        return []
    with current_world().store.read() as session:
        return [
            {
                "login": reader.login,
                "name": reader.name(current_lang()),
                "open": entry.party.party_id in session.opened_to(reader.user_id),
            }
            for reader in session.users()
            if reader.role is Role.BANK and reader.active
        ]
