"""``bench duplicates``: how many transports reported under another number are found, and how many honest ones accused.

A labelled set is generated from the seed. Honest traffic tempts the search: several lots of one mass on one voyage, the
same trip with the same mass day after day, lots that sailed in another vessel than planned, lots that missed their
voyage and went with another without an amendment. To it are added doubles of known kinds, some of them made to escape:
those show in the recall instead of being left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from random import Random

from optimizer.actions.versions import code_version
from optimizer.bench.machine import library_versions, load_average, this_machine
from optimizer.bench.record import Figure, Load, Method, Result
from optimizer.errors import Message
from optimizer.quantities import CHINA_TIME
from optimizer.waybills.codes import waybill_number
from optimizer.waybills.event import Classifier, Event, EventType, Evidence, event_id
from optimizer.waybills.party import Party
from optimizer.waybills.verification import duplicates
from optimizer.waybills.waybill import TRANSPORT_TYPE_ROAD_WATER, Waybill, WaybillLeg, WaybillLot

START = datetime(2026, 10, 1, 8, tzinfo=CHINA_TIME)
PLACES = ("LY", "QJ", "ZP", "HZ")
KINDS = {
    "copied": Message("照抄：同船、同地、同重，时间差两小时内", "copied: same vessel, place and mass within two hours"),
    "same_ticket": Message("同一磅单，另报船名与时间", "one weigh ticket under another vessel and time"),
    "other_mass": Message("改重量 1%，无共同单据", "mass changed by 1 %, no document in common"),
    "other_day": Message("时间挪 20 小时，无共同单据", "moved by 20 hours, no document in common"),
    "planned_too": Message("两单都按同一航次签发，同重", "both issued for one voyage, the same mass"),
}
"""Kinds of doubles. The last three escape a search by berth, time, mass and document alone."""
MISSED_ITS_VOYAGE = 0.03
"""Share of honest lots that sailed on another voyage and in another vessel than planned, with no amendment."""
SHARE_OF_DOUBLES = 0.1
OURS, BASELINE = "modalshift", "same_day"


@dataclass(frozen=True, slots=True)
class DuplicatesBench:
    """Each run draws a set of so many honest waybills, and a double for one in ten of them."""

    measured_at: datetime
    waybills: int = 5_000
    runs: int = 3
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Labelled:
    """A set and the truth: waybill number of each double -> its kind."""

    waybills: dict[str, Waybill]
    events: tuple[Event, ...]
    doubles: dict[str, str]


@dataclass(frozen=True, slots=True)
class Score:
    """What a search found of a set. ``by_kind``: found and existing doubles of each kind. ``cases``: groups of flagged
    lots that are about one another, as a person opens them; ``right_cases`` hold a double."""

    flagged: int
    right: int
    doubles: int
    by_kind: dict[str, tuple[int, int]]
    cases: int
    right_cases: int

    @property
    def case_precision(self) -> float:
        """Cases that hold a double among those that are opened."""
        return self.right_cases / self.cases if self.cases else 1.0

    @property
    def precision(self) -> float:
        """Doubles among what was flagged."""
        return self.right / self.flagged if self.flagged else 1.0

    @property
    def recall(self) -> float:
        """Flagged among the doubles."""
        return self.right / self.doubles if self.doubles else 1.0


def run(options: DuplicatesBench, tell: Callable[[Message], None] = lambda message: None) -> Result:
    """Measure. ``tell`` hears of each run before it starts."""
    before = load_average()
    ours, baseline = [], []
    for number in range(options.runs):
        tell(Message(f"第 {number + 1} 次", f"run {number + 1}"))
        labelled = labelled_set(options.waybills, options.seed + number)
        ours.append(score(labelled, search(labelled)))
        baseline.append(score(labelled, same_day(labelled.events)))
    return Result(
        bench="duplicates",
        subject=Message(
            f"{options.waybills:,} 张如实运单，另有一成重报",
            f"{options.waybills:,} honest waybills and a tenth as many doubles",
        ),
        measured_at=options.measured_at,
        machine=this_machine(),
        load=Load(before, load_average()),
        versions={"product": code_version(), **library_versions()},
        settings={"waybills": options.waybills, "share_of_doubles": SHARE_OF_DOUBLES},
        seed=options.seed,
        runs=options.runs,
        methods=(_ours(ours), _baseline(baseline)),
    )


def labelled_set(waybills: int, seed: int) -> Labelled:
    """Honest waybills on voyages of one to four lots, and doubles of every kind in turn."""
    rng = Random(seed)
    made: dict[str, Waybill] = {}
    events: list[Event] = []
    honest: list[Event] = []
    while len(honest) < waybills:
        for load in _voyage(rng, len(honest), made):
            honest.append(load)
    doubles: dict[str, str] = {}
    for place, original in enumerate(rng.sample(honest, int(waybills * SHARE_OF_DOUBLES))):
        kind = tuple(KINDS)[place % len(KINDS)]
        load = _double(rng, original, kind, place, made)
        events.append(load)
        doubles[load.waybill_number] = kind
    both = [*honest, *events]
    rng.shuffle(both)
    return Labelled(made, tuple(both), doubles)


def search(labelled: Labelled) -> dict[str, set[str]]:
    """What the product flags: waybill number -> the waybills that it looks like."""
    found = duplicates(labelled.waybills, labelled.events)
    return {
        number: {other for finding in findings for other in _NAMED.findall(finding.message.zh)} - {number}
        for (number, _), findings in found.items()
    }


_NAMED = re.compile(r"MW[0-9A-Z]{18}")


def score(labelled: Labelled, flagged: Mapping[str, Collection[str]]) -> Score:
    """Compare flagged waybill numbers, each with those that it looks like, with the truth."""
    named = set(flagged)
    cases = _cases(flagged)
    by_kind = {
        kind: (
            sum(number in named for number, other in labelled.doubles.items() if other == kind),
            sum(other == kind for other in labelled.doubles.values()),
        )
        for kind in KINDS
    }
    right = len(named & labelled.doubles.keys())
    right_cases = sum(not case.isdisjoint(labelled.doubles) for case in cases)
    return Score(len(named), right, len(labelled.doubles), by_kind, len(cases), right_cases)


def _cases(flagged: Mapping[str, Collection[str]]) -> list[set[str]]:
    """Lots that are flagged because of one another, together."""
    case_of: dict[str, set[str]] = {}
    for number, others in flagged.items():
        joined = {number, *others}.union(*(case_of.get(one, ()) for one in (number, *others)))
        for one in joined:
            case_of[one] = joined
    return list({id(case): case for case in case_of.values()}.values())


def same_day(events: Sequence[Event]) -> dict[str, set[str]]:
    """The search one would write first: a later report of the same vessel, place, tonnes and day."""
    seen: dict[tuple[object, ...], str] = {}
    flagged: dict[str, set[str]] = {}
    for event in sorted(events, key=lambda event: event.record_time):
        key = (event.vessel_id, event.location_id, (event.mass_kg or 0) // 1000, event.event_time.date())
        first = seen.setdefault(key, event.waybill_number)
        if first != event.waybill_number:
            flagged[event.waybill_number] = {first}
    return flagged


def _voyage(rng: Random, first: int, made: dict[str, Waybill]) -> Iterator[Event]:
    """The loadings of one voyage; each third voyage sails in another vessel than planned."""
    vessel = f"CN2020{rng.randrange(120):07d}"
    origin, destination = rng.sample(PLACES, 2)
    at = START + timedelta(hours=rng.randrange(24 * 60))
    lots = rng.choice((1, 1, 2, 3, 4))
    common_kg = rng.choice((300_000, 400_000, 500_000))
    voyage_id = f"V{first}"
    sailed = f"CN2020{rng.randrange(120):07d}" if rng.random() < 1 / 3 else vessel
    masses_kg = [common_kg if rng.random() < 0.5 else rng.randrange(100_000, 600_000) for _ in range(lots)]
    for place, mass_kg in enumerate(masses_kg):
        planned = (voyage_id, vessel)
        if rng.random() < MISSED_ITS_VOYAGE:
            planned = (f"M{first + place}", f"CN2022{rng.randrange(10**6):07d}")
        named = f"honest {first + place}"
        waybill = _waybill(named, (origin, destination), *planned, mass_kg, at, sum(masses_kg))
        made[waybill.number] = waybill
        yield _load(rng, waybill, at + timedelta(minutes=rng.randrange(180)), sailed, voyage_id)


def _double(rng: Random, original: Event, kind: str, place: int, made: dict[str, Waybill]) -> Event:
    """The same cargo under another number, as ``kind`` says."""
    at, mass_kg = original.event_time, original.mass_kg or 0
    planned, load_kg = (f"D{place}", f"CN2021{rng.randrange(10**6):07d}"), mass_kg
    if kind == "planned_too":
        copied_leg = made[original.waybill_number].lots[0].legs[0]
        planned, load_kg = (original.voyage_id, copied_leg.vessel_id), copied_leg.voyage_load_kg
    ends = (original.location_id, "HZ" if original.location_id != "HZ" else "LY")
    waybill = _waybill(f"double {place}", ends, *planned, mass_kg, at, load_kg)
    made[waybill.number] = waybill
    if kind == "same_ticket":
        other = _load(rng, waybill, at + timedelta(hours=rng.randrange(30, 60)), planned[1], planned[0])
        return replace(other, evidence=original.evidence)
    shifted = {"other_day": timedelta(hours=20)}.get(kind, timedelta(minutes=rng.randrange(-120, 121)))
    copied = _load(rng, waybill, at + shifted, original.vessel_id, original.voyage_id)
    if kind == "other_mass":
        return replace(copied, mass_kg=mass_kg * 99 // 100)
    return replace(copied, mass_kg=mass_kg + rng.randrange(-mass_kg // 4000, mass_kg // 4000 + 1))


def _load(rng: Random, waybill: Waybill, at: datetime, vessel_id: str, voyage_id: str) -> Event:
    ticket = sha256(f"{waybill.number} {rng.random()}".encode()).hexdigest()
    return Event(
        event_id=event_id(waybill.number, 1, 1, EventType.LOAD),
        waybill_number=waybill.number,
        lot_no=1,
        leg_seq=1,
        classifier=Classifier.ACT,
        event_type=EventType.LOAD,
        event_time=at,
        record_time=at + timedelta(hours=rng.randrange(1, 40)),
        reporter_id="carrier",
        location_id=waybill.place_of_receipt,
        voyage_id=voyage_id,
        vessel_id=vessel_id,
        mass_kg=waybill.declared_mass_kg,
        evidence=(Evidence("weigh_ticket", ticket),),
    )


_PARTY = Party("P", "", "示范", "Demo", "industry", "衢江区", "Qujiang", "shipper", ())


def _waybill(
    seed: str, ends: tuple[str, str], voyage_id: str, vessel_id: str, mass_kg: int, at: datetime, load_kg: int
) -> Waybill:
    leg = WaybillLeg(
        *(1, "main", "InlandWaterway", *ends, "B500", voyage_id, vessel_id, at, at + timedelta(hours=20)),
        *(250.0, "actual", 0, 0, "modelled", (), load_kg),
    )
    return Waybill(
        number=waybill_number(START.date(), seed),
        version=1,
        original_document_number="",
        transport_type_code=TRANSPORT_TYPE_ROAD_WATER,
        plan_id="bench",
        shipment_id=seed,
        operator=_PARTY,
        consignor=_PARTY,
        consignee=_PARTY,
        cargo_code="coal",
        cargo_class="01",
        cargo_group="coal",
        description_of_goods_zh="煤炭",
        description_of_goods_en="coal",
        declared_mass_kg=mass_kg,
        place_of_receipt=ends[0],
        port_of_loading=ends[0],
        port_of_discharge=ends[1],
        place_of_delivery=ends[1],
        ready_at=at,
        due_at=at + timedelta(days=10),
        issued_at=at,
        lots=(WaybillLot(1, mass_kg, *ends, (leg,), 0, 0, 0, 0),),
        baseline_legs=(),
    )


def _figures(scores: Sequence[Score]) -> tuple[Figure, ...]:
    kinds = tuple(
        Figure(
            f"recall_{kind}",
            Message(f"召回：{name.zh}", f"recall, {name.en}"),
            "share",
            tuple(item.by_kind[kind][0] / item.by_kind[kind][1] for item in scores),
        )
        for kind, name in KINDS.items()
    )
    return (
        Figure(
            "case_precision",
            Message("精确率（按案件）", "precision, by case"),
            "share",
            tuple(item.case_precision for item in scores),
        ),
        Figure(
            "precision",
            Message("精确率（按批）", "precision, by lot"),
            "share",
            tuple(item.precision for item in scores),
        ),
        Figure("recall", Message("召回率", "recall"), "share", tuple(item.recall for item in scores)),
        *kinds,
    )


def _ours(scores: Sequence[Score]) -> Method:
    return Method(
        name=OURS,
        label=Message("modalshift", "modalshift"),
        baseline=False,
        does=Message(
            "同船、同地、12 小时内、重量差万分之五以内，或同一单据；"
            "船与航次都背离计划者放宽到 36 小时或 2%；航次计划内各批多出一批之重且有两批同重者；"
            "按自己计划航行者可信，另一方冻结待查",
            "same vessel and place within 12 hours and 0.05 % of the mass, or the same document; for a lot off its "
            "planned voyage and vessel 36 hours or 2 %; a voyage whose planned lots weigh a lot too much, two of them "
            "the same; who sailed as planned is believed, the other is frozen until a person has looked",
        ),
        figures=_figures(scores),
        notes=(
            Message(
                "共用单据或航次超载而计划不能区分时双方都冻结：按批算，如实的一方计为误报；按案件算，一案含有重报即为对。"
                "如实运单中有 3% 误了航次、改搭他船而未改单，其中与同船批次重量相近者会被误报",
                "where a document is shared or a voyage too heavy and the plan does not decide, both are frozen: by "
                "lot the honest one counts as a false alarm, by case it does not. 3 % of the honest lots missed their "
                "voyage and went with another unamended; those that weigh about as much as another on board are "
                "accused",
            ),
        ),
    )


def _baseline(scores: Sequence[Score]) -> Method:
    return Method(
        name=BASELINE,
        label=Message("同船同地同吨同日", "same vessel, place, tonnes, day"),
        baseline=True,
        does=Message(
            "后到的报告与先到者同船、同地、同整吨、同一天即标记；不看计划与单据",
            "flags a later report of the same vessel, place, whole tonnes and day; looks at no plan and no document",
        ),
        figures=_figures(scores),
    )
