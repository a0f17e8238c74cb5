"""Part of the settled lots: are their stored inputs, byte for byte, what their evidence gives today?

Making a record of every stored run to compare it with one costs more than making its inputs again and writing them
down; and unpacking its document costs more than digesting what was written. A run's columns name the digest of its
inputs, and that they say what its document says is what ``run_part`` finds out: it names the runs of which that does
not hold. What differs is a doubt: ``inputs_match_evidence`` looks at its record. So this may doubt too much and never
too little.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from hashlib import sha256
from typing import NamedTuple

from optimizer.accounts.audit.inputs_again import InputsAgain
from optimizer.accounts.audit.settlements import weighed_delivery
from optimizer.accounts.books import AuditView
from optimizer.accounts.ledger import Kind, Transaction


class RunDigest(NamedTuple):
    """What the columns of a run say: the digest of its inputs, what it was made with, and what it comes to (kg, g CO2e,
    g coal equivalent, and kg·km by mode as JSON)."""

    run_id: str
    inputs_sha256: str
    factors_version: str
    network_version: str
    number: str
    lot_no: int
    mass_kg: int
    baseline_wtw_g: int
    actual_wtw_g: int
    expected_wtw_g: int
    credited_wtw_g: int
    energy_saved_g: int
    activity: str


def runs_in_doubt(view: AuditView, digests: Mapping[str, RunDigest], unsound: Collection[str]) -> set[str]:
    """Those runs of standing entries that have to be looked at. ``digests``: theirs, by id; a run that is not there
    cannot be in doubt. ``unsound``: the runs whose columns do not say what their documents say."""
    desk = _Desk(view)
    return {
        entry.run_id
        for entry in view.standing.values()
        if entry.run_id in digests and (entry.run_id in unsound or desk.doubts(entry, digests[entry.run_id]))
    }


_FACTORS, _NUMBER = RunDigest._fields.index("factors_version"), RunDigest._fields.index("number")


class _Desk:
    """Makes and writes inputs of lots of one view."""

    def __init__(self, view: AuditView) -> None:
        self._view = view
        network, factors = view.books.network, view.books.factors
        self._versions = factors.version, network.version
        self._again = InputsAgain(view.reviewed.voyages, network, factors)

    def doubts(self, entry: Transaction, digest: RunDigest) -> bool:
        """Whether the inputs of today are others than those of the run."""
        waybill = self._view.books.waybills.get(entry.waybill_number)
        if waybill is None or entry.kind is Kind.REVERSE or digest[_FACTORS:_NUMBER] != self._versions:
            return False
        found = weighed_delivery(self._view, waybill, entry.lot_no)
        if found is None:
            return False
        text = self._again(waybill, waybill.lot(entry.lot_no), *found)
        return sha256(text).hexdigest() != digest.inputs_sha256
