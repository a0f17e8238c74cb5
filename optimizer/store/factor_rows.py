"""Proposals and releases of factors: rows in, records out. A part of ``Session``."""

from __future__ import annotations

from datetime import datetime
from typing import TypeVar

from sqlalchemy import Connection, insert, select

from optimizer.store import factor_tables
from optimizer.waybills.codec import from_json, to_json, to_plain

Record = TypeVar("Record")


class FactorRows:
    """The part of a session that knows who proposed and who released factors."""

    _connection: Connection

    def add_factor_record(self, kind: str, proposal_id: str, login: str, at: datetime, record: object) -> None:
        """Append a proposal (``PROPOSE``) or a release (``RELEASE``)."""
        row = {
            "kind": kind,
            "proposal_id": proposal_id,
            "login": login,
            "recorded_at": to_plain(at),
            "document": to_json(record),
        }
        self._connection.execute(insert(factor_tables.factor_records), [row])

    def factor_records(self, kind: str, record: type[Record]) -> list[Record]:
        """All records of a kind, oldest first."""
        table = factor_tables.factor_records
        query = select(table.c.document).where(table.c.kind == kind).order_by(table.c.recorded_at, table.c.proposal_id)
        return [from_json(record, row.document) for row in self._connection.execute(query)]
