"""Checks of settlements against the calculation runs that they name, run again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

from optimizer.accounts.audit.naming import entry_name, finding
from optimizer.accounts.books import AuditView
from optimizer.accounts.calculation import CalculationRun, LotInputs, calculate, inputs_of
from optimizer.accounts.corrections import SETTLING, Booking, restatement, reversal
from optimizer.accounts.ledger import (
    Kind,
    Transaction,
)
from optimizer.accounts.settlement import credit_lines
from optimizer.errors import Message, ModalshiftError
from optimizer.quantities import CHINA_TIME
from optimizer.waybills.codec import sha256, to_json
from optimizer.waybills.finding import Finding, lot_record
from optimizer.waybills.waybill import Waybill


def settlements_recompute(view: AuditView) -> Iterator[Finding]:
    """Every settlement and restatement names a run; running it again from its stored inputs gives the same grams, and
    these are the grams posted; a reversal takes back what stood (invariant 9)."""
    before: dict[tuple[str, int], list[Transaction]] = {}
    for entry in view.books.transactions:
        if entry.kind not in SETTLING:
            continue
        earlier = before.setdefault((entry.waybill_number, entry.lot_no), [])
        run = view.books.runs.get(entry.run_id)
        if run is None:
            yield finding("run_missing", entry_name(entry), "没有计算记录", "has no calculation run")
        else:
            if entry.kind is not Kind.REVERSE:
                yield from _recomputed(view, entry, run)
            waybill = view.waybill_of(run)
            if waybill is not None and not _posts_its_run(entry, earlier, waybill, run):
                yield finding(
                    "postings_differ_from_run",
                    entry_name(entry),
                    "分录与计算结果不符",
                    "posts other amounts than its calculation run",
                )
        earlier.append(entry)


def _posts_its_run(entry: Transaction, earlier: Sequence[Transaction], waybill: Waybill, run: CalculationRun) -> bool:
    booking = Booking(entry.effective_at, "", entry.memo)
    try:
        if entry.kind is Kind.SETTLE:
            return tuple(credit_lines(waybill, run.result)) == entry.postings
        if entry.kind is Kind.REVERSE:
            return reversal(earlier, booking).postings == entry.postings
        expected = restatement(earlier, waybill, run, booking)
    except ModalshiftError:
        return False
    return expected is not None and expected.postings == entry.postings


def _recomputed(view: AuditView, entry: Transaction, run: CalculationRun) -> Iterator[Finding]:
    books = view.books
    if sha256(to_json(run.inputs)) != run.inputs_sha256 or sha256(to_json(run.result)) != run.result_sha256:
        yield finding("run_changed", f"run {run.run_id}", "输入或结果与摘要不符", "differs from its digests")
    factors = books.factors_of(run)
    if factors is None:
        return  # Its factor set is not at hand; the digests above still hold inputs and result together.
    try:
        result = calculate(run.inputs, factors)
    except (ModalshiftError, ValueError) as error:
        yield finding("run_fails", f"run {run.run_id}", f"无法重算：{error}", f"cannot be run again: {error}")
        return
    if result != run.result:
        yield finding(
            "recomputes_differently",
            entry_name(entry),
            f"重算得 {result.credited_wtw_g} 克，账面 {run.result.credited_wtw_g} 克",
            f"recomputes to {result.credited_wtw_g} g, the run says {run.result.credited_wtw_g} g",
        )


def inputs_match_evidence(view: AuditView) -> Iterator[Finding]:
    """The inputs of a standing settlement are those that waybill, events and data package give today (same versions
    only)."""
    books = view.books
    for (number, lot_no), entry in view.standing.items():
        run = books.runs.get(entry.run_id)
        waybill = books.waybills.get(number)
        if run is None or waybill is None or entry.kind is Kind.REVERSE:
            continue
        if (run.network_version, run.factors_version) != (books.network.version, books.factors.version):
            continue
        try:
            inputs = inputs_now(view, waybill, lot_no)
        except (ModalshiftError, KeyError) as error:
            yield finding(
                "inputs_differ_from_evidence",
                lot_record(number, lot_no),
                f"现有事件所述，数据包中没有（{error}）；须更正事件",
                f"has events that name what the data package does not have ({error}); withdraw them and report anew",
            )
            continue
        if inputs is None:
            continue
        # A later version of the waybill may differ in what this lot does not rest on; what it rests on is compared.
        # So do the widths of errors: a run stands on the version it names.
        same = replace(
            inputs,
            waybill_version=run.inputs.waybill_version,
            uncertainty_version=run.inputs.uncertainty_version,
        )
        if same != run.inputs:
            differs = _difference(run, inputs.mass_kg)
            yield finding(
                "inputs_differ_from_evidence",
                lot_record(number, lot_no),
                f"结算所用输入与现有事件不符（{differs.zh}）；须重述",
                f"was settled on other inputs than now ({differs.en}); restate it",
            )


def inputs_now(view: AuditView, waybill: Waybill, lot_no: int) -> LotInputs | None:
    """The inputs that the evidence of a lot gives today, None for one that :func:`weighed_delivery` has none of."""
    found = weighed_delivery(view, waybill, lot_no)
    if found is None:
        return None
    mass_kg, on = found
    network, factors = view.books.network, view.books.factors
    return inputs_of(waybill, waybill.lot(lot_no), mass_kg, on, view.reviewed.voyages, network, factors)


def weighed_delivery(view: AuditView, waybill: Waybill, lot_no: int) -> tuple[int, date] | None:
    """What a lot weighed and on which day it was delivered, None for one that is not delivered and weighed
    (:func:`~optimizer.accounts.audit.lots.settled_lots_are_verified` reports it)."""
    found = view.plain.get((waybill.number, lot_no))
    if found is not None:
        return found[0], found[1].astimezone(CHINA_TIME).date()
    # A plain waybill has no state, and an entry may name a lot that it does not have.
    state = view.reviewed.states.get(waybill.number)
    for lot in state.lots if state is not None else ():
        if lot.lot_no == lot_no:
            if lot.weighed_mass_kg is None or lot.delivered_at is None:
                return None
            return lot.weighed_mass_kg, lot.delivered_at.astimezone(CHINA_TIME).date()
    return None


def _difference(run: CalculationRun, weighed_mass_kg: int) -> Message:
    if run.inputs.mass_kg != weighed_mass_kg:
        masses = f"{run.inputs.mass_kg} kg / {weighed_mass_kg} kg"
        return Message(masses, masses)
    return Message("航段、航次装载或燃油记录", "legs, voyage load or fuel log")
