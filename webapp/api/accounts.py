"""``/api/v1/accounts``: balances, statements in every format, the bank report. Amounts are decimal strings."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from apiflask import APIBlueprint
from flask import Response, request

from optimizer import actions
from optimizer.access.user import Permission
from optimizer.accounts.statement import Statement
from optimizer.accounts.statement_document import statement_csv, statement_json
from optimizer.actions.account_views import AccountEntry, account_seen_by, accounts_seen_by
from optimizer.documents.report_files import bank_report_json, bank_report_pdf
from optimizer.documents.sheets import XLSX_TYPE
from optimizer.documents.statement_files import statement_pdf, statement_xlsx
from optimizer.errors import Fault, InputError, Message
from webapp.access.visitor import require_permission
from webapp.api.account_answers import ACCOUNT, BANK_REPORT, STATEMENT
from webapp.api.answers import items_of
from webapp.api.documented import documented
from webapp.api.replies import json_reply
from webapp.language import current_lang
from webapp.world import current_world

accounts_api = APIBlueprint("accounts_api", __name__, url_prefix="/api/v1", tag="Accounts")

FORMATS = ("json", "csv", "xlsx", "pdf")
AT_SIZE = {"type": "integer", "minimum": 1, "description": "as the books stood when the tree had so many entries"}


@accounts_api.get("/accounts")
@documented(accounts_api, "listAccounts", "Accounts that this user may read", {200: items_of(ACCOUNT)})
def list_accounts() -> Response:
    """An enterprise reads its own, a bank those opened to it, an auditor all."""
    user = require_permission(Permission.READ_ACCOUNTS)
    return json_reply({"items": [_item(entry) for entry in accounts_seen_by(current_world().store, user)]})


@accounts_api.get("/accounts/<account_id>")
@documented(accounts_api, "showAccount", "One account", {200: ACCOUNT}, problems=(404,))
def show_account(account_id: str) -> Response:
    """Its party and the months that have entries. 404 as well for an account of others."""
    user = require_permission(Permission.READ_ACCOUNTS)
    return json_reply(_item(account_seen_by(current_world().store, user, account_id)))


@accounts_api.get("/accounts/<account_id>/statements/<period>")
@documented(
    accounts_api,
    "showStatement",
    "The statement of a month",
    {200: STATEMENT},
    problems=(404, 422),
    other_types=("text/csv", XLSX_TYPE, "application/pdf"),
    query={"format": {"type": "string", "enum": list(FORMATS), "default": "json"}, "at_size": AT_SIZE},
)
def show_statement(account_id: str, period: str) -> Response:
    """As ``modalshift statement`` writes it, in the language asked for where words are printed."""
    user = require_permission(Permission.READ_ACCOUNTS)
    form = _format(FORMATS)
    account_seen_by(current_world().store, user, account_id)
    found = actions.statement(current_world().store, account_id, period, at_size=asked_size())
    return statement_reply(found, form)


@accounts_api.get("/accounts/<account_id>/report/<period>")
@documented(
    accounts_api,
    "showBankReport",
    "The one-page report for a bank",
    {200: BANK_REPORT},
    problems=(404, 422),
    other_types=("application/pdf",),
    query={"format": {"type": "string", "enum": ["json", "pdf"], "default": "json"}, "at_size": AT_SIZE},
)
def show_report(account_id: str, period: str) -> Response:
    """Tonnes and tkm by mode, water share, reduction, share of primary data, benchmark colour."""
    user = require_permission(Permission.READ_ACCOUNTS)
    form = _format(("json", "pdf"))
    account_seen_by(current_world().store, user, account_id)
    found = actions.bank_report(current_world().store, account_id, period, at_size=asked_size())
    if form == "pdf":
        return _file(bank_report_pdf(found, current_lang()), "application/pdf", f"report-{account_id}-{period}.pdf")
    return Response(bank_report_json(found), content_type="application/json; charset=utf-8")


def statement_reply(found: Statement, form: str) -> Response:
    """A statement in a format."""
    name, lang = f"statement-{found.account.account_id}-{found.period}.{form}", current_lang()
    match form:
        case "pdf":
            return _file(statement_pdf(found, lang), "application/pdf", name)
        case "xlsx":
            return _file(statement_xlsx(found, lang), XLSX_TYPE, name)
        case "csv":
            return _file(("\ufeff" + statement_csv(found)).encode(), "text/csv; charset=utf-8", name)
        case _:
            return Response(statement_json(found), content_type="application/json; charset=utf-8")


def asked_size() -> int | None:
    """``at_size`` of the query. Raises InputError for anything but a whole number."""
    text = request.args.get("at_size")
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal() and int(text[:12]) > 0 and len(text) <= 12):
        sentence = Message("at_size 应为正整数", "at_size should be a positive whole number")
        raise InputError.of([Fault("query", None, "at_size", "bad_number", sentence)])
    return int(text)


def attachment(name: str) -> str:
    """The header that has a browser keep a reply as a file. A header holds no Chinese, and an account may be named in
    it: such a name stands encoded (RFC 6266)."""
    plain = name.isascii() and name.replace("-", "").replace(".", "").replace("_", "").isalnum()
    return f'attachment; filename="{name}"' if plain else f"attachment; filename*=UTF-8''{quote(name, safe='')}"


def _format(allowed: tuple[str, ...]) -> str:
    form = request.args.get("format", "json")
    if form not in allowed:
        listed = ", ".join(allowed)
        sentence = Message(f"format 应为 {listed} 之一", f"format should be one of {listed}")
        raise InputError.of([Fault("query", None, "format", "not_allowed", sentence)])
    return form


def _file(content: bytes, media_type: str, name: str) -> Response:
    return Response(content, content_type=media_type, headers={"Content-Disposition": attachment(name)})


def _item(entry: AccountEntry) -> dict[str, Any]:
    party = entry.party
    return {
        "account_id": entry.account.account_id,
        "domain": entry.account.domain,
        "party_id": party.party_id,
        "credit_code": party.credit_code,
        "name_zh": party.name_zh,
        "name_en": party.name_en,
        "periods": list(entry.periods),
    }
