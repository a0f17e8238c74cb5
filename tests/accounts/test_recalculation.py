"""Lots calculated straight from their stored text come to what the method comes to, to the last byte; and what is not
the text of inputs, or what the method refuses, has no answer."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.accounts.audit.element_amounts import EnergyRatios, Kind, Leg, Read, made
from optimizer.accounts.audit.elements_together import ElementsTogether
from optimizer.accounts.audit.logged_texts import Logged, LoggedTexts, Way, share_of, tour_share
from optimizer.accounts.audit.recalculation import LotRead, Recalculation, _texts
from optimizer.accounts.audit.results_together import FEWEST, results_together
from optimizer.accounts.audit.stored_inputs import InputsWriter
from optimizer.accounts.calculation import CalculationRun, LotInputs, calculate
from optimizer.accounts.lot_chain import ElementInput, VoyageShare
from optimizer.emissions.boundaries import Boundary
from optimizer.emissions.operations import Intensity
from optimizer.emissions.round_trip import RoundTrip
from optimizer.emissions.tour import RULE, LoadedVoyage, Tour
from optimizer.emissions.uncertainty import CONFIGS, ErrorKind, ErrorSource
from optimizer.errors import Message, ModalshiftError
from optimizer.network.model import Mode
from optimizer.waybills.codec import from_json, to_json
from tests.accounts.small_books import settled_books
from tests.waybills.world import world_factors

FACTORS = world_factors()
STRAIGHT = Recalculation(FACTORS)
BEFORE_TOURS = Path(__file__).parent / "runs_before_tours.jsonl"

NAMES = st.sampled_from(["QJ", "ZP", "衢江", 'a "quoted" place', "back\\slash", "tab\there"])
RATES = st.one_of(st.just(0.0), st.floats(1e-9, 5.0), st.sampled_from([0.5, 1e-05, 2.5e-7, 1e16]))
SHARES = st.one_of(st.sampled_from([0.0, 1.0]), st.floats(-1.0, 1.0))
MASSES = st.one_of(st.integers(1, 10**9), st.sampled_from([1, 3, 125_000, 10**15]))
DISTANCES = st.one_of(st.floats(0.0, 3_000.0), st.sampled_from([0.0, 0.1, 0.5, 318.7, 1e-05, 1e16]))
TIERS = st.sampled_from(["primary", "modelled", "default", "assumed"])


def sources(kinds: list[ErrorKind]) -> st.SearchStrategy[tuple[ErrorSource, ...]]:
    """Error sources of a few keys, so that elements share them with widths of their own."""
    keys = st.sampled_from(
        ["fuel_model:B", "combustion:Diesel", "weighed_mass", "logged:V1", "hub_energy", "detour:Road"]
    )
    rels = st.sampled_from([None, 0.0, 0.02, 0.25, 1e-05, 3.0])
    return st.lists(st.builds(ErrorSource, keys, st.sampled_from(kinds), rels, SHARES, SHARES), max_size=4).map(tuple)


WIDE = {ErrorKind.DEFAULT_INLAND_WATERWAY}
"""Lognormal: its own width must be a factor above zero, which the widths drawn here are not."""


def intensities(unit: str, version: str) -> st.SearchStrategy[Intensity]:
    """Intensities whose errors the version of the widths knows."""
    kinds = [kind for kind in CONFIGS[version].spreads if kind not in WIDE]
    ids = st.lists(st.sampled_from(["f1", "f2", 'f"3"']), max_size=3).map(tuple)
    co2 = st.one_of(st.none(), RATES)
    return st.builds(Intensity, st.just(unit), RATES, RATES, co2, RATES, TIERS, ids, sources(kinds), MESSAGES)


MESSAGES = st.just(Message("说明", 'how "it" is'))
ROUND_TRIPS = st.builds(RoundTrip, st.just("V9"), MASSES, MASSES, MASSES, MASSES)
TOURS = st.builds(
    lambda own, other, fuel_g, idle_g, empties: Tour(
        RULE,
        "V1",
        "B800",
        fuel_g,
        empties,
        (LoadedVoyage("V1", own), LoadedVoyage("V2", other)) if other else (LoadedVoyage("V1", own),),
        idle_g,
    ),
    MASSES,
    st.one_of(st.none(), MASSES),
    st.integers(0, 10**7),
    st.sampled_from([0, 0, 907_470]),
    st.sampled_from([("V3",), (), ("V3", "空航")]),
)


@st.composite
def logs(draw: st.DrawFn) -> VoyageShare:
    """A log of a voyage and a lot's part in it."""
    load_kg = draw(MASSES)
    own_kg = draw(st.one_of(st.just(load_kg), st.integers(1, load_kg)))
    ratio = draw(st.sampled_from([0.0, 0.25, 1e-05, 1 / 3]))
    voyage = draw(st.sampled_from(["V1", "V2", "航次"]))
    use = draw(st.sampled_from(["inland_waterway", "sea", "road"]))
    return VoyageShare(voyage, "Diesel", use, draw(st.integers(0, 10**8)), ratio, own_kg, load_kg)


