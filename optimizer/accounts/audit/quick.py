"""The ledger read once, in order, by who only wants to know whether anything is wrong with it.

The checks of the audit work on records and name what they find; making a record of every row costs more than all
checking. Here rows are compared as they are stored. A row passes only where it is, byte for byte, what the checks would
accept; whatever is not is a doubt, and the checks look at it. So this may doubt too much and never too little (a test
mutates rows and compares the two).

What is equal is computed once: runs whose inputs differ in nothing but the lot have one recomputation, settlements of
equal runs between the same parties one set of lines. What is kept of the ledger grows by some hundred bytes a lot.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from hashlib import sha256 as digest_of
from json.encoder import encode_basestring
from typing import Any

from optimizer.accounts.audit.rows import (
    EntryRow,
    Lines,
    Place,
    RunRow,
    credit_rows,
    lines_text,
    quoted,
    reserved_rows,
)
from optimizer.accounts.calculation import LotInputs, LotResult, calculate
from optimizer.accounts.ledger import Kind, Period, account_of, booking_period, china_text
from optimizer.accounts.settlement import ISSUANCE
from optimizer.emissions.factors import FactorTable
from optimizer.errors import ModalshiftError
from optimizer.waybills.codec import from_json, sha256, to_json

_KEPT = 50_000
"""Most recomputations kept; a ledger whose lots are all different must not fill the memory."""

_PARTIES = re.compile(r'"consignee":(\{[^{}]*\}),"consignor":(\{[^{}]*\}),.*"operator":(\{[^{}]*\})')
_KINDS = frozenset(kind.value for kind in Kind)
_PLACES = frozenset({"reserved", "available", "retired"})
_LEDGERS = frozenset({"claim", "attribution", "activity", "energy"})


@dataclass(frozen=True, slots=True, eq=False)
class _Figures:
    """What a settlement posts of a run, and the text of its columns. Equal results share one object."""

    actual_wtw_g: int
    credited_wtw_g: int
    energy_saved_g: int
    activity: tuple[tuple[str, int], ...]
    columns: tuple[Any, ...]


@dataclass(slots=True)
class _Lot:
    """How far a lot has come."""

    open_estimates: int = 0
    last_id: str = ""
    last_period: str = ""
    credited_g: int = 0


@dataclass(slots=True)
class Doubts:
    """What the checks have to look at: everything (``ledger``), documents, or the lots of some waybills; and balances
    that differ: place, fold of the postings, what the database keeps."""

    ledger: bool = False
    documents: bool = False
    numbers: set[str] = field(default_factory=set)
    balances: list[tuple[Place, int, int]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return self.ledger or self.documents or bool(self.numbers) or bool(self.balances)


class QuickLedger:
    """Give it every waybill, then every run, then every entry in order; then ask for the :meth:`doubts`."""

    def __init__(self, accounts: Collection[str], periods: Sequence[Period], factors: FactorTable) -> None:
        self._accounts = frozenset(accounts)
        self._factors = factors
        ordered = sorted(periods, key=lambda item: item.last_seq)
        self._last_seqs = [item.last_seq for item in ordered]
        self._closed = [max(item.period for item in ordered[: place + 1]) for place in range(len(ordered))]
        self._doubts = Doubts()
        self._parties: dict[str, tuple[str, ...]] = {}
        self._runs: dict[str, tuple[str, int, _Figures]] = {}
        self._results: dict[bytes, str] = {}
        self._figures: dict[str, _Figures] = {}
        self._credits: dict[tuple[tuple[str, ...], _Figures], tuple[Lines, str]] = {}
        self._balances: dict[Place, int] = {}
        self._open: dict[str, tuple[str, int, int]] = {}
        self._lots: dict[tuple[str, int], _Lot] = {}
        self._part_resolved: dict[str, int] = {}
        self._place = 0

    # Waybills

    def waybill(self, number: str, content_sha256: str, document: str) -> None:
        """A waybill, versions of one number in order."""
        if sha256(document) != content_sha256:
            self._doubts.documents = True
        found = _PARTIES.search(document)
        if found is None or any(document.count(f'"{name}":{{') != 1 for name in ("consignee", "consignor", "operator")):
            self._parties.pop(number, None)
            self._doubts.numbers.add(number)
            return
        consignee, consignor, operator = found.groups()
        # As credit_lines does: each different party once, the consignor first.
        self._parties[number] = tuple(_party_account(text) for text in dict.fromkeys((consignor, consignee, operator)))

    # Runs

    def run(self, row: RunRow) -> None:
        """A calculation run: document and columns say the same, digests hold, and it recomputes to the same text."""
        figures = self._sound(row)
        if figures is None:
            self._doubts.documents = True
            self._doubts.numbers.add(row.number)
        else:
            self._runs[row.run_id] = (row.number, row.lot_no, figures)

    def _sound(self, row: RunRow) -> _Figures | None:
        document = row.document
        code, factors, network = (quoted(text) for text in (row.code_version, row.factors_version, row.network_version))
        head = f'{{"code_version":{code},"factors_version":{factors},"inputs":'
        middle = f',"inputs_sha256":"{row.inputs_sha256}","network_version":{network},"result":'
        tail = f',"result_sha256":"{row.result_sha256}","run_at":"{row.run_at}","run_id":"{row.run_id}"}}'
        split = document.find(middle)
        if split < 0 or not document.startswith(head) or not document.endswith(tail):
            return None
        inputs, result = document[len(head) : split], document[split + len(middle) : len(document) - len(tail)]
        named = f'["{row.inputs_sha256}","{row.result_sha256}",{factors},{network},{code}]'
        if (_hex(inputs), _hex(result), _hex(named)) != (row.inputs_sha256, row.result_sha256, row.run_id):
            return None
        if not self._recomputes(row, inputs, result):
            return None
        figures = self._figures_of(row.result_sha256, result)
        columns = (
            row.mass_kg,
            row.baseline_wtw_g,
            row.actual_wtw_g,
            row.expected_wtw_g,
            row.credited_wtw_g,
            row.energy_saved_g,
            row.tier,
            row.activity,
        )
        return figures if columns == figures.columns else None

    def _recomputes(self, row: RunRow, inputs: str, result: str) -> bool:
        """Whether the inputs, read as a record and calculated, give this text; with factors that are not at hand,
        whether both are canonical."""
        lot = f'"lot_no":{row.lot_no},'
        method = f'"method":{quoted(row.method)},'
        cut = inputs.find(f',"waybill_number":{encode_basestring(row.number)},"waybill_version":')
        if cut < 0 or inputs.count(lot) != 1 or method not in inputs or not inputs.endswith("}"):
            return False
        version = inputs[inputs.rindex(":") + 1 : -1]
        if not version.isdecimal() or inputs[cut:] != (
            f',"waybill_number":{encode_basestring(row.number)},"waybill_version":{version}}}'
        ):
            return False
        at_hand = row.factors_version == self._factors.version
        own = inputs[:cut].replace(lot, "") + ("" if at_hand else row.result_sha256)
        key = digest_of(own.encode()).digest()
        expected = self._results.get(key)
        if expected is None:
            try:
                read = from_json(LotInputs, inputs)
                expected = _hex(to_json(calculate(read, self._factors) if at_hand else from_json(LotResult, result)))
                sound = to_json(read) == inputs and read.lot_no == row.lot_no and read.waybill_number == row.number
            except (ModalshiftError, KeyError, TypeError, ValueError, ArithmeticError):
                return False
            if not sound:
                return False
            if len(self._results) >= _KEPT:
                self._results.clear()
            self._results[key] = expected
        return expected == row.result_sha256

    def _figures_of(self, result_sha256: str, result: str) -> _Figures:
        figures = self._figures.get(result_sha256)
        if figures is None:
            read: dict[str, Any] = json.loads(result)
            activity = tuple(sorted(read["activity_kgkm"].items()))
            names = ("mass_kg", "baseline_wtw_g", "actual_wtw_g", "expected_wtw_g", "credited_wtw_g", "energy_saved_g")
            columns = (*(read[name] for name in names), read["tier"], to_json(read["activity_kgkm"]))
            figures = _Figures(read["actual_wtw_g"], read["credited_wtw_g"], read["energy_saved_g"], activity, columns)
            if len(self._figures) >= _KEPT:
                self._figures.clear()
            self._figures[result_sha256] = figures
        return figures

    # Entries

    def entry(self, row: EntryRow, lines: Lines) -> None:
        """An entry with its postings in order of line."""
        self._place += 1
        wanted = self._wanted(row) if row.kind == "SETTLE" else None
        text = wanted[1] if wanted is not None and lines == wanted[0] else self._lines_text(lines)
        if text is None or row.seq != self._place or row.kind not in _KINDS or row.line_count != len(lines):
            self._doubts.ledger = True
            return
        memo = f",{encode_basestring(row.memo)}" if row.memo else ""
        content = (
            f'[{encode_basestring(row.transaction_id)},"{row.kind}",{encode_basestring(row.number)},{row.lot_no},'
            f"{quoted(row.method)},{encode_basestring(row.run_id or '')},{encode_basestring(row.resolves or '')},"
            f'"{row.effective_at}",[{text}]{memo}]'
        )
        last_closed = self._last_closed(row.seq)
        booked = _booked(row.effective_at, last_closed)
        if _hex(content) != row.content_sha256 or row.period != booked or not _booked(row.booked_at, ""):
            self._doubts.ledger = True
        self._move(lines)
        self._follow(row, lines, wanted)

    def _last_closed(self, seq: int) -> str:
        place = bisect_left(self._last_seqs, seq)
        return self._closed[place - 1] if place else ""

    def _lines_text(self, lines: Lines) -> str | None:
        """The postings as the digest has them; None where they are none that could pass."""
        for number, (line, ledger, _, account, bucket, counter, counter_bucket, amount) in enumerate(lines, start=1):
            known = account in self._accounts and counter in self._accounts and ledger in _LEDGERS
            if line != number or not known or bucket not in _PLACES or counter_bucket not in _PLACES or not amount:
                return None
        return lines_text(lines) if lines else None

    def _wanted(self, row: EntryRow) -> tuple[Lines, str] | None:
        """The lines that the run of a settlement is worth, and their text."""
        run, parties = self._runs.get(row.run_id or ""), self._parties.get(row.number)
        if run is None or parties is None or run[:2] != (row.number, row.lot_no):
            return None
        found = self._credits.get((parties, run[2]))
        if found is None:
            figures = run[2]
            lines = credit_rows(
                parties, figures.credited_wtw_g, figures.actual_wtw_g, figures.activity, figures.energy_saved_g
            )
            if any(account not in self._accounts for account in (*parties, ISSUANCE.account_id)):
                return None
            found = (lines, lines_text(lines))
            if len(self._credits) >= _KEPT:
                self._credits.clear()
            self._credits[parties, run[2]] = found
        return found

    def _move(self, lines: Lines) -> None:
        balances, issuance = self._balances, ISSUANCE.account_id
        for _, ledger, part, account, bucket, counter, counter_bucket, amount in lines:
            key = (account, ledger, bucket, part)
            balances[key] = held = balances.get(key, 0) + amount
            other = (counter, ledger, counter_bucket, part)
            balances[other] = left = balances.get(other, 0) - amount
            if ledger == "claim" and ((held < 0 and account != issuance) or (left < 0 and counter != issuance)):
                self._doubts.ledger = True

    def _follow(self, row: EntryRow, lines: Lines, wanted: tuple[Lines, str] | None) -> None:
        """The chain of a lot: estimate, resolution, one settlement, corrections."""
        kind = row.kind
        if kind in ("TRANSFER", "RETIRE"):
            return
        lot = self._lots.setdefault((row.number, row.lot_no), _Lot())
        if kind == "ESTIMATE":
            self._open[row.transaction_id] = (row.number, row.lot_no, reserved_rows(lines))
            lot.open_estimates += 1
        elif kind in ("POST", "VOID"):
            self._resolve(row, lines, lot)
        elif kind == "SETTLE":
            if lot.last_id or wanted is None or lines != wanted[0]:
                self._doubts.numbers.add(row.number)
            self._stand(row, lot)
        else:
            # How much a correction moves hangs on what stood before: the checks look at such lots.
            self._doubts.numbers.add(row.number)
            if not lot.last_id or row.resolves != lot.last_id or row.period < lot.last_period:
                self._doubts.ledger = True
            self._stand(row, lot)

    def _resolve(self, row: EntryRow, lines: Lines, lot: _Lot) -> None:
        estimate = row.resolves or ""
        opened = self._open.get(estimate)
        if opened is None or opened[:2] != (row.number, row.lot_no):
            self._doubts.numbers.add(row.number)
            return
        left = self._part_resolved.pop(estimate, opened[2]) + reserved_rows(lines)
        if left:
            self._part_resolved[estimate] = left
        else:
            del self._open[estimate]
            lot.open_estimates -= 1

    def _stand(self, row: EntryRow, lot: _Lot) -> None:
        run = self._runs.get(row.run_id or "")
        lot.last_id, lot.last_period = row.transaction_id, row.period
        lot.credited_g = 0 if row.kind == "REVERSE" or run is None else run[2].credited_wtw_g

    # The end

    def doubts(self, kept: Mapping[Place, int]) -> Doubts:
        """What is left to look at. ``kept``: the balances that the database keeps, zeros left out."""
        for estimate in self._part_resolved:
            self._doubts.numbers.add(self._open[estimate][0])
        for (number, _), lot in self._lots.items():
            if lot.last_id and lot.open_estimates:
                self._doubts.numbers.add(number)
        issuance = ISSUANCE.account_id
        held_g = sum(
            amount
            for (account, ledger, bucket, _), amount in self._balances.items()
            if ledger == "claim" and bucket != "reserved" and account != issuance
        )
        if held_g != sum(lot.credited_g for lot in self._lots.values()):
            self._doubts.ledger = True
        for key in {*self._balances, *kept}:
            if self._balances.get(key, 0) != kept.get(key, 0):
                self._doubts.balances.append((key, self._balances.get(key, 0), kept.get(key, 0)))
        return self._doubts


def _hex(text: str) -> str:
    return digest_of(text.encode()).hexdigest()


@lru_cache(maxsize=65_536)
def _party_account(text: str) -> str:
    party = json.loads(text)
    return account_of(party["party_id"], party["domain"]).account_id


@lru_cache(maxsize=65_536)
def _booked(effective_at: str, last_closed: str) -> str:
    """The period of an entry; empty, which no period is, for a time that is not written as ours are."""
    try:
        moment = datetime.fromisoformat(effective_at)
        return booking_period(moment, last_closed) if china_text(moment) == effective_at else ""
    except (TypeError, ValueError):
        return ""
