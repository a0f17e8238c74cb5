"""How findings of the audit name their records."""

from __future__ import annotations

from optimizer.accounts.books import StandingEntry
from optimizer.accounts.ledger import Transaction
from optimizer.errors import Message
from optimizer.waybills.finding import Finding


def entry_name(entry: Transaction | StandingEntry) -> str:
    """``transaction 17 (SETTLE MW…/1)``."""
    return f"transaction {entry.seq} ({entry.kind.value} {entry.waybill_number}/{entry.lot_no})"


def finding(code: str, record: str, zh: str, en: str) -> Finding:
    """A finding whose sentence begins with its record."""
    return Finding(code, record, Message(f"{record}：{zh}。", f"{record}: {en}."))