@st.composite
def elements(draw: st.DrawFn, version: str) -> ElementInput:
    """A leg or a hub, by an intensity or a log, with what may stand beside it."""
    mode = draw(st.sampled_from(list(Mode)))
    log = draw(st.one_of(st.none(), logs())) if mode is not Mode.HUB else None
    unit = "t" if mode is Mode.HUB else "tkm"
    return ElementInput(
        mode=mode,
        route=draw(NAMES),
        mass_kg=draw(MASSES),
        distance_km=0.0 if mode is Mode.HUB else draw(DISTANCES),
        distance_basis="" if mode is Mode.HUB else draw(st.sampled_from(["actual", "sfd", "gcd"])),
        intensity=draw(intensities(unit, version)) if log is None else None,
        log=log,
        round_trip=draw(st.one_of(st.none(), ROUND_TRIPS)),
        gcd_km=draw(st.sampled_from([0.0, 0.0, 261.2, 1e-05])),
        tour=draw(st.one_of(st.none(), TOURS)),
    )


@st.composite
def lots(draw: st.DrawFn) -> LotInputs:
    """Inputs of a lot, of either version of the widths."""
    version = draw(st.sampled_from(sorted(CONFIGS)))
    chains = [tuple(draw(st.lists(elements(version), min_size=1, max_size=4))) for _ in range(2)]
    return LotInputs(
        method="shift-v1",
        boundary=Boundary.WTW_CO2E,
        uncertainty_version=version,
        waybill_number="MW1",
        waybill_version=draw(st.integers(1, 3)),
        lot_no=draw(st.integers(1, 20)),
        mass_kg=draw(MASSES),
        on=draw(st.dates(date(2026, 1, 1), date(2026, 12, 31))),
        baseline=chains[0],
        project=chains[1],
        budget=draw(st.booleans()),
    )


def answer(inputs: LotInputs) -> str | None:
    """What the method comes to, None where it refuses."""
    try:
        return to_json(calculate(inputs, FACTORS))
    except (ModalshiftError, KeyError, TypeError, ValueError, ArithmeticError):
        return None


@settings(max_examples=200, deadline=None)
@given(lots())
def test_straight_and_by_records_are_the_same_text(inputs: LotInputs) -> None:
    """Logs, tours, round trips, shared errors, widths of both versions, floats that print with an exponent: the same
    bytes, and the figures say what the text says; what the method refuses is refused."""
    found, expected = STRAIGHT(to_json(inputs).encode(), inputs.waybill_number, inputs.lot_no), answer(inputs)
    if expected is None:
        assert found is None
        return
    assert found is not None
    assert found.text.decode() == expected
    result = json.loads(expected)
    assert {name: value for name, value in found._asdict().items() if name in result} == {
        name: result[name] for name in found._fields if name in result
    }
    assert dict(found.activity) == result["activity_kgkm"] == json.loads(found.activity_text)


