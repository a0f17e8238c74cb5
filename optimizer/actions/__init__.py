"""The verbs of the product, one transaction each. The present time is always handed in.

A verb's module is imported when the verb is first asked for: planning and spreadsheets take longer to import than a
statement takes to read, and a command needs a few of them at most.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from optimizer.actions.accepting import accept
    from optimizer.actions.access import (
        add_demo_users,
        add_user,
        grant_account,
        log_in,
        make_token,
        note_security,
        revoke_token,
        revoke_tokens,
        set_active,
        set_password,
        user_id_of,
        user_of_token,
    )
    from optimizer.actions.auditing import audit
    from optimizer.actions.city import CityView, city_totals, keep_city_totals
    from optimizer.actions.closing import close
    from optimizer.actions.correcting import RestateResult, restate, restate_all, reverse
    from optimizer.actions.disposing import retire, transfer
    from optimizer.actions.opening import create_store, open_store
    from optimizer.actions.overview import SavingsOverview, savings
    from optimizer.actions.quoting import QuoteDesk, quote
    from optimizer.actions.recording import RecordResult, record
    from optimizer.actions.registering import register_parties
    from optimizer.actions.released_tables import (
        TablesInForce,
        network_releases,
        propose_network,
        propose_network_again,
        release_network,
        releases_mark,
        tables_in_force,
        withdraw_network,
    )
    from optimizer.actions.releasing import (
        ReleaseBook,
        factor_releases,
        propose_factors,
        release_factors,
        require_released_factors,
        withdraw_factors,
    )
    from optimizer.actions.sealing import SealResult, rotate_key, seal
    from optimizer.actions.settling import LotsOverview, SettleResult, lots_overview, settle
    from optimizer.actions.sheeting import calculation_sheet, entry_sheet
    from optimizer.actions.stating import bank_report, statement
    from optimizer.actions.verifying import checkpoint, leaves, prove, verify
    from optimizer.actions.versions import code_version
    from optimizer.actions.waiting_work import Workload, workload
    from optimizer.actions.whole_city import city_bound, city_whole

__all__ = [
    "CityView",
    "LotsOverview",
    "QuoteDesk",
    "RecordResult",
    "ReleaseBook",
    "RestateResult",
    "SavingsOverview",
    "SealResult",
    "SettleResult",
    "TablesInForce",
    "Workload",
    "accept",
    "add_demo_users",
    "add_user",
    "audit",
    "bank_report",
    "calculation_sheet",
    "checkpoint",
    "city_bound",
    "city_totals",
    "city_whole",
    "close",
    "code_version",
    "create_store",
    "entry_sheet",
    "factor_releases",
    "grant_account",
    "keep_city_totals",
    "leaves",
    "log_in",
    "lots_overview",
    "make_token",
    "network_releases",
    "note_security",
    "open_store",
    "propose_factors",
    "propose_network",
    "propose_network_again",
    "prove",
    "quote",
    "record",
    "register_parties",
    "release_factors",
    "release_network",
    "releases_mark",
    "require_released_factors",
    "restate",
    "restate_all",
    "retire",
    "reverse",
    "revoke_token",
    "revoke_tokens",
    "rotate_key",
    "savings",
    "seal",
    "set_active",
    "set_password",
    "settle",
    "statement",
    "tables_in_force",
    "transfer",
    "user_id_of",
    "user_of_token",
    "verify",
    "withdraw_factors",
    "withdraw_network",
    "workload",
]

_VERBS = {
    "accepting": ("accept",),
    "registering": ("register_parties",),
    "access": (
        "add_demo_users",
        "add_user",
        "grant_account",
        "log_in",
        "make_token",
        "note_security",
        "revoke_token",
        "revoke_tokens",
        "set_active",
        "set_password",
        "user_id_of",
        "user_of_token",
    ),
    "auditing": ("audit",),
    "city": (
        "CityView",
        "city_totals",
        "keep_city_totals",
    ),
    "whole_city": (
        "city_bound",
        "city_whole",
    ),
    "closing": ("close",),
    "correcting": (
        "RestateResult",
        "restate",
        "restate_all",
        "reverse",
    ),
    "disposing": (
        "retire",
        "transfer",
    ),
    "opening": ("create_store", "open_store"),
    "overview": (
        "SavingsOverview",
        "savings",
    ),
    "quoting": (
        "QuoteDesk",
        "quote",
    ),
    "recording": (
        "RecordResult",
        "record",
    ),
    "releasing": (
        "ReleaseBook",
        "factor_releases",
        "propose_factors",
        "release_factors",
        "require_released_factors",
        "withdraw_factors",
    ),
    "sealing": (
        "SealResult",
        "rotate_key",
        "seal",
    ),
    "settling": (
        "LotsOverview",
        "SettleResult",
        "lots_overview",
        "settle",
    ),
    "sheeting": (
        "calculation_sheet",
        "entry_sheet",
    ),
    "stating": (
        "bank_report",
        "statement",
    ),
    "released_tables": (
        "TablesInForce",
        "network_releases",
        "propose_network",
        "propose_network_again",
        "release_network",
        "releases_mark",
        "tables_in_force",
        "withdraw_network",
    ),
    "verifying": (
        "checkpoint",
        "leaves",
        "prove",
        "verify",
    ),
    "versions": ("code_version",),
    "waiting_work": (
        "Workload",
        "workload",
    ),
}
"""Module -> what it has for others. A module never has the name of a verb: importing it would hide the verb."""

_MODULE_OF = {verb: module for module, verbs in _VERBS.items() for verb in verbs}


def __getattr__(name: str) -> Any:
    """The verb of a name, from its module (PEP 562). Raises AttributeError for another name."""
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
    globals()[name] = found
    return found
