"""The city's totals are the sum of the settled lots, corrections in the month they are booked, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from sqlalchemy import Connection

from optimizer import actions
from optimizer.accounts.audit import codes
from optimizer.accounts.city import CITY_GROUPS, CityAmounts, CityGroup
from optimizer.accounts.ledger import Bucket, Ledger
from optimizer.accounts.totals import total
from optimizer.actions import auditing
from optimizer.actions.audit_city import CityAudit
from optimizer.actions.audit_parts import Package, Readers
from optimizer.errors import InputError
from optimizer.quantities import CHINA_TIME
from optimizer.store.city_exposures import CityExposureRows
from optimizer.store.city_rows import CityRows
from optimizer.store.engine import Store
from tests.store.test_corrections import dearer_diesel
from tests.waybills.world import world_factors, world_network, world_waybills

S1, S2 = world_waybills()
NOVEMBER = datetime(2026, 11, 20, 9, tzinfo=CHINA_TIME)


def grand_total(store: Store, **filters: str) -> CityAmounts:
    """All lots that pass the filters."""
    found = actions.city_totals(store, (), filters)
    return found[0].amounts if found else CityAmounts()


def test_totals_are_those_of_the_lots(settled: Store) -> None:
    """Kept sums and the fold of every waybill and event agree in every amount."""
    slow, quick = total(actions.savings(settled, "month")), grand_total(settled)
    names = ("lots", "mass_kg", "water_kgkm", "activity_kgkm", "baseline_g", "actual_g", "expected_g", "credited_g")
    for name in (*names, "cost_saved_fen"):
        assert getattr(quick, name) == getattr(slow, name), name
    assert quick.lots == 3


@pytest.mark.parametrize("group", CITY_GROUPS)
def test_every_grouping_has_the_keys_and_names_of_the_savings(settled: Store, group: CityGroup) -> None:
    """Month, county, cargo, corridor, enterprise: the same keys, and names in both languages."""
    network = world_network()
    rows = actions.city_totals(settled, (group,), network=network)
    slow = {row.key: row for row in actions.savings(settled, group)}
    assert [row.keys[0] for row in rows] == sorted(slow)
    for row in rows:
        assert row.amounts.credited_g == slow[row.keys[0]].credited_g
        if group != "corridor":  # savings name a corridor by its ids
            assert row.labels_zh == (slow[row.keys[0]].label_zh,)
            assert row.labels_en == (slow[row.keys[0]].label_en,)


def test_several_groupings_make_a_matrix_that_adds_up(settled: Store) -> None:
    """Month by enterprise: cells add up to the grand total."""
    cells = actions.city_totals(settled, ("month", "enterprise"))
    assert [row.keys for row in cells] == [("2026-10", "E1"), ("2026-10", "E2")]
    assert sum(row.amounts.credited_g for row in cells) == grand_total(settled).credited_g


def test_filters_choose(settled: Store) -> None:
    """By enterprise and by a span of months; a key that nobody has leaves nothing."""
    assert grand_total(settled, enterprise="E2").lots == 1
    assert grand_total(settled, month_from="2026-10", month_to="2026-10").lots == 3
    assert grand_total(settled, month_from="2026-11").lots == 0
    with pytest.raises(InputError):
        actions.city_totals(settled, ("colour",))  # type: ignore[arg-type]
    with pytest.raises(InputError):
        grand_total(settled, colour="red")


def test_a_reversal_counts_in_its_own_month(settled: Store) -> None:
    """October stays as it was stated, November takes the lot out; the claims of the accounts say the same."""
    before = grand_total(settled)
    actions.reverse(settled, S1.number, 2, "evidence fell away", NOVEMBER)
    october, november = grand_total(settled, month="2026-10"), grand_total(settled, month="2026-11")
    assert october == before
    assert (november.lots, november.mass_kg < 0, november.credited_g < 0) == (-1, True, True)
    with settled.read() as session:
        held = sum(
            amount
            for (account_id, ledger, bucket, _), amount in session.account_reader.all_balances().items()
            if ledger is Ledger.CLAIM and bucket is Bucket.AVAILABLE and not account_id.startswith("issuance.")
        )
    assert grand_total(settled).credited_g == held


def test_a_restatement_moves_the_difference(settled: Store) -> None:
    """Lots and tonnes stay, grams move in the open month; restated after a reversal the lot is back."""
    before = grand_total(settled)
    revised = dearer_diesel(settled)
    actions.restate(settled, S1.number, 2, "revised", world_network(), revised, NOVEMBER)
    november = grand_total(settled, month="2026-11")
    assert (november.lots, november.mass_kg, november.cost_saved_fen) == (0, 0, 0)
    assert november.actual_g != 0
    actions.reverse(settled, S1.number, 2, "evidence fell away", NOVEMBER)
    actions.restate(settled, S1.number, 2, "evidence is back", world_network(), world_factors(), NOVEMBER)
    assert grand_total(settled) == before


def test_kept_sums_and_the_entries_since_make_one_answer(settled: Store) -> None:
    """However far the sums reach, the answer is the same; folding block by block, or anew, changes nothing."""
    wanted = actions.city_totals(settled, ("month", "enterprise"))
    with settled.write() as session:
        session.forget_city_cells()
    assert actions.city_totals(settled, ("month", "enterprise")) == wanted
    while True:
        with settled.write() as session:
            if not session.keep_city_cells(block=2):
                break
        assert actions.city_totals(settled, ("month", "enterprise")) == wanted
    assert actions.keep_city_totals(settled) == 0
    assert actions.keep_city_totals(settled, anew=True) > 0
    assert actions.city_totals(settled, ("month", "enterprise")) == wanted


def test_the_audit_finds_a_sum_that_was_changed(settled: Store, raw: Connection) -> None:
    """A gram more in one cell, or a cell taken away, is a finding; folding anew mends it."""
    assert actions.audit(settled, world_network(), world_factors()) == []
    for statement in (
        "UPDATE city_cells SET credited_g = credited_g + 1 WHERE enterprise = 'E1'",
        "DELETE FROM city_cells WHERE enterprise = 'E2'",
    ):
        raw.exec_driver_sql(statement)
        assert codes(actions.audit(settled, world_network(), world_factors())) == {"city_totals_differ": 1}
        actions.keep_city_totals(settled, anew=True)
        assert actions.audit(settled, world_network(), world_factors()) == []


def test_the_bound_of_the_whole_is_kept_and_is_that_of_the_runs(settled: Store) -> None:
    """From kept sums as from the ledger: the bound of all standing runs, but for the rounding to mg; logged voyages
    stand together, everything else by its own name."""
    slow = actions.city_bound(settled).portfolio
    assert slow is not None
    for anew in (False, True):
        actions.keep_city_totals(settled, anew=anew)
        found = actions.city_whole(settled).portfolio
        assert found is not None
        assert (found.parts, found.expected_g, found.credited_g) == (slow.parts, slow.expected_g, slow.credited_g)
        assert found.lower_g == pytest.approx(slow.lower_g, abs=1)
        assert found.standard_g == pytest.approx(slow.standard_g, abs=1)
        named = [key for key, _ in found.largest if key != "logged:*"]
        assert named == [key for key, _ in slow.largest if not key.startswith("logged:")][: len(named)]


def test_a_reversal_takes_its_lots_error_sources_out(settled: Store) -> None:
    """What remains is bounded as if the lot had never been; nothing is left where all lots are reversed."""
    lots = settled_lots(settled)
    for number, lot_no in lots[:-1]:
        actions.reverse(settled, number, lot_no, "the ticket was forged", NOVEMBER)
        slow, found = actions.city_bound(settled).portfolio, actions.city_whole(settled).portfolio
        assert slow is not None
        assert found is not None
        assert found.lower_g == pytest.approx(slow.lower_g, abs=1)
    actions.reverse(settled, *lots[-1], "the ticket was forged", NOVEMBER)
    whole = actions.city_whole(settled)
    assert (whole.portfolio, whole.unknown) == (None, 0)
    with settled.read() as session:
        assert session.kept_city_exposures() == session.folded_city_exposures() == {}


def settled_lots(store: Store) -> list[tuple[str, int]]:
    """The lots that stand."""
    with store.read() as session:
        return sorted(
            {(one.waybill_number, one.lot_no) for one in session.transactions() if one.kind.value == "SETTLE"}
        )


def test_the_audit_finds_a_kept_error_source_that_was_changed(settled: Store, raw: Connection) -> None:
    """Whoever makes an error smaller makes the bound larger: it is a finding, and folding anew mends it."""
    actions.keep_city_totals(settled)
    raw.exec_driver_sql("UPDATE city_exposures SET exposed_mg = exposed_mg / 2 WHERE source_key = 'weighed_mass'")
    assert codes(actions.audit(settled, world_network(), world_factors())) == {"city_exposures_differ": 1}
    actions.keep_city_totals(settled, anew=True)
    assert actions.audit(settled, world_network(), world_factors()) == []


def test_what_an_audit_reads_of_lots_makes_the_sums_of_the_ledger(
    settled: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one block or several, with and without corrections, all kept or some entries behind: cells and error sources
    of the fold, which is asked only where most entries are behind."""
    revised, number = dearer_diesel(settled), S1.number
    package = Package(world_network(), world_factors(), {revised.version: revised})
    steps: tuple[Callable[[], object], ...] = (
        lambda: None,
        lambda: actions.keep_city_totals(settled),
        lambda: actions.restate(settled, number, 2, "revised", world_network(), revised, NOVEMBER),
        lambda: actions.keep_city_totals(settled),
        lambda: actions.reverse(settled, number, 2, "the ticket was forged", NOVEMBER),
        lambda: actions.keep_city_totals(settled),
    )
    for correct in steps:
        correct()
        for block in (1, 1_000):
            monkeypatch.setattr(auditing, "BLOCK", block)
            with settled.read() as session, Readers(settled, session, package) as readers:
                city = CityAudit(session)
                auditing._recorded(session, readers, city)
                cells, sums = session.folded_city_cells(), session.folded_city_exposures()
                with monkeypatch.context() as patch:
                    patch.delattr(CityRows, "_city_fold")
                    patch.delattr(CityExposureRows, "exposures_between")
                    assert (city.folded_totals(), city.folded_exposures()) == (cells, sums)
                assert cells != {} != sums
                assert city.totals() == city.exposures() == []
    with settled.write() as session:
        session.forget_city_cells()
    with settled.read() as session, Readers(settled, session, package) as readers:
        city = CityAudit(session)
        auditing._recorded(session, readers, city)
        assert city.folded_totals() == city.folded_exposures() == {}