@settings(max_examples=100, deadline=None)
@given(st.lists(lots(), min_size=1, max_size=3))
def test_inputs_are_written_as_they_are_stored(several: list[LotInputs]) -> None:
    """What the auditor makes again from evidence and compares with the stored text is that text; lots that share an
    intensity share its words."""
    written = InputsWriter()
    for inputs in [*several, *several]:
        assert written(inputs).decode() == to_json(inputs)


def test_runs_of_before_and_of_now_come_to_what_they_came_to() -> None:
    """Runs that a former release stored, and those of the small books."""
    runs = [from_json(CalculationRun, line) for line in BEFORE_TOURS.read_text().splitlines()]
    runs += settled_books().runs.values()
    answered = 0
    for run in runs:
        inputs = run.inputs
        found = STRAIGHT(to_json(inputs).encode(), inputs.waybill_number, inputs.lot_no)
        assert (found.text.decode() if found else None) == answer(inputs)
        answered += found is not None
    assert answered >= 3


INPUTS = next(run.inputs for run in settled_books().runs.values() if any(item.log for item in run.inputs.project))
TEXT = to_json(INPUTS)


def in_pieces(straight: Recalculation, text: str, inputs: LotInputs) -> LotRead | None:
    """The text of inputs as it is read in pieces."""
    cut = text.encode().rfind(b',"waybill_number":')
    return straight.read_pieces(text.encode(), cut, inputs.lot_no, inputs.mass_kg)


@settings(max_examples=60, deadline=None)
@given(lots(), st.lists(MASSES, min_size=1, max_size=2), st.booleans())
def test_in_pieces_inputs_say_what_they_say_as_a_whole(inputs: LotInputs, masses: list[int], alike: bool) -> None:
    """A lot whose elements all weigh what it weighs is read in pieces as it is read whole; of others there may be no
    answer, and no other one."""
    straight = Recalculation(FACTORS)
    for mass_kg in masses:
        sides = [inputs.baseline, inputs.project]
        if alike:
            sides = [tuple(replace(item, mass_kg=mass_kg) for item in side) for side in sides]
        other = replace(inputs, mass_kg=mass_kg, baseline=sides[0], project=sides[1])
        text = to_json(other)
        whole, found = (
            straight.read(text.encode(), other.waybill_number, other.lot_no),
            in_pieces(straight, text, other),
        )
        assert found == whole if alike else found in (None, whole)
        assert in_pieces(straight, text, replace(other, lot_no=other.lot_no + 1)) is None
        assert in_pieces(straight, text, replace(other, mass_kg=other.mass_kg + 1)) is None


def test_a_mass_that_is_no_number_has_no_pieces() -> None:
    """A column may hold anything: a text, nothing, a float."""
    text, cut = TEXT.encode(), TEXT.encode().rfind(b',"waybill_number":')
    assert STRAIGHT.read_pieces(text, cut, INPUTS.lot_no, INPUTS.mass_kg) is not None
    for mass in ("1", None, float(INPUTS.mass_kg), -1, 0, 10**18):
        wrong: Any = mass
        assert STRAIGHT.read_pieces(text, cut, INPUTS.lot_no, wrong) is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"budget":true', '"budget": true'),
        ('"budget":true', '"budget":true,"extra":1'),
        ('"budget":true,', ""),
        ('"log":null', '"log":null,"tour":null'),
        ('"log":null', '"gcd_km":0.0,"log":null'),
        ('"distance_km":100.0', '"distance_km":100'),
        ('"distance_km":100.0', '"distance_km":1e2'),
        ('"unit":"t"', '"unit":"tkm"'),
        ('"kind":"fuel_model"', '"kind":"moonshine"'),
        ('"tier":"assumed"', '"tier":"assumed","why":""'),
        ('"mode":"Road"', '"mode":"Cart"'),
        ('"on":"2026-', '"on":"26-'),
        ('"boundary":"wtw_co2e"', '"boundary":"ttw_co2"'),
        ('"uncertainty_version":"', '"uncertainty_version":"x'),
        ('"own_kg":', '"own_kg":9'),
        ('"mass_kg":', '"mass_kg":-'),
        ('"empties":', '"empties" :'),
        ('"route":"', '"route":"\\u0041'),
        ("}", ""),
    ],
)
def test_a_text_that_is_not_that_of_inputs_has_no_answer(old: str, new: str) -> None:
    """Another spelling, a field too many or too few, a value that the method refuses: records decide then."""
    assert TEXT.count(old)
    changed = TEXT.replace(old, new, 1)
    found = STRAIGHT(changed.encode(), INPUTS.waybill_number, INPUTS.lot_no)
    cut_read = in_pieces(STRAIGHT, changed, INPUTS)
    if old == '"budget":true,':
        assert found is not None
        assert b"exposures" not in found.text
        assert cut_read is not None
        assert not cut_read.budget
        return
    assert found is None
    assert cut_read is None


