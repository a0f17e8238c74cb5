"""The auditor's way down: from a total to its entries, to the lot, and the lot computed again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock, Thread

from optimizer.access.user import User
from optimizer.accounts.audit.settlements import inputs_match_evidence, settlements_recompute
from optimizer.accounts.books import AuditView, Books
from optimizer.accounts.calculation import CalculationRun, LotResult, calculate
from optimizer.accounts.corrections import standing_entries
from optimizer.accounts.lot_entry import LotEntry
from optimizer.accounts.settlement import review
from optimizer.actions.auditing import audit
from optimizer.actions.releasing import factors_of_run
from optimizer.actions.waybill_views import WaybillFile, waybill_file
from optimizer.emissions.factors import FactorTable
from optimizer.errors import Message, ModalshiftError
from optimizer.network.model import Network
from optimizer.store.engine import Store
from optimizer.store.evidence_files import EvidenceFiles
from optimizer.store.session import Session
from optimizer.waybills.finding import Finding


def lot_entries(
    store: Store, filters: Mapping[str, str], after_seq: int = 0, limit: int | None = None
) -> list[LotEntry]:
    """The entries behind a total, in order of their numbers. ``filters``: month, county, cargo, corridor, enterprise
    and number, each with the key of a group; other names are no restriction."""
    with store.read() as session:
        return session.lot_entries.page(_chosen(session, filters), after_seq, limit)


def lot_passages(store: Store, filters: Mapping[str, str]) -> dict[tuple[str, str, str], int]:
    """(mode, from, to) -> kg that travelled so, of the entries behind a total; filters as for :func:`lot_entries`."""
    with store.read() as session:
        return session.lot_entries.passages(_chosen(session, filters))


def _chosen(session: Session, filters: Mapping[str, str]) -> dict[str, object]:
    chosen: dict[str, object] = {
        name: filters[name] for name in ("month", "cargo", "corridor", "enterprise", "number") if filters.get(name)
    }
    if filters.get("county"):
        parties = session.parties().values()
        chosen["consignors"] = {party.party_id for party in parties if party.county_en == filters["county"]}
    return chosen


@dataclass(frozen=True, slots=True)
class Recomputation:
    """A lot's run computed again from its stored inputs. ``result`` is None where that failed, ``failure`` says why.
    ``findings``: what the audit says of this lot's entries. ``evidence_compared``: whether that includes the inputs
    beside those that waybill and events give today; it takes the network and factors of the run."""

    run: CalculationRun
    result: LotResult | None
    failure: Message | None
    factors_version: str
    evidence_compared: bool
    findings: tuple[Finding, ...]

    @property
    def equal(self) -> bool:
        """Whether every figure is the recorded one, and nothing else was found."""
        return self.result == self.run.result and not self.findings


def recompute_lot(
    store: Store, user: User, number: str, lot_no: int, network: Network, factors: FactorTable
) -> Recomputation | None:
    """Compute the run that stands for a lot again, as the audit does; None where the lot has no run.

    Raises UnknownRecordError for a waybill that is not there or not for this user.
    """
    found = waybill_file(store, user, number)
    run = found.run_of(lot_no)
    if run is None:
        return None
    result, failure, table = None, None, factors
    try:
        with store.read() as session:
            table = factors_of_run(session, run, factors)
        result = calculate(run.inputs, table)
    except ModalshiftError as error:
        failure = error.message
    except ValueError as error:
        failure = Message(str(error), str(error))
    findings = _findings(store, found, lot_no, network, factors)
    compared = (run.network_version, run.factors_version) == (network.version, factors.version)
    return Recomputation(run, result, failure, table.version, compared, findings)


def _findings(
    store: Store, found: WaybillFile, lot_no: int, network: Network, factors: FactorTable
) -> tuple[Finding, ...]:
    """The two checks that recompute, on this lot and the waybills that decide about it."""
    number = found.waybill.number
    with store.read() as session:
        around = session.neighbourhood({number}) | {number}
        view = AuditView(
            Books(
                waybills=session.waybills(around),
                events=session.events(around),
                documents=(),
                runs={run.run_id: run for run in found.runs},
                accounts={},
                stored=[item for item in session.stored_transactions([number]) if item.transaction.lot_no == lot_no],
                periods=session.periods(),
                network=network,
                factors=factors,
                kept_factors=session.kept_factor_tables()[0],
            ),
            review(session.waybills(around), session.events(around), [number]),
            {key: entry for key, entry in standing_entries(found.transactions).items() if key == (number, lot_no)},
            (),
        )
    return (*settlements_recompute(view), *inputs_match_evidence(view))


class FindingsDesk:
    """The audit's findings, found once and again only after something was recorded. Threads may share it.

    The whole audit reads everything: a page that is filtered and turned must not pay that each time.
    """

    def __init__(
        self, store: Store, network: Network, factors: FactorTable, evidence: EvidenceFiles | None = None
    ) -> None:
        self._store, self._network, self._factors, self._evidence = store, network, factors, evidence
        self._lock = Lock()
        self._mark: tuple[int, int] | None = None
        self._findings: list[Finding] = []
        self._running: Thread | None = None

    def findings(self) -> list[Finding]:
        """Every finding, in the order of the checks."""
        with self._lock:
            mark = self._present()
            if mark != self._mark:
                self._findings = audit(self._store, self._network, self._factors, self._evidence)
                self._mark = mark
            return list(self._findings)

    def found_within(self, seconds: float) -> list[Finding] | None:
        """The findings if they are known or found in time; else None, and the audit goes on in the background."""
        running = self._running
        if running is None or not running.is_alive():
            if self._mark is not None and self._mark == self._present():
                return self.findings()
            running = self._running = Thread(target=self.findings, daemon=True, name="audit")
            running.start()
        running.join(seconds)
        return None if running.is_alive() else self.findings()

    def forget(self) -> None:
        """Look at every row again when next asked."""
        with self._lock:
            self._mark = None

    def _present(self) -> tuple[int, int]:
        with self._store.read() as session:
            return session.last_seq(), session.last_event_seq()
