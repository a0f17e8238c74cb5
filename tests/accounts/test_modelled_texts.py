"""Voyages without a log, written from the text of the first of their way, are what each is by itself."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.accounts.audit import inputs_again
from optimizer.accounts.audit.inputs_again import InputsAgain
from optimizer.accounts.audit.modelled_texts import ModelledText, Sailing, modelled_frame
from optimizer.accounts.audit.recalculation import Recalculation
from optimizer.accounts.lot_elements import Classes, voyage_element
from optimizer.accounts.voyages import SailedLeg, Voyages
from optimizer.emissions.tour import RULE, LoadedVoyage, Tour
from optimizer.emissions.uncertainty import UNCERTAINTY
from optimizer.network.model import WATER_MODES
from tests.waybills.world import world_factors, world_network, world_waybills

NETWORK, FACTORS = world_network(), world_factors()
LEG = next(leg for lot in world_waybills()[0].lots for leg in lot.legs if leg.mode in WATER_MODES)
NAMES = st.text('V1"\\,:{}é船', min_size=1, max_size=5)
TOURS = st.builds(
    lambda own, other, mine, others, fuel_g, idle_g: Tour(
        RULE,
        own,
        LEG.vehicle_class,
        fuel_g,
        (other,),
        (LoadedVoyage(own, mine), LoadedVoyage(f"{own}+", others)),
        idle_g,
    ),
    NAMES,
    NAMES,
    st.integers(1, 10**9),
    st.integers(1, 10**9),
    st.integers(0, 10**7),
    st.integers(0, 10**6),
)
SAILED = st.tuples(st.one_of(st.none(), TOURS), st.integers(1, 3_000_000), st.integers(1, 2_000_000))


def again() -> InputsAgain:
    """With the world's package."""
    return InputsAgain(NETWORK, FACTORS, Recalculation(FACTORS).chains(UNCERTAINTY.version))


@given(st.lists(SAILED, min_size=1, max_size=6))
def test_each_voyage_is_what_it_is_by_itself(several: list[tuple[Tour | None, int, int]]) -> None:
    """Whatever the load, the tour and the order in which voyages come: texts, shares and rates."""
    kept, classes = again(), Classes("bulk", NETWORK, FACTORS, LEG.planned_arrives_at.date(), {})
    for tour, load_kg, mass_kg in several:
        leg = replace(LEG, tour=tour, round_trip=None)
        sailed = SailedLeg(leg.voyage_id, leg.vehicle_class, mass_kg)
        voyages = Voyages({}, {leg.voyage_id: load_kg}, {})
        found = kept._modelled(leg, sailed, (classes, voyages), (None, tour), mass_kg)
        assert found == kept._carried(voyage_element(leg, sailed, mass_kg, voyages, classes))


def test_only_the_first_voyage_of_a_way_is_made_as_a_record(monkeypatch: pytest.MonkeyPatch) -> None:
    """The others are written from its text."""
    kept, classes, made = again(), Classes("bulk", NETWORK, FACTORS, LEG.planned_arrives_at.date(), {}), list[int]()

    def noted(leg, sailed, mass_kg, voyages, classes):  # type: ignore[no-untyped-def]
        made.append(mass_kg)
        return voyage_element(leg, sailed, mass_kg, voyages, classes)

    monkeypatch.setattr(inputs_again, "voyage_element", noted)
    for number in range(1, 6):
        tour = Tour(RULE, f"V{number}", LEG.vehicle_class, 900 * number, ("E",), (LoadedVoyage(f"V{number}", 7),))
        sailed = SailedLeg(LEG.voyage_id, LEG.vehicle_class, number)
        voyages = Voyages({}, {LEG.voyage_id: 1_000 * number}, {})
        kept._modelled(replace(LEG, tour=tour), sailed, (classes, voyages), (None, tour), number)
    assert made == [1]


def test_a_text_that_is_not_that_of_the_voyage_is_not_cut() -> None:
    """Another load, another tour or another number in it: nothing is written from it."""
    tour = Tour(RULE, "V1", LEG.vehicle_class, 90_000, ("E",), (LoadedVoyage("V1", 7),))
    leg, load_kg = replace(LEG, tour=tour, round_trip=None), 400_000
    sailed, voyages = SailedLeg(LEG.voyage_id, LEG.vehicle_class, 5), Voyages({}, {LEG.voyage_id: load_kg}, {})
    classes = Classes("bulk", NETWORK, FACTORS, LEG.planned_arrives_at.date(), {})
    carried = again()._carried(voyage_element(leg, sailed, 5, voyages, classes))
    assert carried.leg is not None
    text = ModelledText(carried.before, carried.after, carried.leg)
    sailing = Sailing(*classes.running(leg, LEG.vehicle_class, load_kg, (None, tour)), tour)
    rates = classes.rates(leg, LEG.vehicle_class)
    assert modelled_frame(text, sailing, rates) is not None
    for other in (
        (text, sailing._replace(load_t=399.0), rates),
        (text, sailing._replace(tour=replace(tour, empties=("F",))), rates),
        (text, sailing, replace(rates, kgce=rates.kgce * 2)),
        (text._replace(before=text.before.replace(b'"ttw_kg":', b'"ttw_kg":1')), sailing, rates),
        (text._replace(after=b"{}"), sailing, rates),
        (text._replace(leg=text.leg._replace(kgce=0.0)), sailing, rates),
    ):
        assert modelled_frame(*other) is None
