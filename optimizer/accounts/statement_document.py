"""The statement as JSON and CSV: amounts as decimals, one row a movement, what is netted and what is credited apart."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from decimal import Decimal
from json.encoder import encode_basestring as _quoted
from operator import itemgetter

from optimizer.accounts.ledger import Bucket, Ledger
from optimizer.accounts.statement import (
    DISCLAIMER,
    METHOD_NOTE,
    NETTING_NOTE,
    WHOLE_NOTE,
    Balance,
    Movement,
    Statement,
)
from optimizer.emissions.formula_text import runs_as_formula
from optimizer.quantities import KG_PER_T, iso, kilograms, tonnes


def statement_json(statement: Statement) -> str:
    """The statement as JSON: amounts are decimal strings in kg CO2e, t, tkm and kg coal equivalent."""
    party = statement.party
    document = {
        "account_id": statement.account.account_id,
        "domain": statement.account.domain,
        "party": None
        if party is None
        else {"credit_code": party.credit_code, "name_zh": party.name_zh, "name_en": party.name_en},
        "period": statement.period,
        "closed": statement.closed,
        "opening": [_balance_document(balance) for balance in statement.opening],
        "movements": [],
        "credited_kg": kilograms(statement.credited_g),
        "transferred_kg": kilograms(statement.transferred_g),
        "retired_kg": kilograms(statement.retired_g),
        "net_expected_kg": kilograms(statement.net_expected_g),
        "worse_lots": len(statement.worse),
        "worse_kg": kilograms(sum(movement.expected_g for movement in statement.worse)),
        "whole": whole_row(statement),
        "reserved_change_kg": kilograms(statement.reserved_change_g),
        "closing": [_balance_document(balance) for balance in statement.closing],
        "ledger_seq": statement.last_seq,
        "tree_size": None if statement.seal is None else statement.seal.tree_size,
        "root": None if statement.seal is None else statement.seal.root.hex(),
        "sealed_seq": None if statement.seal is None else statement.seal.sealed_seq,
        "versions": {
            "factors": list(statement.factors_versions),
            "network": list(statement.network_versions),
            "product": list(statement.code_versions),
        },
        "method": statement.method,
        "boundary": "wtw_co2e",
        "netting_note_zh": NETTING_NOTE.zh,
        "netting_note_en": NETTING_NOTE.en,
        "whole_note_zh": WHOLE_NOTE.zh,
        "whole_note_en": WHOLE_NOTE.en,
        "method_note_zh": METHOD_NOTE.zh,
        "method_note_en": METHOD_NOTE.en,
        "note_zh": DISCLAIMER.zh,
        "note_en": DISCLAIMER.en,
    }
    text = json.dumps(document, ensure_ascii=False, indent=1) + "\n"
    if not statement.movements:
        return text
    rows = ",\n  ".join([_row_text(movement) for movement in statement.movements])
    return text.replace('"movements": []', f'"movements": [\n  {rows}\n ]', 1)


def _row_text(movement: Movement) -> str:
    """:func:`movement_row` as ``json.dumps`` with an indent of one has it, which for rows by the thousand takes thirty
    times as long (a test compares the two). Amounts are digits, so only words are quoted."""
    lot = movement.waybill_version if movement.waybill_number else '""'
    activity = movement.activity_kgkm
    return (
        f'{{\n   "seq": {movement.seq},\n   "transaction_id": {_quoted(movement.transaction_id)},\n'
        f'   "kind": {_quoted(movement.kind)},\n   "waybill_number": {_quoted(movement.waybill_number)},\n'
        f'   "waybill_version": {lot},\n   "lot_no": {movement.lot_no},\n'
        f'   "effective_at": "{iso(movement.effective_at)}",\n   "mass_t": "{tonnes(movement.mass_kg)}",\n'
        f'   "road_tkm": "{tonnes(activity.get("Road", 0))}",\n'
        f'   "inland_waterway_tkm": "{tonnes(activity.get("InlandWaterway", 0))}",\n'
        f'   "sea_tkm": "{tonnes(activity.get("Sea", 0))}",\n   "rail_tkm": "{tonnes(activity.get("Rail", 0))}",\n'
        f'   "baseline_kg": "{kilograms(movement.baseline_g)}",\n   "actual_kg": "{kilograms(movement.actual_g)}",\n'
        f'   "expected_kg": "{kilograms(movement.expected_g)}",\n'
        f'   "credited_kg": "{kilograms(movement.credited_g)}",\n   "claim_kg": "{kilograms(movement.claim_g)}",\n'
        f'   "attribution_kg": "{kilograms(movement.attribution_g)}",\n'
        f'   "energy_saved_kgce": "{kilograms(movement.energy_saved_g)}",\n   "tier": {_quoted(movement.tier)},\n'
        f'   "run_id": {_quoted(movement.run_id)},\n   "corrects": {_quoted(movement.corrects)},\n'
        f'   "memo": {_quoted(movement.memo)},\n   "counterparty": {_quoted(movement.counterparty)}\n  }}'
    )


CSV_COLUMNS = (
    "seq",
    "kind",
    "waybill_number",
    "waybill_version",
    "lot_no",
    "effective_at",
    "mass_t",
    "road_tkm",
    "inland_waterway_tkm",
    "sea_tkm",
    "rail_tkm",
    "baseline_kg",
    "actual_kg",
    "expected_kg",
    "credited_kg",
    "claim_kg",
    "attribution_kg",
    "energy_saved_kgce",
    "tier",
    "run_id",
    "corrects",
    "memo",
    "counterparty",
)


def statement_csv(statement: Statement) -> str:
    """The movements as CSV with the columns :data:`CSV_COLUMNS`, between an ``opening`` and a ``closing`` row that
    carry the available claim in ``claim_kg``; a ``sum`` row adds up the lots consigned and a
    ``bound_90`` row has their bound together in ``credited_kg`` and its standard uncertainty in ``memo``; a ``tree``
    row names the tree's size in ``seq`` and its root in ``run_id`` where something is sealed; ``note`` rows follow."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, CSV_COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerow({"kind": "opening", "claim_kg": kilograms(_available(statement.opening))})
    columns = itemgetter(*CSV_COLUMNS)
    csv.writer(buffer, lineterminator="\n").writerows(columns(_csv_row(item)) for item in statement.movements)
    writer.writerow({"kind": "closing", "claim_kg": kilograms(_available(statement.closing))})
    writer.writerow(_sum_row(statement))
    whole = whole_row(statement)
    if whole is not None:
        words = f"standard_uncertainty_kg={whole['standard_uncertainty_kg']}"
        row = {"kind": "bound_90", "expected_kg": whole["expected_kg"], "credited_kg": whole["lower_90_kg"]}
        writer.writerow({**row, "memo": words})
    if statement.seal is not None:
        writer.writerow({"kind": "tree", "seq": statement.seal.tree_size, "run_id": statement.seal.root.hex()})
    for note in (METHOD_NOTE, NETTING_NOTE, WHOLE_NOTE, DISCLAIMER):
        writer.writerow({"kind": "note", "waybill_number": note.zh})
        writer.writerow({"kind": "note", "waybill_number": note.en})
    return buffer.getvalue()


