"""Packing cargo into hulls, and cutting shipments into whole kilograms."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import product

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from optimizer.planning.shipment import Shipment
from optimizer.planning.voyages.lots import SMALL_LOT_KG, Cut, capacity_kg, cut_into_lots
from optimizer.planning.voyages.packing import Item, Stowage, stow
from tests.network.tiny import TINY_START, tiny_network
from tests.planning.solved import Case, lay_out

T = 1000

ITEMS = st.lists(st.tuples(st.integers(1, 900), st.booleans()), max_size=7).map(
    lambda pairs: [Item(key, mass_t * T, splittable) for key, (mass_t, splittable) in enumerate(pairs)]
)


def whole(*masses_t: float) -> list[Item]:
    """Items that must stay whole."""
    return [Item(key, round(mass_t * T), splittable=False) for key, mass_t in enumerate(masses_t)]


def aboard(stowage: Stowage) -> dict[int, list[int]]:
    """Pieces of each item."""
    found: dict[int, list[int]] = {}
    for hold in stowage.holds:
        for key, mass_kg in hold:
            found.setdefault(key, []).append(mass_kg)
    return found


@given(ITEMS, st.integers(0, 4))
def test_no_hull_is_overfull_and_no_kilogram_lost(items: list[Item], hulls: int) -> None:
    """Every item is aboard with its whole mass or ashore; what must stay whole is one piece."""
    stowage = stow(items, hulls, 800 * T)
    pieces = aboard(stowage)
    assert all(sum(mass_kg for _, mass_kg in hold) <= 800 * T for hold in stowage.holds)
    assert all(mass_kg > 0 for hold in stowage.holds for _, mass_kg in hold)
    for item in items:
        if item.key in stowage.ashore:
            assert item.key not in pieces
        else:
            assert sum(pieces[item.key]) == item.mass_kg
            assert item.splittable or len(pieces[item.key]) == 1


@given(ITEMS, st.integers(1, 4))
def test_what_may_be_split_finds_room_if_there_is_any(items: list[Item], hulls: int) -> None:
    """Ashore stays only what must be whole, or what is more than all the room."""
    stowage = stow(items, hulls, 800 * T)
    room_kg = hulls * 800 * T - sum(mass_kg for hold in stowage.holds for _, mass_kg in hold)
    by_key = {item.key: item for item in items}
    assert all(not by_key[key].splittable or by_key[key].mass_kg > room_kg for key in stowage.ashore)


@given(st.lists(st.integers(1, 10), max_size=6), st.integers(1, 3))
def test_whole_items_are_packed_whenever_they_can_be(masses_t: list[int], hulls: int) -> None:
    """Trying every placement by brute force finds a packing exactly where the packing leaves nobody ashore."""
    possible = any(
        all(sum(m for m, hull in zip(masses_t, places, strict=True) if hull == h) <= 10 for h in range(hulls))
        for places in product(range(hulls), repeat=len(masses_t))
    )
    assert (stow(whole(*masses_t), hulls, 10 * T).ashore == []) == possible


def test_first_fit_alone_would_leave_one_ashore() -> None:
    """5, 4, 4, 3, 2, 2 t into two hulls of 10 t: first fit decreasing fills 5+4 and 4+3+2 and has 2 t over."""
    stowage = stow(whole(5, 4, 4, 3, 2, 2), 2, 10 * T)
    assert stowage.ashore == []
    assert sorted(sorted(kg // T for _, kg in hold) for hold in stowage.holds) == [[2, 3, 5], [2, 4, 4]]


def test_the_largest_whole_item_that_fits_no_hull_stays_ashore() -> None:
    """Three of 300 t into two hulls of 500 t: the sum would fit, the third does not."""
    stowage = stow(whole(300, 300, 300), 2, 500 * T)
    assert stowage.ashore == [2]


def test_whole_items_go_first_and_the_others_around_them() -> None:
    """600 t whole and 900 t that may be split fill two hulls of 800 t as 600+200 and 700."""
    items = [Item(0, 900 * T, splittable=True), Item(1, 600 * T, splittable=False)]
    stowage = stow(items, 2, 800 * T)
    assert stowage.ashore == []
    assert sorted(aboard(stowage)[0]) == [100 * T, 800 * T]
    assert aboard(stowage)[1] == [600 * T]


def test_a_split_leaves_no_piece_of_a_few_kilograms() -> None:
    """800.2 t over two hulls of 800 t: a tonne in the second, not 200 kg."""
    stowage = stow([Item(0, 800_200, splittable=True)], 2, 800 * T)
    assert sorted(aboard(stowage)[0]) == [SMALL_LOT_KG, 800_200 - SMALL_LOT_KG]


def test_a_full_sailing_is_filled_to_the_last_kilogram_though_a_piece_be_small() -> None:
    """1,600 t exactly into two hulls beside a whole 799.9 t: the last 100 kg have no other place."""
    items = [Item(0, 800_100, splittable=True), Item(1, 799_900, splittable=False)]
    stowage = stow(items, 2, 800 * T)
    assert stowage.ashore == []
    assert sorted(aboard(stowage)[0]) == [100, 800_000]


def three_shipments(**changes: bool) -> Case:
    """Three times 400.001 t from the mill to the lower port."""
    ships = [
        Shipment(f"S{n}", "E1", "stone", 400_001, "MILL", "DOWN", TINY_START, TINY_START + timedelta(days=4))
        for n in range(3)
    ]
    return lay_out(tiny_network(), [replace(item, **changes) for item in ships])


def shares(case: Case, chosen: dict[int, float]) -> np.ndarray:
    """Shares of cargo columns."""
    x = np.zeros(case.program.cargo_count)
    for column, share in chosen.items():
        x[column] = share
    return x


def column(case: Case, shipment: int, vessel_class: str, nth: int = 0) -> int:
    """The n-th sailing of a class that a shipment can take."""
    return [c for c in case.cargo_columns(shipment) if case.family(c).vessel_class == vessel_class][nth]


def sailing(case: Case, number: int) -> tuple[int, int]:
    """The sailing of a cargo column."""
    return int(case.space.columns.family[number]), int(case.space.columns.slot[number])


def masses(cut: Cut, shipment: int) -> dict[bool, int]:
    """Kilograms of a shipment by water (True) and without a vessel of ours (False)."""
    found: dict[bool, int] = {}
    for part in cut.of(shipment):
        found[part.sailing is not None] = found.get(part.sailing is not None, 0) + part.mass_kg
    return found


def test_what_rounding_puts_too_much_aboard_goes_to_the_lot_on_the_road() -> None:
    """500 t of room for 400.001 t and a share of 99.9996 t: the split shipment's road lot takes the kilogram."""
    case = three_shipments()
    water = [column(case, k, "SMALL") for k in range(2)]
    road = case.cargo_columns(1, by_water=False)[0]
    share = 99_999.6 / 400_001
    cut = cut_into_lots(
        case.space, shares(case, {water[0]: 1.0, water[1]: share, road: 1 - share}), {sailing(case, water[0]): 1}
    )
    assert capacity_kg(case.space, sailing(case, water[0])) == 500_000
    assert masses(cut, 0) == {True: 400_001}
    assert masses(cut, 1) == {True: 99_999, False: 300_002}
    assert cut.ashore == set()


