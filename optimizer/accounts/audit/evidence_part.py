"""Part of the settled lots: are their stored inputs, byte for byte, what their evidence gives today?

Making a record of every stored run to compare it with one costs more than making its inputs again and writing them
down. What differs in any byte is a doubt: ``inputs_match_evidence`` looks at its record. So this may doubt too much and
never too little.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from optimizer.accounts.audit.settlements import inputs_now
from optimizer.accounts.audit.stored_inputs import InputsWriter, Memo, StoredRun
from optimizer.accounts.books import AuditView
from optimizer.accounts.ledger import Kind, Transaction
from optimizer.emissions.operations import Intensity


def runs_in_doubt(view: AuditView, documents: Mapping[str, bytes]) -> set[str]:
    """Those runs of standing entries that have to be looked at. ``documents``: theirs, by id; a run that is not there
    cannot be in doubt."""
    desk = _Desk(view)
    return {
        entry.run_id
        for entry in view.standing.values()
        if entry.run_id in documents and desk.doubts(entry, documents[entry.run_id])
    }


class _Desk:
    """Makes and writes inputs of lots of one view."""

    def __init__(self, view: AuditView) -> None:
        self._view = view
        self._versions = view.books.factors.version, view.books.network.version
        self._known: Memo[Any, Intensity] = Memo()
        self._written = InputsWriter()

    def doubts(self, entry: Transaction, document: bytes) -> bool:
        waybill = self._view.books.waybills.get(entry.waybill_number)
        if waybill is None or entry.kind is Kind.REVERSE:
            return False
        try:
            stored = _DECODER.decode(document)
        except ValueError:
            return True
        if (stored.factors_version, stored.network_version) != self._versions:
            return False
        inputs = inputs_now(self._view, waybill, entry.lot_no, self._known)
        return inputs is not None and self._written(inputs) != bytes(stored.inputs)


_DECODER = msgspec.json.Decoder(StoredRun)
