"""What stays of an accepted plan, and why the rest cannot: a fixed point of faults found and shipments let go.

Each round lays out what is still kept and looks for something that the network of today does not bear: a voyage, a
hull's tour, a lock or a terminal. The shipments that cause it are let go, as few tonnes as that takes by a simple rule,
and the next round looks again. Rounds only let go, so they end.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count

from optimizer.planning.keeping.chains import ChainFinder, HeldShipment
from optimizer.planning.keeping.move_reasons import Why, named
from optimizer.planning.keeping.sailing import VoyageBook
from optimizer.planning.keeping.tours import Passings, Tour, TourMender, day_of, passings, tours_of
from optimizer.planning.layout.families import Grid
from optimizer.planning.offer import OWN_VOYAGE_ID, Offer
from optimizer.planning.plan import OfferTerms, Plan, PlannedShipment, Voyage
from optimizer.planning.routing.routes import RouteBook
from optimizer.planning.shipment import Shipment
from optimizer.quantities import KG_PER_T

Key = tuple[str, str, int]
"""Terminal, cargo group, day of the plan."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """An accepted plan and, of its shipments, those whose waybill is issued (None: all that it had planned)."""

    plan: Plan
    shipment_ids: frozenset[str] | None = None


@dataclass
class Held:
    """What stays: ``shipments`` by id, ``tours`` of own and hired hulls, ``bought`` sailings; ``moved`` says of every
    other shipment of the accepted plan why not. ``issued_only``: as :class:`Accepted` had it."""

    book: VoyageBook
    accepted: Plan
    shipments: dict[str, HeldShipment]
    moved: dict[str, Why]
    tours: tuple[Tour, ...] = ()
    bought: tuple[Voyage, ...] = ()
    last_number: int = 0
    bases: Mapping[tuple[str, str], set[str]] = field(default_factory=dict)
    issued_only: bool = False

    @cached_property
    def loads_kg(self) -> Counter[str]:
        """Kilograms kept aboard each voyage."""
        loads: Counter[str] = Counter()
        for held in self.shipments.values():
            for lot in held.lots:
                loads.update(dict.fromkeys(lot.voyage_ids, lot.mass_kg))
        return loads

    @property
    def voyages(self) -> list[Voyage]:
        """Every voyage that stays, those of hulls first."""
        return [*(voyage for tour in self.tours for voyage in tour.voyages), *self.bought]

    @cached_property
    def handled_kg(self) -> Counter[Key]:
        """Kilograms of kept cargo by terminal, cargo group and day on which the work begins."""
        handled: Counter[Key] = Counter()
        for held in self.shipments.values():
            group = self.book.network.cargo[held.shipment.cargo_code].cargo_group
            for lot in held.lots:
                for leg in lot.legs:
                    if leg.role == "hub":
                        handled[(leg.origin, group, day_of(self.book, leg.departs_at))] += lot.mass_kg
        return handled

    @cached_property
    def passings(self) -> Passings:
        """Lock passages of the hulls that stay."""
        return passings(self.voyages, self.book)


def hold(
    accepted: Accepted,
    shipments: Sequence[Shipment],
    book: RouteBook,
    grid: Grid,
    offers: Sequence[Offer] = (),
    later_ids: Collection[str] = (),
) -> Held:
    """What stays of an accepted plan on the network of today. ``shipments``: those of the new file within the new
    horizon; ``later_ids``: its others."""
    return _Holding(accepted, shipments, book, grid, offers, later_ids).run()


class _Holding:
    def __init__(
        self,
        accepted: Accepted,
        shipments: Sequence[Shipment],
        book: RouteBook,
        grid: Grid,
        offers: Sequence[Offer],
        later_ids: Collection[str],
    ) -> None:
        self.plan, self.network = accepted.plan, book.network
        self.issued_only = accepted.shipment_ids is not None
        self.today = {shipment.shipment_id: shipment for shipment in shipments}
        self.voyages = {voyage.voyage_id: voyage for voyage in accepted.plan.voyages}
        self.offers = {offer.sailing_id: offer for offer in offers}
        self.book = VoyageBook(book, grid, {name: offer.capacity_kg for name, offer in self.offers.items()})
        self.trouble = {name: why for name, v in self.voyages.items() if (why := self._trouble(v)) is not None}
        self.moved: dict[str, Why] = {}
        self.kept: dict[str, HeldShipment] = {}
        finder = ChainFinder(book, grid, self.voyages)
        for planned in accepted.plan.shipments:
            shipment = self.today.get(planned.shipment_id)
            if planned.status != "planned":
                self.moved[planned.shipment_id] = Why("left_out")
            elif shipment is None:
                gone = "after_horizon" if planned.shipment_id in later_ids else "missing"
                self.moved[planned.shipment_id] = Why(gone)
            elif accepted.shipment_ids is not None and planned.shipment_id not in accepted.shipment_ids:
                self.moved[planned.shipment_id] = Why("not_issued")
            else:
                self._admit(finder.held(planned, shipment), planned)
        own = [int(name[1:]) for name in self.voyages if OWN_VOYAGE_ID.fullmatch(name)]
        self.last_number = max(own, default=0)

    def _admit(self, found: HeldShipment | Why, planned: PlannedShipment) -> None:
        names = [leg.voyage_id for lot in planned.lots for leg in lot.legs if leg.voyage_id]
        why = next((self.trouble[name] for name in names if name in self.trouble), None)
        # Of two reasons the one that a planner looks for comes first: what stops the voyage, not what follows from it.
        if isinstance(found, Why):
            self.moved[planned.shipment_id] = why if why is not None and found.code == "way_changed" else found
        elif why is not None:
            self.moved[planned.shipment_id] = why
        else:
            self.kept[planned.shipment_id] = found

    def _trouble(self, voyage: Voyage) -> Why | None:
        if voyage.offer is not None and not _still_offered(voyage, self.offers.get(voyage.voyage_id)):
            return Why("voyage_gone", named(voyage.voyage_id))
        kind = voyage.vessel_class, voyage.market
        if voyage.offer is None and kind not in {(e.vessel_class, e.market) for e in self.network.fleet if e.count}:
            return Why("vessel_gone", named(voyage.vessel_id))
        return self.book.trouble(voyage)

    def run(self) -> Held:
        """Let go until everything holds."""
        while True:
            found = self._held(self._tours())
            if not (self._shed(found) or self._astray(found) or self._over(found)):
                return found

    def _held(self, tours: Sequence[Tour]) -> Held:
        loads = self._loads()
        bought = tuple(v for name, v in self.voyages.items() if v.offer is not None and loads[name])
        bases: dict[tuple[str, str], set[str]] = defaultdict(set)
        for entry in self.network.fleet:
            bases[(entry.vessel_class, entry.market)].add(entry.location_id)
        sailing = {voyage.voyage_id for tour in tours for voyage in tour.voyages}
        own = [int(name[1:]) for name in sailing if OWN_VOYAGE_ID.fullmatch(name)]
        return Held(
            self.book,
            self.plan,
            self.kept,
            self.moved,
            tuple(tours),
            bought,
            max([self.last_number, *own]),
            bases,
            self.issued_only,
        )

    def _loads(self) -> Counter[str]:
        return Held(self.book, self.plan, self.kept, self.moved).loads_kg

    def _open(self) -> set[str]:
        """Voyages without kept cargo of which some shipment is to be planned anew."""
        loads = self._loads()
        return {
            leg.voyage_id
            for planned in self.plan.shipments
            if planned.shipment_id in self.moved and planned.shipment_id in self.today
            for lot in planned.lots
            for leg in lot.legs
            if leg.voyage_id and not loads[leg.voyage_id] and leg.voyage_id not in self.trouble
        }

    def _tours(self) -> list[Tour]:
        """Whole tours first, then the mended ones in the passages that these leave."""
        loads = self._loads()
        hulls = {self.voyages[name].vessel_id for name in loads if self.voyages[name].offer is None}
        wanted = Counter(dict.fromkeys(self._open(), 1)) + loads
        tours = [tour for tour in tours_of(self.plan) if tour.vessel_id in hulls]
        used: Passings = Counter()
        mender = TourMender(self.book, self.trouble, count(self.last_number + 1), used)
        whole = [tour for tour in tours if mender.whole(tour, wanted)]
        used.update(passings([voyage for tour in whole for voyage in tour.voyages], self.book))
        broken = [tour for tour in tours if not mender.whole(tour, wanted)]
        mended = [found for tour in broken if (found := mender.mended(tour, wanted, tour.ends[1])) is not None]
        return self._brought_home([*whole, *mended], wanted, mender)

    def _brought_home(self, tours: list[Tour], wanted: Mapping[str, int], mender: TourMender) -> list[Tour]:
        """As many hulls at each place in the end as began there. Where kept tours do not balance, empty hulls that made
        up for it still do; where that is not enough, each kept hull goes home itself."""
        tours = [*tours, *self._balancing(tours, mender)]
        lost = {key[:2] for key, more in _balance(tours).items() if more}
        done: list[Tour | None] = []
        for tour in tours:
            if tour.ends[0] != tour.ends[1] and tour.kind in lost:
                mender.used.subtract(passings(tour.voyages, self.book))
                done.append(mender.mended(tour, wanted, tour.ends[0]))
            else:
                done.append(tour)
        return sorted((tour for tour in done if tour is not None), key=lambda tour: tour.vessel_id)

    def _balancing(self, tours: Sequence[Tour], mender: TourMender) -> list[Tour]:
        """Tours of the accepted plan without cargo that bring hulls where kept tours leave one missing: all of a class
        and market where that settles it, otherwise each that helps."""
        balance, hulls = _balance(tours), {tour.vessel_id for tour in tours}
        lost = {key[:2] for key, more in balance.items() if more}
        idle = [
            tour
            for tour in tours_of(self.plan)
            if tour.kind in lost and tour.vessel_id not in hulls and tour.ends[0] != tour.ends[1]
            if all(voyage.empty for voyage in tour.voyages)
        ]
        settled = {kind for kind in lost if not any(_balance([*tours, *idle], kind).values())}
        found: list[Tour] = []
        for tour in idle:
            start, end = ((*tour.kind, place) for place in tour.ends)
            helps = tour.kind in settled or (balance[start] < 0 < balance[end])
            if helps and mender.can_sail(tour) and not self._without_hull([*tours, *found, tour]):
                mender.used.update(passings(tour.voyages, self.book))
                balance[start] += 1
                balance[end] -= 1
                found.append(tour)
        return found

    def _let_go(self, names: Collection[str], why: Why) -> bool:
        for name in names:
            if name in self.kept:
                del self.kept[name]
                self.moved[name] = why
        return bool(names)

    def _aboard(self, voyage_id: str) -> dict[str, int]:
        """Kilograms of each kept shipment on a voyage."""
        aboard: Counter[str] = Counter()
        for name, held in self.kept.items():
            for lot in held.lots:
                if voyage_id in lot.voyage_ids:
                    aboard[name] += lot.mass_kg
        return aboard

    def _shed(self, found: Held) -> bool:
        """Shipments that a voyage can carry no more, and those of offers that fell below their least load."""
        gone = False
        for voyage_id, load_kg in sorted(found.loads_kg.items()):
            voyage = self.voyages[voyage_id]
            over_kg = load_kg - self.book.capacity_kg(voyage)
            if over_kg > 0:
                tonnes = f"{voyage_id}, {self.book.capacity_kg(voyage) / KG_PER_T:,.3f} t < {load_kg / KG_PER_T:,.3f} t"
                gone |= self._let_go(fewest(self._aboard(voyage_id), over_kg), Why("shallow", named(tonnes)))
            elif voyage.offer is not None and load_kg < voyage.offer.least_kg:
                gone |= self._let_go(list(self._aboard(voyage_id)), Why("below_least", named(voyage_id)))
        return gone

    def _astray(self, found: Held) -> bool:
        """Shipments whose voyage is on no tour any more, and those of hulls that the fleet no longer has."""
        sailing = {voyage.voyage_id for voyage in found.voyages}
        gone = False
        for voyage_id in sorted(found.loads_kg.keys() - sailing):
            gone |= self._let_go(list(self._aboard(voyage_id)), Why("vessel_late", named(voyage_id)))
        if gone:
            return True
        for tour in self._without_hull(found.tours):
            names = [name for voyage in tour.voyages for name in self._aboard(voyage.voyage_id)]
            gone |= self._let_go(names, Why("vessel_gone", named(tour.vessel_id)))
        return gone

    def _without_hull(self, tours: Sequence[Tour]) -> list[Tour]:
        """Tours for which there is no hull by the time they begin, those with the least kept cargo."""
        loads, lost = self._loads(), []
        homes: dict[tuple[str, str, str], list[Tour]] = defaultdict(list)
        for tour in tours:
            first = tour.voyages[0]
            homes[(first.vessel_class, first.market, first.origin)].append(tour)
        for home, starts in homes.items():
            entries = [e for e in self.network.fleet if (e.vessel_class, e.market, e.location_id) == home]
            free = sorted(entry.available_from for entry in entries for _ in range(entry.count))
            begun: list[Tour] = []
            for tour in sorted(starts, key=lambda tour: (tour.voyages[0].berth_from, tour.vessel_id)):
                begun.append(tour)
                if len(begun) > sum(moment <= tour.voyages[0].berth_from for moment in free):
                    least = min(begun, key=lambda t: (sum(loads[v.voyage_id] for v in t.voyages), t.vessel_id))
                    begun.remove(least)
                    lost.append(least)
        return lost

    def _over(self, found: Held) -> bool:
        return self._over_locks(found) or self._over_terminals(found)

    def _over_locks(self, found: Held) -> bool:
        """Shipments of the voyages with the least aboard, where a lock has fewer passages than are kept."""
        gone = False
        for (lock_id, day), vessels in sorted(found.passings.items()):
            over = vessels - self.network.locks[lock_id].vessels_per_day
            if over <= 1e-9:
                continue
            behind = [
                (sum(self._aboard(name).values()), name)
                for tour in found.tours
                for number, voyage in enumerate(tour.voyages)
                if any((lock.lock_id, day_of(self.book, lock.at)) == (lock_id, day) for lock in voyage.locks)
                for name in [_served(tour, number, found.loads_kg)]
                if name
            ]
            for _, name in sorted(set(behind))[: max(1, int(over))]:
                gone |= self._let_go(list(self._aboard(name)), Why("lock_full", named(f"{lock_id}, {name}")))
            if gone:
                return True
        return gone

    def _over_terminals(self, found: Held) -> bool:
        gone = False
        lots: Counter[Key] = Counter()
        users: dict[Key, Counter[str]] = defaultdict(Counter)
        for name, held in self.kept.items():
            group = self.network.cargo[held.shipment.cargo_code].cargo_group
            for lot in held.lots:
                for leg in lot.legs:
                    if leg.role == "hub":
                        key = (leg.origin, group, day_of(self.book, leg.departs_at))
                        users[key][name] += lot.mass_kg
                        lots[key] += 1
        for key, handled_kg in sorted(found.handled_kg.items()):
            terminal = self.network.terminals.get(key[:2])
            most_kg = 0.0 if terminal is None else terminal.handling_t_per_day * KG_PER_T
            # Lots are whole kilograms: each may be half a kilogram above its exact share.
            if handled_kg > most_kg + lots[key]:
                aboard = {name: kg for name, kg in users[key].items() if name in self.kept}
                names = fewest(aboard, handled_kg - most_kg)
                gone |= self._let_go(names, Why("terminal_full", named(f"{key[0]}, {key[1]}")))
        return gone


def _balance(tours: Sequence[Tour], kind: tuple[str, str] | None = None) -> Counter[tuple[str, str, str]]:
    """Hulls that began at a place less those that end there, by class, market and place; of one ``kind`` or of all."""
    balance: Counter[tuple[str, str, str]] = Counter()
    for tour in tours if kind is None else [tour for tour in tours if tour.kind == kind]:
        balance[(*tour.kind, tour.ends[0])] += 1
        balance[(*tour.kind, tour.ends[1])] -= 1
    return balance


def fewest(aboard: Mapping[str, int], over_kg: float) -> list[str]:
    """Shipments that weigh at least ``over_kg`` together: the lightest one that does, or else the heaviest and on."""
    left, chosen = dict(aboard), []
    while over_kg > 0 and left:
        enough = [(kg, name) for name, kg in left.items() if kg >= over_kg]
        kg, name = min(enough) if enough else max((kg, name) for name, kg in left.items())
        chosen.append(name)
        over_kg -= kg
        del left[name]
    return chosen


def _served(tour: Tour, number: int, loads: Mapping[str, int]) -> str:
    """The voyage with kept cargo that a voyage of a tour is, leads to, or comes from; empty without one."""
    names = [voyage.voyage_id for voyage in tour.voyages]
    order = [*names[number:], *reversed(names[:number])]
    return next((name for name in order if loads.get(name, 0) > 0), "")


def _still_offered(voyage: Voyage, offer: Offer | None) -> bool:
    """Whether a carrier still offers what was bought."""
    if offer is None:
        return False
    terms = OfferTerms(offer.carrier_id, offer.fixed_yuan, offer.price_yuan_per_t, offer.least_kg)
    same = (offer.vessel_class, offer.origin, offer.destination, offer.departs_at, offer.arrives_at)
    sailed = (voyage.vessel_class, voyage.origin, voyage.destination, voyage.departs_at, voyage.arrives_at)
    fits = voyage.cargo_group in offer.cargo_groups and offer.capacity_kg >= voyage.capacity_kg
    return terms == voyage.offer and same == sailed and fits


def rest_of(held: Held, shipments: Sequence[Shipment]) -> list[Shipment]:
    """What is to be planned."""
    return [shipment for shipment in shipments if shipment.shipment_id not in held.shipments]