def test_inputs_of_another_lot_have_no_answer() -> None:
    """They are asked for under the name of the row that they stand in."""
    text = TEXT.encode()
    assert STRAIGHT(text, INPUTS.waybill_number, INPUTS.lot_no) is not None
    assert STRAIGHT(text, "MW2", INPUTS.lot_no) is None
    assert STRAIGHT(text, INPUTS.waybill_number, INPUTS.lot_no + 1) is None


def test_a_tour_beside_an_intensity_is_read_too() -> None:
    """The energy of the leg does not hang on it, and yet it must be one."""
    legs = INPUTS.project
    tour = next((item.tour for item in legs if item.tour is not None), None)
    assert tour is not None
    with_tour = tuple(replace(item, tour=tour) if item.log is None else item for item in legs)
    text = to_json(replace(INPUTS, project=with_tour))
    assert STRAIGHT(text.encode(), INPUTS.waybill_number, INPUTS.lot_no) is not None
    broken = text.replace(f'"rule":"{RULE}"', '"rule":"none"', 1)
    assert STRAIGHT(broken.encode(), INPUTS.waybill_number, INPUTS.lot_no) is None


@settings(max_examples=60, deadline=None)
@given(lots(), st.lists(MASSES, min_size=1, max_size=3))
def test_lots_that_differ_in_their_mass_alone_are_told_apart(inputs: LotInputs, masses: list[int]) -> None:
    """What was read of one lot's elements answers for the next lot's: with its own mass, in no other spelling."""
    straight = Recalculation(FACTORS)
    for mass_kg in masses:
        baseline, project = (
            tuple(replace(item, mass_kg=mass_kg) for item in side) for side in (inputs.baseline, inputs.project)
        )
        other = replace(inputs, baseline=baseline, project=project)
        text, expected = to_json(other), answer(other)
        found = straight(text.encode(), other.waybill_number, other.lot_no)
        assert (found.text.decode() if found else None) == expected
        for spelt in (
            f"0{mass_kg}",
            f"{mass_kg}.0",
            f"{mass_kg}e0",
            f"+{mass_kg}",
            f"-{mass_kg}",
            f" {mass_kg}",
            "",
            "²",
        ):
            changed = text.replace(f'"mass_kg":{mass_kg},"mode"', f'"mass_kg":{spelt},"mode"')
            assert changed != text
            assert straight(changed.encode(), other.waybill_number, other.lot_no) is None


@settings(max_examples=60, deadline=None)
@given(lots(), st.permutations(["V1", "V2", "航次", "logged:V1"]))
def test_what_voyages_are_called_does_not_decide_about_other_lots(inputs: LotInputs, names: list[str]) -> None:
    """Lots of one shape whose voyages have other names, in another order of the alphabet: each as the method has it."""
    straight, renamed = Recalculation(FACTORS), dict(zip(["V1", "V2", "航次"], names, strict=False))

    def sailed(item: ElementInput) -> ElementInput:
        log = item.log and replace(item.log, voyage_id=renamed[item.log.voyage_id])
        return replace(item, log=log)

    other = replace(inputs, baseline=tuple(map(sailed, inputs.baseline)), project=tuple(map(sailed, inputs.project)))
    for one in (inputs, other, inputs):
        found = straight(to_json(one).encode(), one.waybill_number, one.lot_no)
        assert (found.text.decode() if found else None) == answer(one)


