"""A number means the same through every door: files, forms, the API, the command line."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from optimizer.accounts.audit.overlaps import CLAIM_COLUMNS, parse_claims
from optimizer.cli import cli
from optimizer.cli.corrections import _grams
from optimizer.cli.product_footprint import _pieces
from optimizer.cli.usage import BadValue
from optimizer.cli.waybill import _mass
from optimizer.errors import Fault, ModalshiftError
from optimizer.network.cells import CellError, parse_cell
from optimizer.network.schema import FieldSchema
from optimizer.planning.files import shipment_cells
from optimizer.planning.files.sailing_cells import parse_price_yuan_per_t
from optimizer.planning.files.shipment_cells import parse_mass_kg, parse_value_yuan_per_t
from optimizer.quantities import number_of
from optimizer.waybills.event_reader import events_from_records
from tests.waybills.world import LATER
from webapp.plans_page import _number

WIDE = str.maketrans("0123456789.", "０１２３４５６７８９．")


def of_event(text: str) -> Decimal:
    """Tonnes of a reported event."""
    record = {"event_type": "LOAD", "lot_no": 1, "leg_seq": 1, "event_time": "2026-10-01T08:00", "mass_t": text}
    ((event, faults),) = events_from_records([record], "MW1", "E9", LATER)
    if event is None or event.mass_kg is None:
        raise ValueError(faults)
    return Decimal(event.mass_kg) / 1000


def of_energy(text: str) -> Decimal:
    """Kilograms of fuel of a reported event."""
    energy = {"carrier": "Diesel", "amount_kg": text}
    record = {"event_type": "DISC", "lot_no": 1, "leg_seq": 1, "event_time": "2026-10-01T08:00", "energy": energy}
    ((event, faults),) = events_from_records([record], "MW1", "E9", LATER)
    if event is None or event.energy is None:
        raise ValueError(faults)
    return Decimal(event.energy.amount_g) / 1000


def of_amendment(text: str) -> Decimal:
    """Tonnes of ``waybill amend --declared-mass 1=...``."""
    faults: list[Fault] = []
    _, mass_kg = _mass(f"1={text}", faults)
    if faults:
        raise ValueError(faults)
    return Decimal(mass_kg) / 1000


def of_claim(text: str) -> Decimal:
    """Tonnes of another scheme's claim."""
    row = dict.fromkeys(CLAIM_COLUMNS, "") | {"scheme": "VCS", "claim_id": "1", "document_number": "MW1"}
    (claim,) = parse_claims(f"{','.join(CLAIM_COLUMNS)}\n{','.join((row | {'mass_t': text}).values())}\n")
    return Decimal(claim.mass_kg or 0) / 1000


def of_plan_form(text: str) -> Decimal:
    """A setting typed into the form of a plan; the check behind it refuses what stays a text."""
    value = _number("gap", text)
    if isinstance(value, str):
        raise TypeError(value)
    return Decimal(str(value))


DOORS: dict[str, Callable[[str], Decimal]] = {
    "cell": lambda text: Decimal(str(parse_cell(text, FieldSchema("x_t", "number")))),
    "shipment": lambda text: Decimal(parse_mass_kg(text)) / 1000,
    "cargo value": lambda text: Decimal(str(parse_value_yuan_per_t(text))),
    "price": lambda text: Decimal(str(parse_price_yuan_per_t(text))),
    "event": of_event,
    "energy": of_energy,
    "amendment": of_amendment,
    "claim": of_claim,
    "transfer": lambda text: Decimal(_grams(text)) / 1000,
    "piece": lambda text: _pieces((f"coal={text}",))["coal"],
    "plan form": of_plan_form,
}
REFUSALS = (BadValue, ModalshiftError, CellError, shipment_cells.CellError, ValueError, TypeError)


@pytest.mark.parametrize("door", DOORS)
def test_full_width_digits_are_read_everywhere(door: str) -> None:
    """As Chinese keyboards and exports write them: the same number as in ASCII."""
    for text in ("1600", "1600.5"):
        assert DOORS[door](text) == DOORS[door](text.translate(WIDE)) == Decimal(text)


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(
    "text", ["1_000", "１_０００", "1__0", "_1", "10²", "①", "١٦٠٠", "nan", "inf", "0x10", "1 000"]
)
def test_what_is_no_number_for_a_person_is_none_through_any_door(door: str, text: str) -> None:
    """Underscores, superscripts, digits of other scripts: refused in a sentence, not guessed at."""
    with pytest.raises(REFUSALS):
        DOORS[door](text)


def test_options_of_the_command_line_refuse_underscores_too() -> None:
    """With the sentence of any other wrong option, in both languages."""
    for lang, said in (("en", "'1_0' is not a valid"), ("zh", "应为")):
        words = ["--lang", lang, "audit", "sample", "--size", "1_0", "--seed", "x", "--out", "x.csv"]
        refused = CliRunner().invoke(cli, words)
        assert (refused.exit_code, said in refused.output) == (2, True), refused.output


@given(st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**12), max_value=10**12))
def test_every_decimal_is_read_as_it_is_written(number: Decimal) -> None:
    """To the last digit, in ASCII and full-width."""
    assert number_of(f"{number:f}") == number_of(f"{number:f}".translate(WIDE)) == number
