"""Part of the settled lots: are their stored runs, byte for byte, what their evidence gives today?

What a run must be follows from the evidence of its lot: its inputs, and from these its result. Both are made here for
all lots of a block side by side, and the stored row is held against them: one comparison says that inputs, result,
digests and columns are right, and nothing is read out of the document. What does not come out equal (a waybill of a
later version, a lot restated with other factors, anything that is wrong) is read from its text as any other run
(``run_part``); where its inputs are not those of today, it is a doubt, and ``inputs_match_evidence`` looks at its
record. So this may doubt too much and never too little.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import NamedTuple

from optimizer.accounts.audit.inputs_again import Again, InputsAgain
from optimizer.accounts.audit.recalculation import Recalculated, Recalculation
from optimizer.accounts.audit.rows import RunRow
from optimizer.accounts.audit.run_part import PlacedRun, Recomputing, RunPlace, RunsListed, RunsRead, figures_of, says
from optimizer.accounts.audit.settlements import weighed_delivery
from optimizer.accounts.books import AuditView, StandingEntry
from optimizer.accounts.ledger import Kind, Transaction
from optimizer.emissions.factors import FactorTable
from optimizer.emissions.reduction import METHOD
from optimizer.emissions.uncertainty import UNCERTAINTY
from optimizer.errors import ModalshiftError
from optimizer.network.model import Network

MOST_SOURCES = 50_000
"""Error sources whose places are kept from block to block: of runs that are read as records, one for each voyage."""


class RunsHeld(NamedTuple):
    """``read``: the runs that belong to the entries that name them; ``doubted``: the ids of those whose record is to be
    looked at."""

    read: RunsRead
    doubted: set[str]


class _Held(NamedTuple):
    """A run that is named by a standing entry of a lot. ``own``: whether it says that it is of that lot; ``refused``:
    whether the data package has no inputs for what the evidence names."""

    entry: Transaction | StandingEntry
    place: RunPlace
    row: RunRow
    own: bool
    again: Again | None
    refused: bool


class RunsAgain:
    """Holds runs against what evidence gives, with one data package, block by block; what was made is kept."""

    def __init__(self, network: Network, factors: FactorTable, kept: Mapping[str, FactorTable]) -> None:
        self._network, self._factors = network, factors
        self._tables = {**kept, factors.version: factors}
        self._begin()

    def _begin(self) -> None:
        self._recomputing = Recomputing(self._tables)
        self._straight: Recalculation = self._recomputing.straight[self._factors.version]
        self._again = InputsAgain(self._network, self._factors, self._straight.chains(UNCERTAINTY.version))

    def __call__(self, view: AuditView, named: Iterable[PlacedRun], document_of: Callable[[RunRow], bytes]) -> RunsHeld:
        """``named``: the runs that standing entries name; ``document_of``: the text of what these have as
        their document. Only one of them is held at a time."""
        if self._recomputing.sums.count > MOST_SOURCES:
            self._begin()
        held, listed, doubted = list(self._held(view, named)), RunsListed(self._recomputing.sums), set[str]()
        others: list[_Held] = []
        for one, found in zip(held, self._results([one.again for one in held]), strict=True):
            again = one.again if one.own and one.row.method == METHOD else None
            if again is not None and found is not None and says(one.row, document_of(one.row), again.pieces, found):
                listed.sound(one.row, figures_of(found), found.places, found.moved_mg)
            else:
                others.append(one)
        for one, worth in zip(
            others,
            self._recomputing.sound([one.row._replace(document=document_of(one.row)) for one in others]),
            strict=True,
        ):
            if one.own:
                listed.worth(one.row, worth)
            differs = one.again is not None and sha256(one.again.text).hexdigest() != one.row.inputs_sha256
            if worth is None or one.refused or differs:
                doubted.add(one.row.run_id)
        return RunsHeld(listed.read([one.place for one in held if one.own]), doubted)

    def _held(self, view: AuditView, named: Iterable[PlacedRun]) -> Iterator[_Held]:
        by_id: dict[str, dict[RunPlace, RunRow]] = {}
        for place, row in named:
            by_id.setdefault(row.run_id, {})[place] = row
        voyages = view.reviewed.voyages
        for (number, lot_no), entry in view.standing.items():
            for place, row in by_id.get(entry.run_id, {}).items():
                again, refused, waybill = None, False, view.books.waybills.get(number)
                if waybill is not None and entry.kind is not Kind.REVERSE and self._of_today(row):
                    found = weighed_delivery(view, waybill, lot_no)
                    if found is not None:
                        try:
                            again = self._again(voyages, waybill, waybill.lot(lot_no), *found)
                        except (ModalshiftError, KeyError):
                            refused = True
                yield _Held(entry, place, row, (row.number, row.lot_no) == (number, lot_no), again, refused)

    def _of_today(self, row: RunRow) -> bool:
        """Whether a run names the network and the factors of today; only such runs are held against evidence."""
        return row.network_version == self._network.version and row.factors_version == self._factors.version

    def _results(self, made: Sequence[Again | None]) -> Iterator[Recalculated | None]:
        """What each comes to, None where there is nothing or that cannot be had without records."""
        read = [None if again is None else again.read for again in made]
        together = iter(self._recomputing.together([lot for lot in read if lot is not None]))
        for lot in read:
            yield None if lot is None else next(together) or self._straight.result(lot)
