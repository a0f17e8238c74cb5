"""What a plan made around another says of each move is held: the reason, its sentence with names and figures, and that
nobody is passed over. Each lie, put alone into a plan that holds, is found."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache

import pytest

from optimizer.errors import Message
from optimizer.network.model import FleetEntry, Network, WaterLevel
from optimizer.planning.check import check_plan
from optimizer.planning.check.kept import check_accepted
from optimizer.planning.check.move_reasons import WORDS, check_moved
from optimizer.planning.check.violation import Findings
from optimizer.planning.check.words import FIGURE
from optimizer.planning.check.workings import Workings
from optimizer.planning.document import plan_from_json, plan_to_json
from optimizer.planning.keeping.held import Accepted
from optimizer.planning.keeping.move_reasons import CODES, Why
from optimizer.planning.offer import Offer
from optimizer.planning.plan import Kept, Moved, Plan
from optimizer.planning.settings import PlanSettings
from optimizer.planning.shipment import Shipment
from tests.network.tiny import MADE_UP, TINY_START, tiny_network
from tests.planning.random_tasks import planned
from tests.planning.round_factors import round_factors
from tests.planning.test_keeping import ALL, FLEET, HOUR, NEW, named, shut

NETWORK = tiny_network(fleet=FLEET)


@dataclass(frozen=True)
class Around:
    """A plan made around an accepted one, with all that it was made from."""

    accepted: Plan
    plan: Plan
    shipments: Sequence[Shipment]
    network: Network
    offers: Sequence[Offer] = ()

    def codes(self, plan: Plan, *, alone: bool = False) -> set[str]:
        """What the check finds in another plan, with the accepted one or without."""
        accepted = None if alone else self.accepted
        return {
            item.code for item in check_plan(plan, self.shipments, self.network, round_factors(), self.offers, accepted)
        }

    def of(self, check: Callable[[Workings, Findings], None], plan: Plan) -> set[str]:
        """What one check alone finds."""
        found = Findings()
        check(Workings(plan, self.shipments, self.network, round_factors(), self.offers, self.accepted), found)
        return {item.code for item in found.violations}


def around(
    accepted: Plan,
    shipments: Sequence[Shipment],
    network: Network,
    offers: Sequence[Offer] = (),
    days: int | None = None,
) -> Around:
    """Made by the product, and held by the check with the accepted plan and without."""
    asked = PlanSettings(gap=0.0, horizon_days=days)
    plan = planned(network, shipments, asked, keep=Accepted(accepted), offers=offers)
    made = Around(accepted, plan, shipments, network, offers)
    assert made.codes(plan) == made.codes(plan, alone=True) == set()
    return made


@cache
def _fleet() -> Around:
    return around(planned(NETWORK, ALL), (*ALL, NEW), tiny_network(fleet=FLEET[:1]))


@cache
def _closed() -> Around:
    accepted = planned(NETWORK, ALL)
    lock = accepted.voyages[0].locks[0]
    return around(accepted, ALL, shut(NETWORK, "lock", lock.lock_id, lock.at))


@cache
def _quay_closed() -> Around:
    accepted = planned(NETWORK, ALL)
    first = accepted.voyages[0]
    return around(accepted, ALL, shut(NETWORK, "terminal", first.origin, first.departs_at))


@cache
def _locks() -> Around:
    locks = {name: replace(lock, lockages_per_day=1.0, vessels_per_lockage=1.0) for name, lock in NETWORK.locks.items()}
    return around(planned(NETWORK, ALL), ALL, replace(NETWORK, locks=locks))


@cache
def _quays() -> Around:
    quays = {name: replace(quay, handling_t_per_day=800.0) for name, quay in NETWORK.terminals.items()}
    return around(planned(NETWORK, ALL), ALL, replace(NETWORK, terminals=quays))


@cache
def _low() -> Around:
    network = tiny_network(fleet=(FleetEntry("F0", "BIG", "UP", 1, TINY_START, "own", MADE_UP),))
    both = (named("HEAVY", 700, "UP", "DOWN"), named("LIGHT", 290, "UP", "DOWN"))
    low = WaterLevel("MID-DOWN", TINY_START, TINY_START + 240 * HOUR, 2.5, MADE_UP)
    return around(planned(network, both), both, replace(network, water_levels=(low,)))


@cache
def _file() -> Around:
    more = [named(name, 100, "UP", "DOWN", ready_h=8.0, value=2000.0) for name in ("GONE", "HEAVIER", "MOVED", "SLOW")]
    coal = named("FAR", 60, "DOWN", "UP", code="coal", ready_h=60.0, due_h=100, value=2000.0)
    fourth = named("FOURTH", 60, "DOWN", "UP", code="coal", ready_h=100.0, due_h=140, value=2000.0)
    accepted = planned(NETWORK, (*ALL, *more, coal, fourth))
    heavier, moved = replace(more[1], mass_kg=130_000), replace(more[2], origin="MILL")
    slow = replace(more[3], ready_at=TINY_START + 90 * HOUR, due_at=TINY_START + 200 * HOUR)
    return around(accepted, (*ALL, heavier, moved, slow, coal, fourth), NETWORK, days=4)


@cache
def _sailings() -> Around:
    first = Offer(
        "K1", "C1", "BIG", "UP", "DOWN", TINY_START + 30 * HOUR, TINY_START + 42 * HOUR, 1_000_000, ("mineral",), 9.0,
        fixed_yuan=900.0, least_kg=100_000,
    )  # fmt: skip
    later = [
        replace(first, sailing_id=f"K{n}", carrier_id=f"C{n}", departs_at=first.departs_at + timedelta(days=n - 1),
                arrives_at=first.arrives_at + timedelta(days=n - 1)) for n in (2, 3)
    ]  # fmt: skip
    asked = (
        named("A", 400, "UP", "DOWN"),
        named("G", 900, "UP", "DOWN", ready_h=20.0, value=3000.0),
        named("H", 700, "UP", "DOWN", ready_h=50.0, value=3000.0),
        named("I", 80, "UP", "DOWN", ready_h=50.0, value=3000.0),
    )
    network = tiny_network(fleet=())
    accepted = planned(network, asked, offers=[first, *later])
    return around(accepted, (*asked[:2], replace(asked[2], mass_kg=690_000), asked[3]), network, [first, later[1]])


MADE: dict[str, Callable[[], Around]] = {
    "vessel_gone": _fleet,
    "closed": _closed,
    "terminal_closed": _quay_closed,
    "lock_full": _locks,
    "terminal_full": _quays,
    "shallow": _low,
    "missing, mass_changed, doors_changed, ready_later, after_horizon": _file,
    "voyage_gone, mass_changed, below_least": _sailings,
}


def lies(item: Moved) -> Iterator[Moved]:
    """The move with one figure or name of its sentence changed, or told as another reason is."""
    for lang in ("zh", "en"):
        text = getattr(item.message, lang)
        for match in FIGURE.finditer(text):
            digits = match.group()
            other = digits[:-1] + str((int(digits[-1]) + 1) % 10)
            said = text[: match.start()] + other + text[match.end() :]
            yield replace(item, message=replace(item.message, **{lang: said}))
        yield replace(item, message=replace(item.message, **{lang: ""}))
    found = FIGURE.search(item.message.zh)
    if found is not None and found.group() in item.message.en:
        # The same lie in both languages.
        both = [getattr(item.message, lang).replace(found.group(), found.group() + "7", 1) for lang in ("zh", "en")]
        yield replace(item, message=Message(*both))
    for code in CODES:
        if code not in (item.code, "left_out"):
            yield replace(item, message=Why(code).message)


@pytest.mark.parametrize("world", MADE.values(), ids=MADE)
def test_the_sentence_of_a_move_cannot_be_changed_unseen(world: Callable[[], Around]) -> None:
    """Voyage, closure, lock, terminal, masses and the reason itself, in each language and in both at once."""
    made = world()
    assert made.plan.moved
    for number, item in enumerate(made.plan.moved):
        for lie in lies(item):
            moved = (*made.plan.moved[:number], lie, *made.plan.moved[number + 1 :])
            assert made.of(check_moved, replace(made.plan, moved=moved)) == {"moved_reason"}, lie


@pytest.mark.parametrize("world", MADE.values(), ids=MADE)
def test_no_move_is_passed_over(world: Callable[[], Around]) -> None:
    """Left out of the list, though its voyages may be the same ones."""
    made = world()
    for number, item in enumerate(made.plan.moved):
        fewer = replace(made.plan, moved=(*made.plan.moved[:number], *made.plan.moved[number + 1 :]))
        assert made.of(check_accepted, fewer) == {"accepted_lost"}, item


def told(item: Moved, code: str, detail: str = "") -> Moved:
    """The move with another reason, told as that reason is."""
    return replace(item, code=code, message=Why(code, Message(detail, detail)).message)


@pytest.mark.parametrize(
    ("world", "codes"),
    [
        (_fleet, ("missing", "after_horizon", "mass_changed", "doors_changed", "not_whole", "ready_later",
                  "voyage_gone", "closed", "terminal_closed", "below_least", "shallow", "terminal_full", "not_issued")),
        (_low, ("terminal_full", "closed", "below_least")),
        (_sailings, ("shallow", "closed", "terminal_full", "not_whole")),
    ],
)  # fmt: skip
def test_a_reason_that_cannot_be_is_found_however_it_is_told(world: Callable[[], Around], codes: Sequence[str]) -> None:
    """In its own words and with the names that there are: the tables and the files say otherwise."""
    made = world()
    item = made.plan.moved[0]
    for code in codes:
        for detail in ("", item.was[0], f"{item.was[0]}, C9", f"{item.was[0]}, DOWN", "DOWN, mineral", "UP, mineral"):
            lie = replace(made.plan, moved=(told(item, code, detail), *made.plan.moved[1:]))
            assert "moved_reason" in made.of(check_moved, lie), (code, detail)


def test_without_the_accepted_plan_the_names_and_the_file_still_count() -> None:
    """A shipment of the file is not missing, one that is not in it is, and the digest is one."""
    made = _file()
    plan = made.plan
    kept = plan.kept
    assert kept is not None
    by_id = {item.shipment_id: number for number, item in enumerate(plan.moved)}

    def found(name: str, lie: Moved) -> set[str]:
        number = by_id[name]
        return made.codes(replace(plan, moved=(*plan.moved[:number], lie, *plan.moved[number + 1 :])), alone=True)

    assert found("HEAVIER", told(plan.moved[by_id["HEAVIER"]], "missing")) == {"moved_reason"}
    assert found("GONE", told(plan.moved[by_id["GONE"]], "doors_changed")) == {"moved_reason"}
    assert found("FOURTH", told(plan.moved[by_id["FOURTH"]], "ready_later")) == {"moved_reason"}
    assert made.codes(replace(plan, kept=replace(kept, plan_sha256="0" * 63)), alone=True) == {"kept_other"}
    assert "kept_unknown" in made.codes(replace(plan, kept=None), alone=True)


def lie_about(made: Around, **changes: object) -> set[str]:
    """What is found where the kept list says otherwise."""
    kept = made.plan.kept
    assert isinstance(kept, Kept)
    return made.codes(replace(made.plan, kept=replace(kept, **changes)))  # type: ignore[arg-type]


def test_the_list_of_what_is_kept_is_whole_and_its_note_stands() -> None:
    """A voyage without kept cargo, a shipment left off the list, and what bound and gap hold for."""
    made = _closed()
    kept = made.plan.kept
    assert kept is not None
    others = tuple(voyage.voyage_id for voyage in made.plan.voyages if voyage.voyage_id not in kept.voyages)
    assert lie_about(made, voyages=(*kept.voyages, others[0])) == {"kept_unknown"}
    assert "accepted_lost" in lie_about(made, shipments=kept.shipments[1:])
    assert lie_about(made, note=Message("", "")) == {"kept_unknown"}
    assert lie_about(made, note=replace(kept.note, en="Bound and gap hold for all plans.")) == {"kept_unknown"}


def test_a_plan_that_kept_only_what_was_issued_says_so() -> None:
    """Only then may others sail as before untold, or have moved for want of a waybill; the document comes back."""
    accepted = planned(NETWORK, ALL)
    plan = planned(NETWORK, (*ALL, NEW), keep=Accepted(accepted, frozenset({"DOWN"})))
    made = Around(accepted, plan, (*ALL, NEW), NETWORK)
    assert plan.kept is not None
    assert plan.kept.issued_only
    assert made.codes(plan) == set()
    assert plan_from_json(plan_to_json(plan)) == plan
    assert lie_about(made, issued_only=False) & {"accepted_lost", "moved_reason"}


def test_no_voyage_takes_the_name_of_another() -> None:
    """Waybills of the accepted plan name its voyages: a new one must not be called so."""
    made = _fleet()
    new = [
        voyage for voyage in made.plan.voyages if voyage.voyage_id not in {v.voyage_id for v in made.accepted.voyages}
    ]
    gone = next(v for v in made.accepted.voyages if v.voyage_id not in {w.voyage_id for w in made.plan.voyages})
    assert new
    text = plan_to_json(made.plan).replace(f'"{new[0].voyage_id}"', f'"{gone.voyage_id}"')
    assert "voyage_id" in made.codes(plan_from_json(text))


def test_no_fleet_means_none_around_another_plan_too() -> None:
    """What was accepted may still sail; a loaded voyage that is new may not."""
    made = _fleet()
    settings = {**made.plan.settings, "own_voyages": False}
    assert made.codes(replace(made.plan, settings=settings)) == {"status_wrong"}
    again = around(made.accepted, ALL, NETWORK)
    assert again.codes(replace(again.plan, settings=settings)) == set()


def test_every_reason_has_words() -> None:
    """Each code of the planner that stands in a list of moves, and each one's sentence says them."""
    assert WORDS.keys() == CODES.keys() - {"left_out"}
    for code, words in WORDS.items():
        assert words.zh in Why(code).message.zh
        assert words.en in Why(code).message.en
