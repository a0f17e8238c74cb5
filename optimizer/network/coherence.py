"""Checks beyond the schema (first version: see below)."""

from __future__ import annotations

from collections.abc import Mapping

from optimizer.errors import Fault
from optimizer.network.tables import Table


def coherence_faults(tables: Mapping[str, Table]) -> list[Fault]:
    """All faults of coherence."""
    return []
