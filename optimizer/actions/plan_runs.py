"""Plans in the background: begin one, carry it out, stop it, accept what it made."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import NAMESPACE_URL, uuid5

from optimizer.access.user import User
from optimizer.actions.accepting import accept
from optimizer.actions.keeping import accepted_so_far, carried_shipments, issued_shipments
from optimizer.actions.planning import plan
from optimizer.actions.submitting import open_shipments, unknown_shipment
from optimizer.emissions.factors import FactorTable
from optimizer.errors import ConflictError, InputError, Message, ModalshiftError, UnknownRecordError
from optimizer.network.model import Network
from optimizer.planning.document import plan_from_json, plan_to_json
from optimizer.planning.offer import Offer
from optimizer.planning.plan import Plan
from optimizer.planning.run import PlanRun, RunProgress
from optimizer.planning.settings import PlanSettings
from optimizer.planning.watch import Progress
from optimizer.store.engine import Store
from optimizer.waybills.waybill import Waybill

TOLD_EVERY_S = 0.5
"""A sign of life is written down at most this often."""


def begin_plan(
    store: Store,
    settings: PlanSettings,
    shipment_ids: Sequence[str] | None,
    user: User,
    at: datetime,
    *,
    keep_accepted: bool = False,
    points: int = 0,
    offers: Sequence[Offer] = (),
) -> PlanRun:
    """Queue a plan of the named shipments, or of all that are still to be planned; ``keep_accepted``: around what has a
    waybill already; ``points`` above 0: a frontier of so many plans; ``offers``: carriers' sailings that it may take.

    Raises UnknownRecordError for an unknown id, InputError when there is nothing to plan, ConflictError when a named
    shipment is withdrawn or carried already.
    """
    with store.write() as session:
        entries = session.submitted(ids=shipment_ids)
        found = {entry.shipment.shipment_id for entry in entries}
        for shipment_id in shipment_ids or ():
            if shipment_id not in found:
                raise unknown_shipment(shipment_id)
        left = open_shipments(entries)
        if shipment_ids is not None and len(left) < len(found):
            taken = sorted(found - {shipment.shipment_id for shipment in left})
            listed = ", ".join(taken[:5]) + (" …" if len(taken) > 5 else "")
            raise ConflictError(
                Message(
                    f"已撤回或已有运单：{listed}。已撤回的重新提交即可；运单已作废的，请以新的货单号提交。",
                    f"Withdrawn or on a waybill already: {listed}. Submit what was withdrawn again, and what has a void"
                    " waybill under another id.",
                )
            )
        if not left:
            raise InputError(
                Message("没有待规划的货单；请先提交货单。", "There is nothing to plan; submit shipments first.")
            )
        ids = tuple(shipment.shipment_id for shipment in left)
        name = f"modalshift:plan:{user.user_id}:{at.isoformat()}:{len(ids)}"
        run = PlanRun(
            str(uuid5(NAMESPACE_URL, name)),
            user.user_id,
            "queued",
            settings,
            ids,
            at,
            keep_accepted=keep_accepted,
            points=points,
            sailings=len(offers),
        )
        session.add_run(run, offers)
    return run


def carry_out(
    store: Store,
    run_id: str,
    network: Network,
    factors: FactorTable,
    *,
    clock: Callable[[], float],
    now: Callable[[], datetime],
) -> None:
    """Make the plan of a queued run and keep it, or what went wrong; nothing is raised for a plan that fails.

    Whoever calls this may interrupt it (KeyboardInterrupt): the run then ends with the best plan so far. A run that
    another worker took is left alone.
    """
    with store.write() as session:
        if not session.take_run(run_id, now()):
            return
        run = session.run(run_id)
        assert run is not None
        shipments, offers = open_shipments(session.submitted(ids=run.shipment_ids)), session.run_offers(run_id)
    teller = Teller(store, run_id, clock)
    try:
        keep = accepted_so_far(store) if run.keep_accepted else None
        if keep is not None:
            shipments = [*carried_shipments(store, keep), *shipments]
        made = plan(shipments, network, factors, run.settings, clock=clock, tell=teller.tell, offers=offers, keep=keep)
        document, failure, last = _written(made), "", last_sign(made)
    except ModalshiftError as error:
        document, failure, last = None, f"{error.text('zh')}\n{error.text('en')}", None
    end(store, run_id, now(), document, failure, last)


def _written(made: Plan) -> str:
    """The document; a wish to stop that arrives now has what it asked for, and must not lose the plan."""
    while True:
        try:
            return plan_to_json(made)
        except KeyboardInterrupt:
            continue


def last_sign(made: Plan) -> RunProgress:
    """What lists show of a plan that is done: of the whole plan, what it keeps included, as its own page does. Signs on
    the way are of what is planned anew."""
    return RunProgress("write", made.objective_yuan, made.bound_yuan, made.gap, seconds=made.seconds)


def end(
    store: Store, run_id: str, at: datetime, document: str | None, failure: str, last: RunProgress | None = None
) -> None:
    """Keep the outcome, even when the wish to stop arrives this late; ``last``: its last sign of life."""
    while True:
        try:
            with store.write() as session:
                if last is not None:
                    session.note_progress(run_id, last)
                session.end_run(run_id, at, document=document, failure=failure)
            return
        except KeyboardInterrupt:
            continue


class Teller:
    """Writes signs of life down, and stops the plan when somebody asked for that."""

    def __init__(self, store: Store, run_id: str, clock: Callable[[], float]) -> None:
        self.store, self.run_id, self.clock, self.last = store, run_id, clock, float("-inf")

    def tell(self, progress: Progress) -> None:
        """Store how it stands, not more often than people look."""
        if self.clock() - self.last < TOLD_EVERY_S:
            return
        self.last = self.clock()
        sign = RunProgress(
            progress.stage,
            progress.incumbent_yuan,
            progress.bound_yuan,
            progress.gap,
            progress.columns,
            progress.seconds,
        )
        with self.store.write() as session:
            session.note_progress(self.run_id, sign)
            run = session.run(self.run_id)
        if run is not None and run.cancelled and not progress.stage.endswith("write"):
            raise KeyboardInterrupt


def cancel_plan(store: Store, run_id: str, at: datetime) -> None:
    """Ask a run to stop; one that has not begun ends at once. Raises UnknownRecordError."""
    with store.write() as session:
        run = session.run(run_id)
        if run is None:
            raise unknown_run(run_id)
        session.cancel_run(run_id)
        if run.state == "queued" and session.take_run(run_id, at):
            session.end_run(run_id, at, failure="开始前已取消。\nCancelled before it began.")


def end_cut_off_runs(store: Store, at: datetime) -> None:
    """End the runs of a worker that died; called by the only worker before it begins."""
    with store.write() as session:
        for run_id in session.runs_in_state("running"):
            session.end_run(
                run_id, at, failure="规划进程中断，请重新开始。\nThe planning process was cut off; begin again."
            )


def plan_of_run(store: Store, run_id: str) -> Plan:
    """The plan that a run made. Raises UnknownRecordError while there is none, and for a frontier, which is several."""
    with store.read() as session:
        run, document = session.run(run_id), session.run_document(run_id)
    if run is None or run.points or document is None:
        raise unknown_run(run_id)
    return plan_from_json(document)


def accept_run(
    store: Store, run_id: str, chosen: Collection[str] | None, network: Network, at: datetime
) -> list[Waybill]:
    """Accept what a run planned, all of it or the chosen shipments: issue their waybills.

    Raises as :func:`~optimizer.actions.accepting.accept`, UnknownRecordError for a chosen id that the plan lacks, and
    InputError where none is chosen.
    """
    made = plan_of_run(store, run_id)
    planned = {entry.shipment_id for entry in made.shipments}
    for shipment_id in chosen or ():
        if shipment_id not in planned:
            raise unknown_shipment(shipment_id)
    if chosen is not None:
        if not chosen:
            raise InputError(Message("没有选中任何货单；请至少选一票。", "No shipment is chosen; choose at least one."))
        # What it keeps and what was accepted before stay part of it: the next plan is made around this one.
        wanted = {*chosen, *(made.kept.shipments if made.kept is not None else ()), *issued_shipments(store)}
        kept = tuple(entry for entry in made.shipments if entry.shipment_id in wanted)
        made = replace(made, shipments=kept)
    with store.read() as session:
        shipments = [entry.shipment for entry in session.submitted(ids=[e.shipment_id for e in made.shipments])]
        parties = list(session.parties().values())
    return accept(store, made, shipments, parties, network, at)


def unknown_run(run_id: str) -> UnknownRecordError:
    """The error for a plan that does not exist, or is not there yet."""
    return UnknownRecordError(Message(f"没有计划 {run_id}。", f"There is no plan {run_id}."))