def test_without_a_lot_on_the_road_another_sailing_takes_the_surplus() -> None:
    """Two sailings of one shipment: what the first cannot carry sails with the second."""
    case = three_shipments()
    first, second = column(case, 0, "SMALL"), column(case, 0, "SMALL", 1)
    other = column(case, 1, "SMALL")
    chosen = {first: 0.5, second: 0.5, other: 1.0}
    hulls = {sailing(case, first): 1, sailing(case, second): 1}
    cut = cut_into_lots(case.space, shares(case, chosen), hulls)
    assert masses(cut, 0) == {True: 400_001}
    assert masses(cut, 1) == {True: 400_001}
    assert sorted(part.mass_kg for part in cut.of(0)) == [99_999, 300_002]


def test_a_truck_does_not_drive_for_a_kilogram() -> None:
    """Tolerance that puts 800.002 t on 800 t of room sends a whole tonne by road, and nobody else."""
    case = three_shipments()
    big = [column(case, k, "BIG") for k in range(2)]
    shallow = replace(
        case.space,
        ways=replace(
            case.space.ways,
            families=tuple(replace(f, capacity_t=f.capacity_t * 0.8) for f in case.space.families),
        ),
    )
    cut = cut_into_lots(shallow, shares(case, dict.fromkeys(big, 1.0)), {sailing(case, big[0]): 1})
    assert capacity_kg(shallow, sailing(case, big[0])) == 800_000
    assert [masses(cut, k) for k in range(2)] == [{True: 399_001, False: 1_000}, {True: 400_001}]


def shipped(*masses_kg: int, splittable: bool = True) -> Case:
    """Shipments of these masses from the mill to the lower port."""
    ships = [
        Shipment(f"S{n}", "E1", "stone", kg, "MILL", "DOWN", TINY_START, TINY_START + timedelta(days=4), splittable)
        for n, kg in enumerate(masses_kg)
    ]
    return lay_out(tiny_network(), ships)


def test_a_small_shipment_goes_ashore_for_a_small_part_of_a_large_one() -> None:
    """500 t and 300 kg ask for 500 t of room. The solver leaves 300 kg of the large one on the road; the small one goes
    there as a whole instead, and no truck takes a tonne along to be worth its while."""
    case = shipped(500_000, 300)
    water, road = [column(case, k, "SMALL") for k in range(2)], case.cargo_columns(0, by_water=False)[0]
    chosen = {water[0]: 1 - 300 / 500_000, road: 300 / 500_000, water[1]: 1.0}
    cut = cut_into_lots(case.space, shares(case, chosen), {sailing(case, water[0]): 1})
    assert [masses(cut, k) for k in range(2)] == [{True: 500_000}, {False: 300}]


