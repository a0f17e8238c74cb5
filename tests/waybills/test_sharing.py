"""A plan's hulls are followed from place to place; every empty voyage is borne once."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from optimizer.planning.plan import OfferTerms, Voyage
from optimizer.waybills.sharing import empty_running, tours
from tests.waybills.world import voyage

PLACES = "ABCD"


def sail(hull: str, *way: str, vessel_class: str = "SMALL", fuel_g: int = 1000) -> list[Voyage]:
    """Voyages of a hull: ``AB`` loaded from A to B, ``ab`` the same way empty; named by hull and number."""
    made = []
    for day, step in enumerate(way, start=1):
        load_kg = 100_000 if step.isupper() else 0
        one = voyage(f"{hull}{day}", hull, load_kg, day)
        origin, destination = step.upper()
        made.append(
            replace(one, origin=origin, destination=destination, vessel_class=vessel_class, fuel_g=fuel_g + day)
        )
    return made


def loaded_of(voyages: list[Voyage]) -> dict[str, list[str]]:
    """The voyages that bear each tour, by each of them."""
    return {name: [one.voyage_id for one in tour.loaded] for name, tour in tours(voyages).items()}


def test_a_triangle_is_one_tour() -> None:
    """A > B loaded, B > C empty, C > A loaded: both cargoes bear the empty voyage."""
    found = tours(sail("H", "AB", "bc", "CA"))
    assert [one.voyage_id for one in found["H1"].loaded] == ["H1", "H3"]
    assert found["H1"].empties == ("H2",)
    assert found["H1"].borne_fuel_g + found["H3"].borne_fuel_g == 1002


def test_there_and_back_empty_is_borne_by_the_one_cargo() -> None:
    """The empty return belongs to nobody else."""
    found = tours(sail("H", "AB", "ba"))
    assert (found["H1"].borne_fuel_g, found["H1"].empties) == (1002, ("H2",))


def test_a_hull_that_is_back_begins_a_new_tour() -> None:
    """What it sails afterwards is not the first cargo's matter."""
    found = loaded_of(sail("H", "AB", "ba", "AC", "cd", "DA"))
    assert found == {"H1": ["H1"], "H3": ["H3", "H5"], "H5": ["H3", "H5"]}


def test_an_empty_round_belongs_to_the_tour_after_it_and_the_last_to_the_one_before() -> None:
    """No empty voyage is left without cargo to bear it."""
    found = tours(sail("H", "ab", "ba", "AB", "BA", "ac"))
    assert found["H3"].empties == ("H1", "H2", "H5")
    assert found["H3"].borne_fuel_g + found["H4"].borne_fuel_g == 1001 + 1002 + 1005


def test_what_a_hull_sails_empty_in_the_end_is_no_matter_of_its_first_cargo() -> None:
    """After two tours the way to the berth belongs to the second one."""
    found = tours(sail("H", "AB", "ba", "AB", "BA", "ac"))
    assert (found["H1"].borne_fuel_g, found["H1"].empties) == (1002, ("H2",))
    assert found["H3"].empties == found["H4"].empties == ("H5",)
    assert found["H3"].borne_fuel_g + found["H4"].borne_fuel_g == 1005


def test_hulls_without_cargo_are_borne_by_their_class() -> None:
    """And by all cargo where their class carries nothing."""
    busy = sail("H", "AB", "ba")
    idle = sail("I", "ab")
    other = sail("J", "ab", vessel_class="LARGE", fuel_g=500)
    found = tours([*busy, *idle, *other])
    assert found["H1"].idle_fuel_g == 1001 + 501
    assert found["H1"].borne_fuel_g == 1002 + 1001 + 501
    assert tours(idle) == {}


def test_idle_hulls_of_a_class_that_carries_are_no_matter_of_another_class() -> None:
    """Each class bears its own while it carries anything."""
    found = tours([*sail("H", "AB"), *sail("I", "ab"), *sail("J", "AB", vessel_class="LARGE")])
    assert (found["H1"].idle_fuel_g, found["J1"].idle_fuel_g) == (1001, 0)


def test_a_voyage_without_a_kilogram_carries_nothing() -> None:
    """Whatever it is called: it bears no empties, it is one."""
    weightless = [replace(one, load_kg=0) for one in sail("H", "AB")]
    found = tours([*weightless, *sail("I", "AB")])
    assert set(found) == {"I1"}
    assert found["I1"].idle_fuel_g == 1001


def test_empty_running_of_a_class_by_hand() -> None:
    """Loaded 1,001 g, empty 1,002 g over as many km; a carrier's sailing counts nowhere, empties without cargo have no
    ratio, and a hull that went nowhere no share of km."""
    fleet = sail("H", "AB", "ba")
    bought = [replace(one, market="offer", offer=OfferTerms("C1", 0.0, 1.0, 0)) for one in sail("S", "AB")]
    assert empty_running([*fleet, *bought]) == {"SMALL": (1002 / 1001, 0.5)}
    assert empty_running(sail("H", "ab")) == {"SMALL": (0.0, 1.0)}
    assert empty_running([replace(one, distance_km=0.0) for one in fleet]) == {"SMALL": (1002 / 1001, 0.0)}


def test_a_carriers_sailing_has_no_tour() -> None:
    """It is bought one by one; the empties of the plan's fleet are not its cargo's."""
    bought = [replace(one, market="offer", offer=OfferTerms("C1", 0.0, 1.0, 0)) for one in sail("S", "AB")]
    assert set(tours([*bought, *sail("H", "AB", "ba")])) == {"H1"}


WAYS = st.lists(
    st.tuples(st.sampled_from("HIJK"), st.sampled_from(PLACES), st.sampled_from(PLACES), st.booleans()), max_size=30
)


@given(WAYS)
def test_all_empties_of_a_plan_are_borne_to_the_gram(ways: list[tuple[str, str, str, bool]]) -> None:
    """Over all loaded voyages the parts sum to the fuel of all empty voyages, whatever the hulls do."""
    by_hull: dict[str, list[str]] = {}
    for hull, origin, destination, is_loaded in ways:
        step = origin + destination
        by_hull.setdefault(hull, []).append(step if is_loaded else step.lower())
    classes = {"H": "SMALL", "I": "SMALL", "J": "LARGE", "K": "LARGE"}
    voyages = [one for hull, way in by_hull.items() for one in sail(hull, *way, vessel_class=classes[hull])]
    found = tours(voyages)
    assert set(found) == {one.voyage_id for one in voyages if one.load_kg}
    if found:
        assert sum(tour.borne_fuel_g for tour in found.values()) == sum(o.fuel_g for o in voyages if not o.load_kg)
