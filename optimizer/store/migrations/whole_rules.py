"""That numbers of the books are whole, on SQLite since revision 0026. Used by migrations only.

A column of whole numbers takes 1.5, a word or bytes there as they come; what stands for a whole number ('12', 1.0)
becomes one. Each table gets one more check that asks after it for the type of what is stored. The close of a batch
could ask the same, but would read every row again; a trigger for each row costs three times as much as a check.

The check goes into the text of the table as in revision 0021: making tables anew would copy the whole ledger. Rows of
before are not looked at. One that the check refuses stays, and ``verify`` finds it with SQLite's own check of the file.
PostgreSQL has the types.
"""

from __future__ import annotations

WHOLE: dict[str, tuple[str, ...]] = {
    "waybills": ("version", "declared_mass_kg"),
    "waybill_lots": ("version", "lot_no", "declared_mass_kg"),
    "waybill_legs": ("version", "lot_no", "seq"),
    "events": ("lot_no", "leg_seq", "mass_kg"),
    "evidence_files": ("size_bytes",),
    "calculation_runs": (
        *("lot_no", "mass_kg", "baseline_wtw_g", "actual_wtw_g", "expected_wtw_g"),
        *("credited_wtw_g", "energy_saved_g"),
    ),
    "transactions": ("lot_no", "line_count"),
    "posting_lines": (
        *("transaction_seq", "line", "ledger", "account_no", "bucket", "counter_account_no", "counter_bucket"),
        "amount",
    ),
    "balances": ("amount",),
    "pendings": ("reserved_g", "remaining_g"),
    "settlement_jobs": ("lot_no",),
    "periods": ("last_seq",),
    "tree_heads": ("key_no", "last_event_seq", "last_transaction_seq"),
    "city_cells": (
        *("lots", "mass_kg", "water_kgkm", "activity_kgkm", "baseline_g", "actual_g", "expected_g"),
        *("credited_g", "energy_saved_g", "cost_saved_fen"),
    ),
    "city_exposures": ("exposed_mg",),
    "city_cursor": ("last_seq",),
}
"""Columns by table. A number that is the key of its row alone is not among them: SQLite takes no other there."""
MAY_BE_EMPTY = frozenset({"events.lot_no", "events.leg_seq", "events.mass_kg", "pendings.remaining_g"})


def check(table: str) -> str:
    """The check of a table as it stands in its text."""
    asked = (_is_whole(f"{table}.{name}", name) for name in WHOLE[table])
    return f"CONSTRAINT ck_{table}_whole_numbers CHECK ({' AND '.join(asked)})"


def _is_whole(place: str, name: str) -> str:
    return f"({name} IS NULL OR typeof({name}) = 'integer')" if place in MAY_BE_EMPTY else f"typeof({name}) = 'integer'"


def with_check(table: str, made: str) -> str:
    """``made``, the text of a table, with its check as the last line."""
    head, _, tail = made.rpartition("\n)")
    return f"{head}, \n\t{check(table)}\n){tail}"
