"""What is answered of accounts, as JSON Schema: statements, bank reports, savings. Amounts in kg, t and tkm are decimal
strings, those in g, kg·km and fen whole numbers."""

from __future__ import annotations

from optimizer.accounts.city import CityAmounts
from optimizer.accounts.ledger import Bucket, Ledger
from webapp.api.answers import (
    COUNT,
    DECIMAL,
    FLAG,
    GRAMS,
    HASH,
    MOMENT,
    NUMBER,
    TEXT,
    answer,
    list_of,
    named,
    or_null,
    record_with,
    table_of,
)

ACCOUNT = named(
    "AccountItem",
    answer(
        account_id=TEXT,
        domain=TEXT,
        party_id=TEXT,
        credit_code=TEXT,
        name_zh=TEXT,
        name_en=TEXT,
        periods=list_of({**TEXT, "description": "months that have entries, such as 2026-10"}),
    ),
)
_BALANCE = answer(
    ledger={**TEXT, "enum": [one.value for one in Ledger]},
    bucket={**TEXT, "enum": [one.value for one in Bucket]},
    part={**TEXT, "description": "the mode, in the activity ledger"},
    amount=DECIMAL,
    unit=TEXT,
)
_MOVEMENT = answer(
    seq=COUNT,
    transaction_id=TEXT,
    kind=TEXT,
    waybill_number=TEXT,
    waybill_version={"type": ["integer", "string"], "description": "empty where there is no waybill"},
    lot_no=COUNT,
    effective_at=MOMENT,
    mass_t=DECIMAL,
    road_tkm=DECIMAL,
    inland_waterway_tkm=DECIMAL,
    sea_tkm=DECIMAL,
    rail_tkm=DECIMAL,
    baseline_kg=DECIMAL,
    actual_kg=DECIMAL,
    expected_kg=DECIMAL,
    credited_kg=DECIMAL,
    claim_kg=DECIMAL,
    attribution_kg=DECIMAL,
    energy_saved_kgce=DECIMAL,
    tier=TEXT,
    run_id=TEXT,
    corrects=TEXT,
    memo=TEXT,
    counterparty=TEXT,
)
_WHOLE = or_null(
    answer(
        runs=COUNT,
        expected_kg=DECIMAL,
        standard_uncertainty_kg=DECIMAL,
        lower_90_kg=DECIMAL,
        credited_lot_by_lot_kg=DECIMAL,
        largest_sources=list_of(answer(source=TEXT, share_of_variance=TEXT)),
    )
)
_NOTES = ("netting_note", "whole_note", "method_note", "note")
STATEMENT = named(
    "Statement",
    answer(
        account_id=TEXT,
        domain=TEXT,
        party=or_null(answer(credit_code=TEXT, name_zh=TEXT, name_en=TEXT)),
        period=TEXT,
        closed=FLAG,
        opening=list_of(_BALANCE),
        movements=list_of(_MOVEMENT),
        credited_kg=DECIMAL,
        transferred_kg=DECIMAL,
        retired_kg=DECIMAL,
        net_expected_kg=DECIMAL,
        worse_lots=COUNT,
        worse_kg=DECIMAL,
        whole=_WHOLE,
        reserved_change_kg=DECIMAL,
        closing=list_of(_BALANCE),
        ledger_seq=COUNT,
        tree_size=or_null(COUNT),
        root=or_null(HASH),
        sealed_seq=or_null(COUNT),
        versions=answer(factors=list_of(TEXT), network=list_of(TEXT), product=list_of(TEXT)),
        method=TEXT,
        boundary=TEXT,
        **{f"{note}_{lang}": TEXT for note in _NOTES for lang in ("zh", "en")},
    ),
)
BANK_REPORT = named(
    "BankReport",
    answer(
        account_id=TEXT,
        credit_code=or_null(TEXT),
        period=TEXT,
        closed=FLAG,
        lots=COUNT,
        verified_t=DECIMAL,
        shipped_t=DECIMAL,
        activity_tkm=table_of(DECIMAL),
        baseline_kg=DECIMAL,
        actual_kg=DECIMAL,
        expected_kg=DECIMAL,
        credited_kg=DECIMAL,
        primary_credited_kg=DECIMAL,
        whole=_WHOLE,
        restatements=COUNT,
        transferred_kg=DECIMAL,
        retired_kg=DECIMAL,
        available_kg=DECIMAL,
        percentile=or_null(COUNT),
        peers=COUNT,
        colour=TEXT,
        colour_scale=TEXT,
        tree_size=or_null(COUNT),
        root=or_null(HASH),
        sealed_seq=or_null(COUNT),
    ),
)
_BOUND = answer(
    ("lots_without_error_sources", "lots", "boundary", "expected_g", "standard_uncertainty_g", "lower_90_g",
     "credited_lot_by_lot_g", "largest_sources"),
    bounded={**FLAG, "description": "false where lots keep no error sources; then there are no grams"},
    lots_without_error_sources=COUNT,
    lots=COUNT,
    boundary=TEXT,
    expected_g=GRAMS,
    standard_uncertainty_g=GRAMS,
    lower_90_g=GRAMS,
    credited_lot_by_lot_g=GRAMS,
    largest_sources=list_of(answer(input=TEXT, share_of_variance=NUMBER)),
)  # fmt: skip
SAVINGS = answer(
    items=list_of(
        record_with(CityAmounts, keys=table_of(TEXT), labels_zh=list_of(TEXT), labels_en=list_of(TEXT)),
    ),
    whole=_BOUND,
)