@given(st.lists(st.one_of(st.floats(), st.floats(-1e9, 1e9), st.integers(-(10**17), 10**17).map(float)), min_size=1))
def test_numbers_are_written_as_a_canonical_text_has_them(numbers: list[float]) -> None:
    """However small or large, or none at all: as Python's own encoder writes each."""
    assert _texts(numbers) == [repr(number) for number in numbers]


@given(TOURS)
def test_what_a_voyage_bears_of_its_tour_is_read_as_the_record_has_it(tour: Tour) -> None:
    """Of a tour of one loaded voyage; any other is a record's affair."""
    found = tour_share(to_json(tour).encode())
    assert found == (share_of(tour) if len(tour.loaded) == 1 else None)


ALONE = to_json(Tour(RULE, "V1", "B800", 5, ("V3",), (LoadedVoyage("V1", 7),), 3))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('[["V1",7]]', '[["V2",7]]'),
        ('[["V1",7]]', '[["V1",0]]'),
        ('[["V1",7]]', '[["V1",07]]'),
        ('[["V1",7]]', '[["V1",7.0]]'),
        ('[["V1",7]]', "[]"),
        (RULE, "none"),
        ('"idle_fuel_g":3', '"idle_fuel_g":-3'),
        ('"idle_fuel_g":3', '"idle_fuel_g": 3'),
        ('"V3"', '"\\u0041"'),
        ('"V3"', '"V3",'),
        ("}", ',"why":""}'),
    ],
)
def test_a_text_that_is_not_that_of_a_tour_has_no_share(old: str, new: str) -> None:
    """Another voyage, nothing carried, another rule, another spelling: records refuse it."""
    assert tour_share(ALONE.encode()) == (8, "B800")
    changed = ALONE.replace(old, new, 1)
    assert changed != ALONE
    assert tour_share(changed.encode()) is None


LOGGED_TEXT = next(to_json(item) for item in INPUTS.project if item.log)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"load_kg":', '"load_kg":0'),
        ('"empty_fuel_ratio":', '"empty_fuel_ratio":0'),
        ('"distance_km":', '"distance_km":0'),
        ('"intensity":null', '"gcd_km":0.0,"intensity":null'),
        ('"intensity":null', '"gcd_km":1e2,"intensity":null'),
        ('"distance_basis":"', '"distance_basis":"x'),
        ('"mode":"', '"mode":"x'),
        ('"use":"', '"use":"\\t'),
        ('"route":"', '"route":"\x01'),
    ],
)
def test_a_text_that_is_not_that_of_a_logged_element_is_not_read(old: str, new: str) -> None:
    """Another spelling of a number or a name, a place in a word that nobody writes: records decide."""
    read, head = LoggedTexts(lambda text: share_of(from_json(Tour, text))), len('{"distance_basis":')
    mass = str(INPUTS.mass_kg).encode()
    assert read(LOGGED_TEXT.encode()[head:], mass) is not None
    assert read(LOGGED_TEXT.encode()[head:], mass + b"0") is None
    changed = LOGGED_TEXT.replace(old, new, 1)
    assert changed != LOGGED_TEXT
    assert read(changed.encode()[head:], mass) is None


def carried(inputs: LotInputs, masses: list[int]) -> list[LotRead]:
    """The same lot with other masses and on other voyages, as read; what the method refuses left out."""
    listed = []
    for number, mass_kg in enumerate(masses):
        sides = []
        for side in (inputs.baseline, inputs.project):
            legs = [replace(item, mass_kg=mass_kg) for item in side]
            sides.append(
                tuple(
                    item if item.log is None else replace(item, log=replace(item.log, voyage_id=f"V{number}"))
                    for item in legs
                )
            )
        other = replace(inputs, mass_kg=mass_kg, baseline=sides[0], project=sides[1])
        read = STRAIGHT.read(to_json(other).encode(), other.waybill_number, other.lot_no)
        if read is not None:
            listed.append(read)
    return listed


