"""The 90 % bound of everything the city's accounts hold: all standing runs together."""

from __future__ import annotations

from optimizer.accounts.corrections import active_runs
from optimizer.accounts.lot_entry import sum_of
from optimizer.accounts.whole import Whole, whole_of, whole_of_sums
from optimizer.actions.city import keep_city_totals
from optimizer.store.engine import Store


def city_whole(store: Store) -> Whole:
    """The same as :func:`city_bound` of the newest entry, but for the rounding of error sources to mg, from kept sums
    that are brought up to date first. What is read are the sources that lots share (fuel models, factors, routes), and
    one sum over all logged voyages in the database; it names these together as ``logged:*``."""
    with store.read() as session:
        behind = session.city_behind()
    if behind:
        keep_city_totals(store)
    with store.read() as session:
        kept = [amounts for _, amounts in session.city_sums((), {})]
        total = sum_of([*kept, *session.city_cells_since().values()])
        return whole_of_sums(session.kept_city_sources(), total.lots, total.expected_g, total.credited_g)


def city_bound(store: Store, until_seq: int | None = None) -> Whole:
    """All lots that stand, bounded together (see ``emissions.portfolio``): what they are expected to have saved, the
    bound of that sum and the sum of their credits. ``until_seq``: as the ledger stood after that transaction, so that
    the answer about a past tree stays what it was. Reads every standing run: seconds for tens of thousands of lots.
    """
    with store.read() as session:
        entries = [one for one in session.transactions() if until_seq is None or one.seq <= until_seq]
        runs = sorted(active_runs(entries).values())
        return whole_of([(1, run_id) for run_id in runs], session.account_reader.run_parts(runs))
