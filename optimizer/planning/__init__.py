"""Plans: shipments on the road and on the water, all of them together, with a bound that is proven.

The recipes are ``solve`` (one plan) and ``frontier`` (cost against CO2e). Rooms, each of which knows those below it:

    answer        what people read: totals, reasons, limits and their worth
    solving       the search: first plans, and plans that only get better
    bounds        what is proven: prices of rows, exact pricing, cuts
    exact         small programs, solved to the end
    keeping       accepted plans, around which others are made
    voyages       whole kilograms in named hulls: lots, packing, legs, totals
    layout        time and space: every way, the fleet as a flow, the program
    quote         one shipment, every option beside the road
    files         tables of shipments and sailings, every fault at once
    routing       from door to door, and what carrying costs
    netdesign     multicommodity network design by itself, with its public problems
    check         a plan recomputed from PLAN.json and the tables, without any of the above
    design        the one door to OR-Tools
    (modules)     what all of them share: shipment, offer, settings, plan, its document

import-linter holds the order (``pyproject.toml``).
"""