def _csv_row(movement: Movement) -> dict[str, str | int]:
    """The row as CSV has it: spreadsheet programs would run a reason that looks like a formula, so an apostrophe
    stands before it."""
    row = movement_row(movement)
    return row | {"memo": f"'{movement.memo}"} if runs_as_formula(movement.memo) else row


def whole_row(statement: Statement) -> dict[str, str | int | list[dict[str, str]]] | None:
    """The bound of the whole as documents print it, None where there is none."""
    whole = statement.whole
    if whole is None:
        return None
    return {
        "runs": whole.parts,
        "expected_kg": kilograms(whole.expected_g),
        "standard_uncertainty_kg": kilograms(whole.standard_g),
        "lower_90_kg": kilograms(whole.lower_g),
        "credited_lot_by_lot_kg": kilograms(whole.credited_g),
        "largest_sources": [{"source": key, "share_of_variance": f"{share:.4f}"} for key, share in whole.largest],
    }


def _sum_row(statement: Statement) -> dict[str, str]:
    """What the lots consigned add up to; in ``expected_kg`` those that got worse are negative."""
    own = [movement for movement in statement.movements if movement.consigned]
    return {
        "kind": "sum",
        "mass_t": tonnes(sum(item.mass_kg for item in own)),
        "baseline_kg": kilograms(sum(item.baseline_g for item in own)),
        "actual_kg": kilograms(sum(item.actual_g for item in own)),
        "expected_kg": kilograms(statement.net_expected_g),
        "credited_kg": kilograms(sum(item.credited_g for item in own)),
        "claim_kg": kilograms(statement.credited_g),
    }


def movement_row(movement: Movement) -> dict[str, str | int]:
    """A movement as documents print it: exact decimal strings."""
    activity = movement.activity_kgkm
    return {
        "seq": movement.seq,
        "transaction_id": movement.transaction_id,
        "kind": movement.kind,
        "waybill_number": movement.waybill_number,
        "waybill_version": movement.waybill_version if movement.waybill_number else "",
        "lot_no": movement.lot_no,
        "effective_at": iso(movement.effective_at),
        "mass_t": tonnes(movement.mass_kg),
        "road_tkm": tonnes(activity.get("Road", 0)),
        "inland_waterway_tkm": tonnes(activity.get("InlandWaterway", 0)),
        "sea_tkm": tonnes(activity.get("Sea", 0)),
        "rail_tkm": tonnes(activity.get("Rail", 0)),
        "baseline_kg": kilograms(movement.baseline_g),
        "actual_kg": kilograms(movement.actual_g),
        "expected_kg": kilograms(movement.expected_g),
        "credited_kg": kilograms(movement.credited_g),
        "claim_kg": kilograms(movement.claim_g),
        "attribution_kg": kilograms(movement.attribution_g),
        "energy_saved_kgce": kilograms(movement.energy_saved_g),
        "tier": movement.tier,
        "run_id": movement.run_id,
        "corrects": movement.corrects,
        "memo": movement.memo,
        "counterparty": movement.counterparty,
    }


def _balance_document(balance: Balance) -> dict[str, str]:
    unit = {Ledger.CLAIM: "kgCO2e", Ledger.ATTRIBUTION: "kgCO2e", Ledger.ACTIVITY: "tkm", Ledger.ENERGY: "kgce"}
    return {
        "ledger": balance.ledger.value,
        "bucket": balance.bucket.value,
        "part": balance.part,
        "amount": f"{Decimal(balance.amount) / KG_PER_T:.3f}",
        "unit": unit[balance.ledger],
    }


def _available(balances: Iterable[Balance]) -> int:
    return sum(
        balance.amount for balance in balances if balance.ledger is Ledger.CLAIM and balance.bucket is Bucket.AVAILABLE
    )
