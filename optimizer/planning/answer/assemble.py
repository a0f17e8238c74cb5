"""From the solver's answer to the plan document.

The recipe is :func:`assemble`: shares become lots in whole kilograms, hull counts become voyages of named vessels,
the lots are packed into them, everything is priced in fen and grams, and sums, objective and gap are taken from those
integers, so that a reader who adds the document up finds the same figures.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from itertools import starmap
from typing import Any

from optimizer.emissions.operations import fuel_emissions
from optimizer.network.model import Network
from optimizer.planning.answer.binding import OnceMore, bindings
from optimizer.planning.answer.reasons import Reasons
from optimizer.planning.design import SOLVER_VERSION, Floats, Indices
from optimizer.planning.layout.fleetflow import FleetFlow
from optimizer.planning.layout.program import PlanProgram
from optimizer.planning.layout.timespace import TimeSpace
from optimizer.planning.plan import Leg, Lot, Plan, PlannedShipment, Voyage
from optimizer.planning.routing.routes import RouteBook
from optimizer.planning.settings import HIGHS, PlanSettings
from optimizer.planning.voyages.hulls import Move, follow_hulls, hulls_by_sailing, whole_hulls
from optimizer.planning.voyages.legs import LegPricer, Passage
from optimizer.planning.voyages.lots import SMALL_LOT_KG, Cut, cut_into_lots
from optimizer.planning.voyages.pieces import lots_aboard
from optimizer.planning.voyages.sailings import (
    Aboard,
    Borne,
    VoyageMaker,
    borne_by_lots,
    load_hulls,
    without_idle_tours,
)
from optimizer.planning.voyages.totals import (
    ShipmentPrices,
    bound_of_the_carried,
    left_by_shipment,
    objective_yuan,
    plan_totals,
    planned_shipment,
    price_of_the_left,
)
from optimizer.quantities import apportion


def assemble(
    space: TimeSpace,
    fleet: FleetFlow,
    plan: PlanProgram,
    x: Floats,
    network: Network,
    book: RouteBook,
    settings: PlanSettings,
    *,
    bound_yuan: float,
    seconds: float,
    status: str,
    row_prices: Floats,
    shipment_prices: ShipmentPrices | None = None,
    once_more: OnceMore = lambda widening: None,
) -> Plan:
    """The plan document of a solution.

    ``x`` has one entry per column of ``plan``: shares of shipments, then hull counts. ``bound_yuan`` is a lower bound
    on the program's objective, ``row_prices`` prices of its rows (at most 0 for rows with an upper limit),
    ``shipment_prices`` the bound that these prove, for what may be left behind, ``once_more`` plans again with one unit
    more of what is scarce. Raises
    SolverError when the hull counts are broken numbers or no flow.
    """
    shares, counts = x[: plan.cargo_count], whole_hulls(x[plan.cargo_count :])
    # Under a cap on CO2e nothing may go by road for the sake of round figures.
    smallest_kg = SMALL_LOT_KG if settings.co2e_cap_t is None else 1
    cut, moves, aboard = _load(space, fleet, shares, counts, smallest_kg)
    sailed = VoyageMaker(space, fleet, book).voyages(moves, aboard)
    lots = _lots(space, book, cut, aboard, sailed)
    shipments = _shipments(space, network, cut, lots, Reasons(space, plan, book, settings, row_prices))
    voyages = tuple(sailed.values())
    objective = objective_yuan(space.shipments, network, settings, shipments)
    # Whole kilograms may cost more than the shares that they come from, and then that much more is open.
    cost = max(float(plan.program.cost @ x), objective + price_of_the_left(left_by_shipment(space, shipments)))
    bound = bound_of_the_carried(bound_yuan, space, shipments, shipment_prices)
    gap = (objective - bound) / max(abs(objective), 1.0)
    return Plan(
        status=status,
        objective_yuan=objective,
        bound_yuan=bound,
        gap=gap,
        seconds=seconds,
        settings=settings_of(settings, status, gap),
        versions=versions_of(network, book),
        shipments=shipments,
        voyages=voyages,
        binding=bindings(
            plan,
            space,
            fleet,
            row_prices,
            network,
            book.graph,
            voyages,
            open_yuan=None if shipment_prices is None else cost - shipment_prices.bound_yuan,
            once_more=once_more,
        ),
        totals=plan_totals(space.shipments, shipments, voyages),
    )


def _load(
    space: TimeSpace, fleet: FleetFlow, shares: Floats, counts: Indices, smallest_kg: int
) -> tuple[Cut, list[Move], dict[Move, Aboard]]:
    """Cut shipments into lots and stow them; ``aboard`` then numbers the parts as ``Cut.parts`` does."""
    moves = follow_hulls(space, fleet, counts)
    cut = cut_into_lots(space, shares, hulls_by_sailing(fleet, counts), smallest_kg)
    while True:
        cut.hold_least()
        aboard, ashore = load_hulls(space, moves, cut.parts)
        if not ashore:
            return cut, without_idle_tours(moves, aboard), aboard
        for part in ashore:
            cut.put_ashore(part, part.mass_kg)


def _lots(
    space: TimeSpace, book: RouteBook, cut: Cut, aboard: Mapping[Move, Aboard], sailed: Mapping[Move, Voyage]
) -> dict[int, list[Lot]]:
    """The lots of each shipment, those by water first, in order of departure."""
    pricer = LegPricer(book.network, space.grid)
    parts = cut.parts
    borne = borne_by_lots(list(sailed.values()))
    lots = lots_aboard(parts, aboard, sailed)
    factor_ids = {move: _fuel_factor_ids(book, voyage) for move, voyage in sailed.items() if aboard.get(move)}
    holds: dict[Move, list[tuple[int, int]]] = defaultdict(list)
    for number, lot in enumerate(lots):
        for move in lot.moves:
            holds[move].append((number, lot.mass_kg))
    shares: dict[tuple[int, Move], Borne] = {}
    for move, hold in holds.items():
        voyage = sailed[move]
        shares.update(
            ((number, move), share) for (number, _), share in zip(hold, _split(borne, voyage, hold), strict=True)
        )
    chains: dict[int, list[tuple[int, tuple[Leg, ...]]]] = defaultdict(list)
    for number, lot in enumerate(lots):
        part = parts[lot.part]
        route, shipment = space.routes[part.route], space.shipments[part.shipment]
        passages = [Passage(sailed[move], shares[(number, move)], factor_ids[move]) for move in lot.moves]
        chains[part.shipment].append((lot.mass_kg, pricer.by_voyage(route, shipment, lot.mass_kg, passages)))
    for part in parts:
        if part.sailing is None:
            shipment = space.shipments[part.shipment]
            chains[part.shipment].append(
                (part.mass_kg, pricer.services(space.routes[part.route], shipment, part.mass_kg))
            )
    return {
        shipment: [Lot(number, mass_kg, legs) for number, (mass_kg, legs) in enumerate(items, start=1)]
        for shipment, items in chains.items()
    }


def _split(borne: Mapping[str, Borne], voyage: Voyage, hold: Sequence[tuple[int, int]]) -> list[Borne]:
    """What each lot aboard bears of a voyage, by mass."""
    if not hold:
        return []
    whole, masses = borne[voyage.voyage_id], [mass_kg for _, mass_kg in hold]
    columns = [apportion(amount, masses) for amount in (whole.cost_fen, whole.co2e_ttw_g, whole.co2e_wtw_g)]
    return list(starmap(Borne, zip(*columns, strict=True)))


def _fuel_factor_ids(book: RouteBook, voyage: Voyage) -> tuple[str, ...]:
    carrier = book.network.vessel_classes[voyage.vessel_class].energy_carrier
    return fuel_emissions(carrier, "inland_waterway", 1.0, book.factors, book.on).factor_ids


def _shipments(
    space: TimeSpace, network: Network, cut: Cut, lots: Mapping[int, list[Lot]], reasons: Reasons
) -> tuple[PlannedShipment, ...]:
    pricer = LegPricer(network, space.grid)
    done = []
    for k, shipment in enumerate(space.shipments):
        if not cut.of(k):
            why = reasons.rejected(k)
            done.append(PlannedShipment(shipment.shipment_id, "rejected", why, None, (), None, (), None, 0))
            continue
        road = reasons.road(k)
        left_kg = cut.left_kg.get(k, 0)
        baseline_legs = pricer.services(road, shipment, shipment.mass_kg - left_kg) if road is not None else ()
        planned = planned_shipment(shipment, lots[k], baseline_legs)
        if all(space.routes[part.route].kind == "road" for part in cut.of(k)):
            planned = replace(planned, on_road_because=reasons.on_road(k, had_to_leave=k in cut.ashore))
        if left_kg:
            planned = replace(planned, left_kg=left_kg, reason=reasons.left(k, left_kg))
        done.append(planned)
    return tuple(done)


def settings_of(settings: PlanSettings, status: str, gap: float) -> dict[str, Any]:
    """What was asked for, and what ended the search: gap | time_limit | the status itself."""
    stop = "gap" if gap <= settings.gap else status
    # The common solver is not named: plans from before there was a choice read the same.
    corridors = {} if settings.corridors_by == HIGHS else {"corridors_by": settings.corridors_by}
    return {
        "carbon_price_yuan_per_t": settings.carbon_price_yuan_per_t,
        "co2e_cap_t": settings.co2e_cap_t,
        "horizon_days": settings.horizon_days,
        "gap": settings.gap,
        "time_limit_s": settings.time_limit_s,
        "seed": settings.seed,
        "own_voyages": settings.own_voyages,
        **corridors,
        "stop": stop,
    }


def versions_of(network: Network, book: RouteBook) -> dict[str, str]:
    """What the plan was made with."""
    try:
        product = version("modalshift")
    except PackageNotFoundError:
        product = "0+checkout"
    return {"product": product, "network": network.version, "factors": book.factors.version, "solver": SOLVER_VERSION}
