"""A chains file of any size for measuring: door-to-door chains of barge, terminals and truck."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

ROWS_PER_CHAIN = 4
VESSELS = ("400-649", "650-999", "1000-1499")
LARGEST_T = 2000.0
LONGEST_KM = 900.0


def write_chains(path: Path, legs: int, seed: int) -> None:
    """Write ``legs`` rows (rounded down to whole chains): a barge by its class, a lift at each end by its electricity,
    a truck by its logged diesel. The same arguments give the same bytes."""
    random = np.random.default_rng(seed)
    chains = legs // ROWS_PER_CHAIN
    rows = chains * ROWS_PER_CHAIN
    number = np.arange(chains)
    ids = np.char.add("CH-", np.char.zfill(number.astype(str), 8))
    mass_t = np.repeat(np.round(random.uniform(20.0, LARGEST_T, chains), 3), ROWS_PER_CHAIN)
    distance_km = np.round(random.uniform(5.0, LONGEST_KM, rows), 1)
    vessels = np.array([f"iww-motor-vessel-{name}-wtw" for name in VESSELS])[random.integers(0, len(VESSELS), chains)]
    # Rows of a chain: barge, hub, hub, truck.
    position = np.tile(np.arange(ROWS_PER_CHAIN), chains)
    barge, truck, hub = position == 0, position == 3, (position == 1) | (position == 2)
    energy = ~barge
    table = pa.table(
        {
            "chain_id": pa.array(np.repeat(ids, ROWS_PER_CHAIN)),
            "seq": pa.array(position + 1),
            "kind": pa.array(np.where(hub, "hub", "transport")),
            "mass_t": pa.array(mass_t),
            "distance_km": pa.array(distance_km, mask=hub),
            "factor_id": pa.array(np.repeat(vessels, ROWS_PER_CHAIN), mask=~barge),
            "energy_carrier": pa.array(np.where(truck, "Diesel", "Electric"), mask=~energy),
            "energy_amount": pa.array(np.round(random.uniform(10.0, 3000.0, rows), 2), mask=~energy),
            "energy_unit": pa.array(np.where(truck, "kg", "kWh"), mask=~energy),
            "share": pa.array(np.round(random.uniform(0.01, 1.0, rows), 4), mask=~energy),
        }
    )
    pa_csv.write_csv(table, path, pa_csv.WriteOptions(quoting_style="none"))