@settings(max_examples=40, deadline=None)
@given(lots(), st.lists(MASSES, min_size=FEWEST, max_size=FEWEST + 2))
def test_lots_together_come_to_what_each_comes_to(inputs: LotInputs, masses: list[int]) -> None:
    """However large or small their amounts, with zeros and logs among them: the same answer, or none."""
    read = carried(inputs, masses)
    for one, found in zip(read, results_together(read), strict=True):
        assert found is None or found == STRAIGHT.result(one)


def test_lots_of_one_shape_are_answered_together() -> None:
    """Of honest lots with errors none is left over; of a few alike none is answered."""
    read = carried(INPUTS, [100_000 + 977 * number for number in range(40)])
    assert len(read) == 40
    found = results_together(read)
    assert [one.text if one else b"" for one in found] == [
        one.text if one else b"x" for one in map(STRAIGHT.result, read)
    ]
    assert results_together(read[: FEWEST - 1]) == [None] * (FEWEST - 1)


def test_where_rounding_could_decide_about_a_gram_there_is_no_answer_together() -> None:
    """Without any width of an error the shortfall is nothing, and a whole gram lies at the edge: it is calculated by
    itself."""
    bare = replace(INPUTS, project=tuple(item for item in INPUTS.project if item.mode is Mode.HUB))
    read = carried(bare, [100_000 + number for number in range(FEWEST)])
    shape = read[0].shape._replace(sources=tuple(source._replace(down=0.0, up=0.0) for source in read[0].shape.sources))
    assert results_together([one._replace(shape=shape) for one in read]) == [None] * FEWEST


KIND = Kind(0, (1.0,), "", "")
TENTH = (0.1).as_integer_ratio()


def amounts(items: list[Read]) -> list[tuple[int, ...]]:
    """What elements come to side by side."""
    found = ElementsTogether(items, 1)
    columns = (found.wtw_g, found.co2_g, found.kgce_g, found.kgkm)
    return list(zip(*(column.tolist() for column in columns), strict=True))


@given(
    st.lists(st.tuples(st.integers(0, 10**6), st.floats(0, 5), st.floats(0, 5)), min_size=1),
    st.sampled_from([0.1, 0.5, 318.7]),
)
def test_amounts_near_a_half_round_as_the_exact_ratio_does(
    drawn: list[tuple[int, float, float]], distance_km: float
) -> None:
    """A tenth is a little more than a tenth as a float, so five tenths are a little more than a half, and their product
    as a float is a half: legs and logs side by side come to what each comes to."""
    ratio = distance_km.as_integer_ratio()
    legs: list[Read] = [
        (KIND, 10 * tens + 5, Leg(False, distance_km, *ratio, ttw, wtt, ttw, wtt, KIND)) for tens, ttw, wtt in drawn
    ]
    rates = EnergyRatios(TENTH, TENTH, ratio, (0.5).as_integer_ratio())
    logs: list[Read] = [
        (
            KIND,
            10 * tens + 5,
            Logged(
                Way("Road", "A>B", *ratio), "", "", "", 10 * tens + 5, 10 * tens + 25, tens / 1000 + 0.025, 0.0, None
            ),
            rates,
        )
        for tens, _, _ in drawn
    ]
    for items in (legs, logs):
        assert amounts(items) == [made(item)[:4] for item in items]


def test_five_tenths_are_more_than_a_half() -> None:
    """What floats alone would take for a half is none."""
    leg = Leg(False, 0.1, *TENTH, 0.0, 0.0, 0.0, 0.0, KIND)
    log = Logged(Way("Road", "A>B", *TENTH), "", "", "", 1, 1, 0.005, 0.0, None)
    carried, sailed = [(KIND, mass_kg, leg) for mass_kg in (5, 25)], (KIND, 5, log, EnergyRatios(*[TENTH] * 4))
    assert [kgkm for *_, kgkm in amounts([*carried])] == [1, 3]
    assert amounts([sailed]) == [(2, 1, 1, 1)] == [made(sailed)[:4]]
