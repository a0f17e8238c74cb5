"""What is answered of waybills, as JSON Schema: the document with states and bookings, events, calculation sheets."""

from __future__ import annotations

from optimizer.accounts.ledger import Posting, Transaction
from optimizer.accounts.sheet import SheetLine
from optimizer.emissions.factor import Factor
from optimizer.emissions.sensitivity import LoggingGain
from optimizer.store.waybill_lists import WaybillHeader
from optimizer.waybills.event import Event
from optimizer.waybills.lifecycle import DocumentStatus, LotState, TransportStatus
from optimizer.waybills.waybill import Waybill
from webapp.api.answers import (
    COUNT,
    DAY,
    ERRORS,
    FLAG,
    GRAMS,
    HASH,
    NUMBER,
    SENTENCE,
    TEXT,
    answer,
    list_of,
    named,
    record,
    record_with,
)

HEADER = record(WaybillHeader)
EVENT = record(Event, {"Evidence": "EvidenceOfEvent"})
RESULTS = answer(
    results=list_of(
        answer(
            ("event_id", "errors"),
            status={**TEXT, "enum": ["accepted", "known", "refused"]},
            event_id=TEXT,
            errors=ERRORS,
        )
    )
)
_POSTING = answer(**{name: COUNT if name == "amount" else TEXT for name in Posting._fields})
FILE = named(
    "WaybillFile",
    answer(
        waybill=record(Waybill),
        document_status=record(DocumentStatus),
        transport_status=record(TransportStatus),
        lots=list_of(record_with(LotState, missing=list_of(TEXT), findings=list_of(TEXT), settled=FLAG)),
        transactions=list_of(record_with(Transaction, postings=list_of(_POSTING))),
    ),
)
_INFLUENCE = answer(
    input=TEXT,
    kind=TEXT,
    share_of_variance=NUMBER,
    exposed_g=NUMBER,
    width_95=NUMBER,
    lognormal=FLAG,
    standard_g=NUMBER,
    shortfall_90_g=NUMBER,
    reason=SENTENCE,
)
SHEET = named(
    "CalculationSheet",
    answer(
        document=TEXT,
        waybill_number=TEXT,
        waybill_version=COUNT,
        lot_no=COUNT,
        run_id=HASH,
        method=TEXT,
        boundary=TEXT,
        versions=answer(
            factors=TEXT,
            factors_recomputed_with=TEXT,
            network=TEXT,
            code=TEXT,
            uncertainty=TEXT,
            inputs_sha256=HASH,
            result_sha256=HASH,
        ),
        mass_kg=COUNT,
        delivered_on=DAY,
        tier=TEXT,
        lines=list_of(record_with(SheetLine, optional=("tour_borne_fuel_g",), tour_borne_fuel_g=COUNT, wtw_g=GRAMS)),
        baseline_g=GRAMS,
        project_g=GRAMS,
        expected_g=GRAMS,
        standard_uncertainty_g=NUMBER,
        lower_90_g=NUMBER,
        credited_g=GRAMS,
        sensitivity=list_of(_INFLUENCE),
        logging_fuel=record_with(LoggingGain, gain_g=GRAMS),
        factors=list_of(record(Factor)),
    ),
)
