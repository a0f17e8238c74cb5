"""iLEAP documents: valid by the published schemas and by the rules beyond them, and the same footprint when read
back."""

from __future__ import annotations

import copy
import csv
import io
import json
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer import actions
from optimizer.accounts.lot_chain import ElementInput
from optimizer.cli import cli
from optimizer.emissions.factor_files import FILE, ImportRules, import_factors
from optimizer.emissions.factors import load_factors
from optimizer.emissions.footprint import RateRules, compute, footprint_of, legs_of, read_chains
from optimizer.errors import InputError
from optimizer.exchange.decimals import decimal_text, read_decimal
from optimizer.exchange.ileap import Bundle, Element, Place, ShipmentFootprint, bundle_document, footprint_document
from optimizer.exchange.ileap_chains import chains_bundle, import_bundle
from optimizer.exchange.ileap_lots import basis_of, by_waybill, gcd_of, lots_bundle
from optimizer.exchange.ileap_plan import plan_bundle
from optimizer.exchange.ileap_rules import bundle_faults
from optimizer.exchange.pact import Issuer, envelope, opened
from optimizer.network.model import Mode
from optimizer.quantities import CHINA_TIME
from tests.accounts.small_books import FUEL_LOGS
from tests.emissions.footprint.sheet import ON, csv_text, footprints, row, total
from tests.waybills.world import (
    ISSUED_AT,
    LATER,
    all_events,
    parties,
    shipments,
    world_factors,
    world_network,
    world_plan,
)

SCHEMAS = os.environ.get("MODALSHIFT_ILEAP_SCHEMAS", "")
"""Directory of the JSON schemas that the SINE Foundation publishes; without it only our own rules are checked."""

FACTORS = load_factors()
AT = datetime(2026, 11, 1, 8, tzinfo=CHINA_TIME)
ISSUER = Issuer("Port", ("urn:x:port",), AT, AT, AT)
CHAIN = [
    row("A", 1, mass_t=20, distance_km=100, distance_basis="actual", factor_id="iww-motor-vessel-650-999-wtw"),
    row("A", 2, "hub", 20, energy_carrier="Electric", energy_amount=10, energy_unit="kWh", share="0.5"),
    row(
        "A",
        3,
        mass_t=20,
        distance_km="33.3",
        energy_carrier="Diesel",
        energy_amount="12.5",
        energy_unit="l",
        share="0.7",
        distance_basis="actual",
    ),
    row("B", 1, mass_t="0.087", distance_km=321, distance_basis="actual", factor_id="defra25-rail"),
    row("C", 1, mass_t=-5, distance_km=321, distance_basis="actual", factor_id="defra25-rail"),
]


def bundle_of(directory: Path, rows: list[dict[str, str]]) -> Bundle:
    """The shipments of a chains file."""
    source = directory / "source.csv"
    source.write_text(csv_text(rows), encoding="utf-8")
    legs = legs_of(read_chains(source).columns, FACTORS, ON, RateRules())
    return chains_bundle(legs, compute(legs), FACTORS, ON)