def test_who_is_on_the_road_already_takes_a_little_more_of_himself() -> None:
    """One shipment has 300 kg by road and another 100 t: the second sends 300 kg more, not the first 700."""
    case = shipped(300_300, 300_000)
    water = [column(case, k, "SMALL") for k in range(2)]
    road = [case.cargo_columns(k, by_water=False)[0] for k in range(2)]
    chosen = {water[0]: 1 - 300 / 300_300, road[0]: 300 / 300_300, water[1]: 2 / 3, road[1]: 1 / 3}
    cut = cut_into_lots(case.space, shares(case, chosen), {sailing(case, water[0]): 1})
    assert [masses(cut, k) for k in range(2)] == [{True: 300_300}, {True: 199_700, False: 100_300}]


def test_nobody_is_split_anew_for_a_small_lot_of_another() -> None:
    """Whole or large shipments aboard stay there: a truck takes 700 kg more of the first along."""
    case = shipped(300_300, 199_000)
    water, road = [column(case, k, "SMALL") for k in range(2)], case.cargo_columns(0, by_water=False)[0]
    chosen = {water[0]: 1 - 300 / 300_300, road: 300 / 300_300, water[1]: 1.0}
    cut = cut_into_lots(case.space, shares(case, chosen), {sailing(case, water[0]): 1})
    assert [masses(cut, k) for k in range(2)] == [{True: 299_300, False: 1_000}, {True: 199_000}]


@given(
    st.lists(st.sampled_from([1, 300, 999, 100_000, 499_700, 700_001]), min_size=2, max_size=4),
    st.data(),
    st.integers(1, 2),
)
def test_making_room_for_small_lots_loses_nothing(masses_kg: list[int], data: st.DataObject, hulls: int) -> None:
    """Any shares of large and small shipments between one sailing and the road: mass is kept, room is respected, and a
    truck with less than a tonne has all of its shipment, or no lot of it aboard can spare what is missing."""
    case = shipped(*masses_kg)
    ways = [(column(case, k, "SMALL"), case.cargo_columns(k, by_water=False)[0]) for k in range(len(masses_kg))]
    parts_kg = [data.draw(st.integers(0, mass_kg)) for mass_kg in masses_kg]
    chosen = {
        way: kg / mass_kg
        for mass_kg, (water, road), part_kg in zip(masses_kg, ways, parts_kg, strict=True)
        for way, kg in ((water, part_kg), (road, mass_kg - part_kg))
    }
    cut = cut_into_lots(case.space, shares(case, chosen), {sailing(case, ways[0][0]): hulls})
    found = [masses(cut, k) for k in range(len(masses_kg))]
    assert [sum(by.values()) for by in found] == masses_kg
    assert sum(by.get(True, 0) for by in found) <= hulls * 500_000
    for by, mass_kg in zip(found, masses_kg, strict=True):
        road_kg = by.get(False, 0)
        if 0 < road_kg < SMALL_LOT_KG and road_kg < mass_kg:
            assert by[True] - (SMALL_LOT_KG - road_kg) < SMALL_LOT_KG


def test_a_shipment_that_must_stay_whole_leaves_as_a_whole() -> None:
    """The same surplus with unsplittable shipments: the first of them goes by road altogether."""
    case = three_shipments(splittable=False)
    big = [column(case, k, "BIG") for k in range(2)]
    shallow = replace(
        case.space,
        ways=replace(
            case.space.ways,
            families=tuple(replace(f, capacity_t=f.capacity_t * 0.8) for f in case.space.families),
        ),
    )
    cut = cut_into_lots(shallow, shares(case, dict.fromkeys(big, 1.0)), {sailing(case, big[0]): 1})
    assert [masses(cut, k) for k in range(2)] == [{False: 400_001}, {True: 400_001}]
    assert cut.ashore == {0}


def test_shares_below_the_solvers_tolerance_are_no_cargo() -> None:
    """A ten-millionth of a shipment on a sailing without hull makes no lot."""
    case = three_shipments()
    road = case.cargo_columns(0, by_water=False)[0]
    cut = cut_into_lots(case.space, shares(case, {road: 1.0, column(case, 0, "SMALL"): 1e-7}), {})
    assert masses(cut, 0) == {False: 400_001}


@given(st.lists(st.floats(0.0, 1.0), min_size=4, max_size=4).filter(lambda s: sum(s) > 1e-3), st.integers(0, 2))
def test_lots_always_re_add_and_never_exceed_the_hulls(parts: list[float], hulls: int) -> None:
    """Any shares and any number of hulls: mass is kept to the kilogram and room is respected."""
    case = three_shipments()
    ways = [*(column(case, 0, "SMALL", n) for n in range(3)), case.cargo_columns(0, by_water=False)[0]]
    chosen = {way: part / sum(parts) for way, part in zip(ways, parts, strict=True)}
    cut = cut_into_lots(case.space, shares(case, chosen), {sailing(case, ways[0]): hulls})
    assert sum(masses(cut, 0).values()) == 400_001
    for part in cut.parts:
        if part.sailing is not None:
            assert part.sailing == sailing(case, ways[0])
            assert part.mass_kg <= hulls * 500_000
