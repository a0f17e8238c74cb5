"""The verbs of the product, one transaction each. The present time is always handed in."""

from optimizer.actions.accepting import accept
from optimizer.actions.access import (
    add_demo_users,
    add_user,
    grant_account,
    log_in,
    make_token,
    note_security,
    revoke_token,
    set_active,
    set_password,
    user_id_of,
    user_of_token,
)
from optimizer.actions.auditing import audit
from optimizer.actions.city import CityView, city_totals, keep_city_totals
from optimizer.actions.city_bound import city_bound, city_whole
from optimizer.actions.closing import close
from optimizer.actions.correcting import RestateResult, restate, restate_all, reverse
from optimizer.actions.disposing import retire, transfer
from optimizer.actions.opening import open_store
from optimizer.actions.overview import SavingsOverview, savings
from optimizer.actions.quoting import QuoteDesk, quote
from optimizer.actions.recording import RecordResult, record
from optimizer.actions.releasing import (
    ReleaseBook,
    factor_releases,
    propose_factors,
    release_factors,
    require_released_factors,
)
from optimizer.actions.sealing import SealResult, rotate_key, seal
from optimizer.actions.settling import LotsOverview, SettleResult, lots_overview, settle
from optimizer.actions.sheeting import calculation_sheet, entry_sheet
from optimizer.actions.stating import bank_report, statement
from optimizer.actions.tables_in_force import (
    TablesInForce,
    network_releases,
    propose_network,
    propose_network_again,
    release_network,
    releases_mark,
    tables_in_force,
)
from optimizer.actions.verifying import checkpoint, leaves, prove, verify
from optimizer.actions.versions import code_version
from optimizer.actions.workload import Workload, workload

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
    "release_factors",
    "release_network",
    "releases_mark",
    "require_released_factors",
    "restate",
    "restate_all",
    "retire",
    "reverse",
    "revoke_token",
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
    "workload",
]