@pytest.fixture(scope="module")
def lots(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """The tiny world, settled."""
    store = actions.open_store(f"sqlite:///{tmp_path_factory.mktemp('books') / 'a.db'}")
    issued = actions.accept(store, world_plan(), shipments(), parties(), world_network(), ISSUED_AT)
    actions.record(store, all_events(issued, FUEL_LOGS), LATER)
    actions.settle(store, world_network(), world_factors(), LATER)
    with store.read() as session:
        found = by_waybill(session.runs(), session.waybills())
    store.close()
    bundle = lots_bundle(found, world_network(), world_factors())
    for one, lot in zip(bundle.footprints, found, strict=True):
        assert one.wtw_kg * 1000 == lot.run.result.actual_wtw_g
    for one, lot in zip(bundle.baseline, found, strict=True):
        assert one.wtw_kg * 1000 == lot.run.result.baseline_wtw_g
    return bundle


def test_an_estimated_distance_is_no_great_circle() -> None:
    """What the network estimates goes out as sfd with its great circle beside it; activity counts the sfd. The label
    ``gcd`` of waybills from before, for the same estimate, goes out as sfd too."""
    leg = ElementInput(Mode.ROAD, "MILL>PIT", 30_000, 13.0, "sfd", None, None, gcd_km=10.0)
    assert (basis_of(leg), gcd_of(leg)) == ("sfd", Decimal(10))
    old = replace(leg, distance_basis="gcd", gcd_km=0.0)
    assert (basis_of(old), gcd_of(old)) == ("sfd", Decimal(0))
    assert basis_of(replace(leg, mode=Mode.HUB, distance_basis="")) == "actual"
    place = Place("Quzhou", "CN")
    element = Element("E", "O", False, Decimal(30_000), Decimal(13), "sfd", Decimal(390), Decimal(1), Decimal(2), (),
                      place, place, gcd_km=Decimal(10))  # fmt: skip
    document = footprint_document(ShipmentFootprint("S", Decimal(30_000), (element,)))
    assert document["tces"][0]["distance"] == {"sfd": "13", "gcd": "10"}
    assert document["tces"][0]["transportActivity"] == "390"


def validate_by_schema(document: dict[str, Any]) -> None:
    """Against the published schemas, where they are at hand."""
    if not SCHEMAS:
        return
    for name, schema in (
        ("shipmentFootprints", "shipment-footprint"),
        ("baselineFootprints", "shipment-footprint"),
        ("tocs", "toc"),
        ("hocs", "hoc"),
        ("tad", "tad"),
    ):
        validator = jsonschema.Draft7Validator(json.loads((Path(SCHEMAS) / f"{schema}.json").read_text("utf-8")))
        for item in document.get(name, []):
            validator.validate(item)


def numbers_in(tree: Any) -> list[Any]:
    """Every JSON number of a document: there must be none."""
    if isinstance(tree, dict):
        return [number for item in tree.values() for number in numbers_in(item)]
    if isinstance(tree, list):
        return [number for item in tree for number in numbers_in(item)]
    return [tree] if isinstance(tree, int | float) and not isinstance(tree, bool) else []


def require_valid(bundle: Bundle) -> dict[str, Any]:
    """The document of a bundle, after every check."""
    document = json.loads(json.dumps(bundle_document(bundle)))
    assert [fault.text("en") for fault in bundle_faults(document, "x.json")] == []
    validate_by_schema(document)
    assert numbers_in(document) == []
    assert "null" not in json.dumps(document)
    return document


def test_chains_become_shipments(tmp_path: Path) -> None:
    """Failed chains stay out; sums are those of the footprint; a factor becomes a TOC, logged energy one of its own."""
    bundle = bundle_of(tmp_path, CHAIN)
    document = require_valid(bundle)
    result = footprints(tmp_path, CHAIN, FACTORS)
    assert [one.shipment_id for one in bundle.footprints] == ["A", "B"]
    for one in bundle.footprints:
        assert one.wtw_kg == Decimal(total(result, one.shipment_id)["co2e_wtw_kg"])
        assert one.activity_tkm == Decimal(total(result, one.shipment_id)["activity_tkm"])
    assert len(document["tocs"]) == 3
    assert len(document["hocs"]) == 1
    assert document["shipmentFootprints"][1]["tces"][0]["transportActivity"] == "27.927"


CHAINS = st.lists(
    st.tuples(
        st.booleans(),
        st.decimals("0.001", "5000", places=3),
        st.decimals("0.1", "3000", places=1),
        st.sampled_from(["iww-motor-vessel-650-999-wtw", "defra25-rail", "Diesel", "Electric"]),
        st.decimals("0.01", "5000", places=2),
        st.decimals("0.0001", "1", places=4),
    ),
    min_size=1,
    max_size=8,
)


@given(CHAINS)
@settings(max_examples=12, deadline=None)
def test_a_footprint_survives_the_round_trip(
    tmp_path_factory: pytest.TempPathFactory, elements: list[tuple[Any, ...]]
) -> None:
    """Out to iLEAP and its PACT envelope, in again, footprint again: the same kilograms within a milligram an
    element."""
    directory = tmp_path_factory.mktemp("trip")
    rows = []
    for number, (hub, mass, km, source, amount, share) in enumerate(elements):
        energy = {"energy_carrier": source, "energy_amount": amount, "share": share,
                  "energy_unit": "kWh" if source == "Electric" else "kg"}  # fmt: skip
        by_energy = hub or source in ("Diesel", "Electric")
        if by_energy and source not in ("Diesel", "Electric"):
            energy["energy_carrier"], energy["energy_unit"] = "Electric", "kWh"
        cells = energy if by_energy else {"factor_id": source}
        rows.append(
            row(
                "A",
                number,
                "hub" if hub else "transport",
                mass,
                **({} if hub else {"distance_km": km, "distance_basis": "actual"}),
                **cells,
            )
        )
    before = total(footprints(directory, rows, FACTORS), "A")
    document, faults = opened(envelope(bundle_of(directory, rows), ISSUER, 3), "e.json")
    assert faults == []
    assert bundle_faults(document, "e.json") == []
    made = import_bundle(document, ON)
    own = directory / "own.csv"
    own.write_text(made.factors_csv, encoding="utf-8")
    table = import_factors(own, None, ImportRules()).table
    after = total(footprints(directory, made.chains_csv, table), "A")
    for name in ("co2e_wtw_kg", "co2e_ttw_kg"):
        slack = Decimal("0.000002") * len(rows) + Decimal(before[name]) * Decimal("1e-13")
        assert abs(Decimal(after[name]) - Decimal(before[name])) <= slack


def test_delivered_lots_are_pairs_of_footprints(lots: Bundle) -> None:
    """Actual and baseline carry one shipment id, elements of one way never name those of the other."""
    document = require_valid(lots)
    assert [one.shipment_id for one in lots.footprints] == [one.shipment_id for one in lots.baseline]
    ways = [*document["shipmentFootprints"], *document["baselineFootprints"]]
    ids = [tce["tceId"] for one in ways for tce in one["tces"]]
    assert len(ids) == len(set(ids))
    assert document["tad"], "voyages with a fuel log"
    assert all(one["energyCarriers"][0]["energyConsumption"] for one in document["tad"])


def test_lots_of_a_class_share_their_operation(lots: Bundle) -> None:
    """A TOC is a category: trucks of one class on one leg kind have one, however many lots they carry."""
    used = [element.operation_id for one in (*lots.footprints, *lots.baseline) for element in one.elements]
    assert len(set(used)) == len(lots.operations) < len(used)


def test_a_plan_is_a_document_too() -> None:
    """Its lots, the road beside them, its loaded voyages."""
    bundle = plan_bundle(world_plan(), world_network(), world_factors())
    document = require_valid(bundle)
    planned = sum(lot_leg.co2e_wtw_g for one in world_plan().shipments for lot in one.lots for lot_leg in lot.legs)
    assert sum(one.wtw_kg for one in bundle.footprints) * 1000 == planned
    assert {one["activityId"] for one in document["tad"]} == {v.voyage_id for v in world_plan().voyages if not v.empty}


def test_the_same_operation_has_the_same_id_everywhere(tmp_path: Path) -> None:
    """Two chains on one factor share a TOC; another intensity is another TOC."""
    rail = {"distance_basis": "actual", "factor_id": "defra25-rail"}
    rows = [row(name, 1, mass_t=1, distance_km=10, **rail) for name in "ABC"]
    bundle = bundle_of(tmp_path, rows)
    assert len(bundle.operations) == 1
    assert len({element.operation_id for one in bundle.footprints for element in one.elements}) == 1


def _change(pointer: str, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(document: dict[str, Any]) -> None:
        *path, last = pointer.split("/")
        target: Any = document
        for step in path:
            target = target[int(step) if isinstance(target, list) else step]
        if value is None:
            target.pop(last)
        else:
            target[int(last) if isinstance(target, list) else last] = value

    return change


@pytest.mark.parametrize(
    ("pointer", "value", "code"),
    [
        ("shipmentFootprints/0/mass", 20, "not_a_decimal"),
        ("shipmentFootprints/0/mass", "0", "mass_not_positive"),
        ("shipmentFootprints/0/mass", "-1", "mass_not_positive"),
        ("shipmentFootprints/0/mass", "NaN", "not_a_decimal"),
        ("shipmentFootprints/0/tces/0/mass", "0", "mass_not_positive"),
        ("shipmentFootprints/0/mass", "2e3", "not_a_decimal"),
        ("shipmentFootprints/0/shipmentId", "", "text_missing"),
        ("shipmentFootprints/0/tces", [], "list_missing"),
        ("shipmentFootprints/0/tces/0/hocId", "x", "toc_xor_hoc"),
        ("shipmentFootprints/0/tces/0/tocId", None, "toc_xor_hoc"),
        ("shipmentFootprints/0/tces/0/tocId", "toc-nobody", "unknown_operation"),
        ("shipmentFootprints/0/tces/0/transportActivity", "2001", "activity_not_product"),
        ("shipmentFootprints/0/tces/0/co2eWTW", "1", "wtw_below_ttw"),
        ("shipmentFootprints/0/tces/0/co2eWTW", "500", "emission_not_product"),
        ("shipmentFootprints/0/tces/0/distance", {}, "distance_missing"),
        ("shipmentFootprints/0/tces/0/shipmentId", "Z", "other_shipment"),
        ("shipmentFootprints/0/tces/1/prevTceIds", ["Z"], "unknown_element"),
        ("shipmentFootprints/0/tces/1/tceId", "A-1", "duplicate_id"),
        ("shipmentFootprints/0/tces/0/departureAt", "yesterday", "not_a_moment"),
        ("shipmentFootprints/0/tces/0/departureAt", "2026-10-01T08:00:00", "not_a_moment"),
        ("shipmentFootprints/0/tces/0/origin", {"city": "Q", "country": "China"}, "country_unknown"),
        ("tocs/0/mode", "Barge", "not_in_enum"),
        ("tocs/0/energyCarriers/0/relativeShare", "0.9", "shares_not_one"),
        ("tocs/0/energyCarriers/0/energyCarrier", "Coal", "not_in_enum"),
        ("tocs/0/energyCarriers", [], "list_missing"),
        ("tocs/0/co2eIntensityTTW", "9", "wtw_below_ttw"),
        ("hocs/0/hubType", "Port", "not_in_enum"),
        ("tocs", "many", "list_missing"),
    ],
)
def test_broken_documents_are_refused(tmp_path: Path, pointer: str, value: Any, code: str) -> None:
    """Each rule has a document that breaks it; the fault points into the JSON."""
    document = copy.deepcopy(bundle_document(bundle_of(tmp_path, CHAIN)))
    _change(pointer, value)(document)
    faults = bundle_faults(document, "x.json")
    assert code in {fault.code for fault in faults}
    assert all((fault.column or "").startswith("/") and fault.message.zh for fault in faults)


@pytest.mark.parametrize("version", [2, 3])
def test_envelopes_say_what_their_content_says(tmp_path: Path, version: int) -> None:
    """iLEAP's derivation rules: ton kilometres, sums of elements, CPC 83117 in version 2, ids that stay the same."""
    bundle = bundle_of(tmp_path, CHAIN)
    document = envelope(bundle, ISSUER, version)
    assert document == envelope(bundle, ISSUER, version)
    assert len({one["id"] for one in document["data"]}) == len(document["data"]) == 6
    first = document["data"][0]
    pcf = first["pcf"]
    whole = bundle.footprints[0]
    if version == 3:
        assert pcf["declaredUnitOfMeasurement"] == "ton kilometer"
        per_unit, amount = Decimal(pcf["pcfExcludingBiogenicUptake"]), Decimal(pcf["declaredUnitAmount"])
        assert abs(per_unit * amount - whole.wtw_kg) < Decimal("1e-9")
        assert amount == whole.activity_tkm
    else:
        assert pcf["declaredUnit"] == "ton kilometer"
        assert Decimal(pcf["unitaryProductAmount"]) == whole.activity_tkm
        assert Decimal(pcf["pCfExcludingBiogenic"]) == whole.wtw_kg
        assert first["productCategoryCpc"] == "83117"
        assert pcf["packagingEmissionsIncluded"] is False
    inside, faults = opened(document, "e.json")
    assert faults == []
    assert inside == bundle_document(bundle)


def test_an_envelope_that_contradicts_its_content_is_refused(tmp_path: Path) -> None:
    """A total that somebody rounded down."""
    document = envelope(bundle_of(tmp_path, CHAIN), ISSUER, 3)
    document["data"][0]["pcf"]["pcfExcludingBiogenicUptake"] = "0.01"
    _, faults = opened(document, "e.json")
    assert [fault.code for fault in faults] == ["total_not_sum"]


@pytest.mark.parametrize("name", ["pCfExcludingBiogenic", "unitaryProductAmount"])
@pytest.mark.parametrize(("off", "codes"), [("0.001", []), ("-0.001", []), ("0.00101", ["total_not_sum"])])
def test_a_total_may_be_off_by_a_rounded_gram(tmp_path: Path, name: str, off: str, codes: list[str]) -> None:
    """A partner may write its totals with three decimals, of emissions and of tonne kilometres; what is off by more is
    another total."""
    document = envelope(bundle_of(tmp_path, CHAIN), ISSUER, 2)
    pcf = document["data"][0]["pcf"]
    pcf[name] = str(Decimal(pcf[name]) + Decimal(off))
    _, faults = opened(document, "e.json")
    assert [fault.code for fault in faults] == codes


@pytest.mark.parametrize(("off", "codes"), [("0.9", []), ("1.1", ["total_not_sum"])])
def test_a_large_total_may_be_off_by_its_last_digits(tmp_path: Path, off: str, codes: list[str]) -> None:
    """A thousand million kilograms in floating point are true to a kilogram."""
    document = envelope(bundle_of(tmp_path, CHAIN), ISSUER, 2)
    first = document["data"][0]
    elements = first["extensions"][0]["data"]["tces"]
    for element in elements:
        element["co2eWTW"] = str(Decimal(1_000_000_000) / len(elements))
    first["pcf"]["pCfExcludingBiogenic"] = str(Decimal(1_000_000_000) + Decimal(off))
    _, faults = opened(document, "e.json")
    assert [fault.code for fault in faults] == codes


def test_baselines_keep_apart_in_envelopes(lots: Bundle) -> None:
    """Which footprint is the road chain can be told from the product id and comes back as such."""
    inside, faults = opened(envelope(lots, ISSUER, 3), "e.json")
    assert faults == []
    assert len(inside["baselineFootprints"]) == len(lots.baseline)
    made = import_bundle(inside, ON)
    assert made.chains_csv.count("#baseline") == sum(len(one.elements) for one in lots.baseline)


def test_activity_data_becomes_chains(lots: Bundle) -> None:
    """Every trip with a consumption is a chain of primary energy; alone, without the masses, each stands whole."""
    made = import_bundle(bundle_document(Bundle(activities=lots.activities)), ON)
    several = [one for one in lots.activities if len(one.consignment_ids) > 1]
    assert several
    assert made.chains_csv.count("Diesel") == len(lots.activities)
    assert (made.skipped, len(made.whole)) == ((), len(several))


def test_a_shared_trip_is_shared_by_mass_where_the_masses_are_known(lots: Bundle) -> None:
    """V1 carries 150 t and 300 t: two chains of one third and two thirds, summing to one exactly."""
    made = import_bundle(bundle_document(lots), ON)
    rows = [row for row in csv.DictReader(io.StringIO(made.chains_csv)) if row["chain_id"].startswith("V1#")]
    assert made.whole == ()
    assert [row["mass_t"] for row in rows] == ["150", "300"]
    assert [row["share"] for row in rows] == ["0.333333333333", "0.666666666667"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.1, "0.1"),
        (1e-7, "0.0000001"),
        (1e20, "100000000000000000000"),
        (-0.0, "0"),
        (2, "2"),
        (Decimal("1.500"), "1.5"),
        (Decimal("100"), "100"),
    ],
)
def test_numbers_are_plain_decimals(value: float | Decimal, text: str) -> None:
    """No exponent, no binary noise, no negative zero; and they read back."""
    assert decimal_text(value) == text
    assert read_decimal(text) == Decimal(text)


