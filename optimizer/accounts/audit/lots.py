"""Checks of the lots: settled and verified belong together, doubles and lost evidence are named."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.accounts.audit.naming import entry_name, finding
from optimizer.accounts.books import AuditView
from optimizer.accounts.ledger import (
    Kind,
)
from optimizer.errors import Message
from optimizer.waybills.finding import Finding, lot_record
from optimizer.waybills.lifecycle import CarbonStatus


def verified_lots_are_settled(view: AuditView) -> Iterator[Finding]:
    """Every delivered and verified lot has a settlement, or an open job that is named here (invariant 12)."""
    verified = [
        (number, lot.lot_no)
        for number, state in view.reviewed.states.items()
        for lot in state.lots
        if lot.carbon is CarbonStatus.VERIFIED
    ]
    waiting = [key for key in (*verified, *view.plain) if key not in view.settled]
    places = {number: place for place, number in enumerate(view.books.waybills)} if waiting else {}
    for number, lot_no in sorted(waiting, key=lambda key: places[key[0]]):
        yield finding("verified_not_settled", lot_record(number, lot_no), "已核证未结算", "verified and not settled")


def settled_lots_are_verified(view: AuditView) -> Iterator[Finding]:
    """Every settled lot exists and its events still verify it, unless it was reversed; later withdrawals and disputes
    show here."""
    carbon = {
        (number, lot.lot_no): lot.carbon
        for number, state in view.reviewed.states.items()
        for lot in reversed(state.lots)  # of two with one number the first counts
    }
    for (number, lot_no), entry in view.standing.items():
        if (number, lot_no) in view.plain:
            continue
        found = carbon.get((number, lot_no))
        if found is CarbonStatus.VERIFIED:
            continue
        record = lot_record(number, lot_no)
        if found is None:
            yield finding("settled_without_waybill", entry_name(entry), f"没有 {record}", f"there is no {record}")
        elif entry.kind is not Kind.REVERSE:
            yield finding(
                "settled_not_verified",
                record,
                f"已结算，但按现有事件为 {found.value}；须冲正",
                f"is settled, but its events now say {found.value}; it needs a reversal",
            )


def double_reporting(view: AuditView) -> Iterator[Finding]:
    """Lots that look like a transport reported under another number, settled or not."""
    for state in view.reviewed.states.values():
        for lot in state.lots:
            yield from (item for item in lot.findings if item.code == "duplicate_under_another_number")


def frozen_lots(view: AuditView) -> Iterator[Finding]:
    """Delivered lots whose evidence is incomplete, and disputed ones: reserved and not credited."""
    for number, state in view.reviewed.states.items():
        for lot in state.lots:
            if lot.carbon is CarbonStatus.EVIDENCE_LOST:
                yield Finding(
                    "evidence_lost",
                    lot_record(number, lot.lot_no),
                    Message(
                        "已交付，证据不全：" + "；".join(item.zh for item in lot.missing) + "。",
                        "Delivered, evidence incomplete: " + "; ".join(item.en for item in lot.missing) + ".",
                    ),
                )
            elif lot.carbon is CarbonStatus.DISPUTED:
                yield from (
                    item for item in lot.findings if item.blocks and item.code != "duplicate_under_another_number"
                )
