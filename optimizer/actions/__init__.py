"""The verbs of the product, one transaction each. The present time is always handed in."""

from optimizer.actions.accepting import accept
from optimizer.actions.auditing import audit
from optimizer.actions.closing import close
from optimizer.actions.opening import open_store
from optimizer.actions.overview import SavingsOverview, savings
from optimizer.actions.quoting import QuoteDesk, quote
from optimizer.actions.recording import RecordResult, record
from optimizer.actions.settling import SettleResult, settle
from optimizer.actions.stating import statement
from optimizer.actions.versions import code_version

__all__ = [
    "QuoteDesk",
    "RecordResult",
    "SavingsOverview",
    "SettleResult",
    "accept",
    "audit",
    "close",
    "code_version",
    "open_store",
    "quote",
    "record",
    "savings",
    "settle",
    "statement",
]