@pytest.mark.parametrize("text", ["", "1e3", "+1", "1.", ".5", " 1", "NaN", "1,5", "٣", None, 3, "9" * 61])
def test_what_is_no_decimal_is_not_read(text: object) -> None:
    """The pattern of the specification, ASCII digits only."""
    assert read_decimal(text) is None


def test_the_command_line_goes_round(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Export, check, import, footprint; a broken file is refused whole."""
    source = tmp_path / "c.csv"
    source.write_text(csv_text(CHAIN), encoding="utf-8")

    def run(*words: object) -> int:
        with pytest.raises(SystemExit) as ended:
            cli.main([str(word) for word in words])
        return int(ended.value.code or 0)

    out, chains, factors = tmp_path / "i.json", tmp_path / "back.csv", tmp_path / "factors"
    assert run("ileap", "export", "--chains", source, "--out", out, "--on", "2026-10-01", "--pact", "3") == 0
    assert run("ileap", "check", out) == 0
    assert run("ileap", "import", out, "--chains", chains, "--factors", factors) == 0
    assert (factors / FILE).exists()
    assert run("footprint", chains, "--factors", factors, "--out", tmp_path / "r.csv", "--on", "2026-10-01") == 0
    out.write_text(out.read_text("utf-8").replace('"tocId"', '"tokId"'), encoding="utf-8")
    assert run("ileap", "import", out, "--chains", tmp_path / "no.csv", "--factors", tmp_path / "no") == 2
    assert not (tmp_path / "no.csv").exists()
    out.write_text("[1, 2", encoding="utf-8")
    assert run("ileap", "check", out, "--lang", "en") == 2
    assert "not JSON" in capsys.readouterr().err


def test_results_of_imported_chains_print_the_partners_ids(tmp_path: Path) -> None:
    """So an auditor finds the TOC behind a number."""
    made = import_bundle(bundle_document(bundle_of(tmp_path, CHAIN)), ON)
    own = tmp_path / "own.csv"
    own.write_text(made.factors_csv, encoding="utf-8")
    table = import_factors(own, None, ImportRules()).table
    source = tmp_path / "b.csv"
    source.write_text(made.chains_csv, encoding="utf-8")
    out = io.BytesIO()
    footprint_of(read_chains(source), table, ON, out)
    assert b"toc-inlandwaterway-" in out.getvalue()


def test_a_chain_that_does_not_say_how_far_was_measured_is_not_handed_over(tmp_path: Path) -> None:
    """A file without a basis of distances is computed; iLEAP wants one, and "actual" would be made up."""
    fuel = {"mass_t": 20, "distance_km": "33.3", "energy_carrier": "Diesel", "energy_amount": "12.5",
            "energy_unit": "kg", "share": "0.7"}  # fmt: skip
    with pytest.raises(InputError) as refused:
        bundle_of(tmp_path, [row("A", 1, **fuel), row("B", 1, **fuel)])
    assert [(fault.code, fault.file) for fault in refused.value.faults] == [
        ("basis_missing", "chain A"),
        ("basis_missing", "chain B"),
    ]
    stated = bundle_of(tmp_path, [{**row("A", 1, **fuel), "distance_basis": "sfd"}])
    assert stated.footprints[0].elements[0].basis == "sfd"
