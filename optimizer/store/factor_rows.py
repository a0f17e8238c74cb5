"""Proposals and releases of factors, and the tables that accounts were settled with. A part of ``Session``."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, insert, select

from optimizer.emissions.factor import Factor
from optimizer.emissions.factors import FactorTable
from optimizer.errors import ConflictError, Message, ModalshiftError
from optimizer.store import factor_tables
from optimizer.store.rows import record_of_document
from optimizer.waybills.codec import Record, from_json, to_json, to_plain


class FactorRows:
    """The part of a session that knows who proposed and who released factors."""

    _connection: Connection

    def add_factor_record(self, kind: str, proposal_id: str, login: str, at: datetime, record: object) -> None:
        """Append a proposal (``PROPOSE``), a release (``RELEASE``) or a withdrawal (``WITHDRAW``)."""
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
        query = select(table.c.proposal_id, table.c.document).where(table.c.kind == kind)
        rows = self._connection.execute(query.order_by(table.c.recorded_at, table.c.proposal_id))
        return [
            record_of_document(record, document, f"因子记录 {proposal}", f"factor record {proposal}")
            for proposal, document in rows
        ]

    def keep_factor_table(self, table: FactorTable, at: datetime) -> None:
        """Append a whole table under its version; one that is there already stays."""
        kept = factor_tables.factor_archive
        query = select(kept.c.factors_version).where(kept.c.factors_version == table.version)
        if self._connection.execute(query).first() is None:
            row = {"factors_version": table.version, "kept_at": to_plain(at), "document": to_json(table.factors)}
            self._connection.execute(insert(kept), [row])

    def kept_factor_table(self, version: str) -> FactorTable | None:
        """The table of that version, None where none was kept. Raises ConflictError where the rows were changed: a
        version is the digest of its rows."""
        kept = factor_tables.factor_archive
        document = self._connection.execute(
            select(kept.c.document).where(kept.c.factors_version == version)
        ).scalar_one_or_none()
        if document is None:
            return None
        table = _table(version, document)
        if table is None:
            raise ConflictError(
                Message(
                    f"存档的因子表 {version} 已被改动，与其版本号不符；请核对封存。",
                    f"The archived factor table {version} was changed: its rows are of another version; verify the"
                    " seals.",
                )
            )
        return table

    def kept_factor_tables(self) -> tuple[dict[str, FactorTable], list[str]]:
        """All tables kept, by version, and the versions whose rows were changed since."""
        kept = factor_tables.factor_archive
        tables: dict[str, FactorTable] = {}
        changed = []
        for row in self._connection.execute(select(kept).order_by(kept.c.factors_version)):
            table = _table(row.factors_version, row.document)
            if table is None:
                changed.append(row.factors_version)
            else:
                tables[row.factors_version] = table
        return tables, changed


def _table(version: str, document: str) -> FactorTable | None:
    """The table of a document; None where it is not what its version digests, or no table at all."""
    try:
        table = FactorTable(from_json(tuple[Factor, ...], document))
    except (ModalshiftError, KeyError, TypeError, ValueError, ArithmeticError):
        return None
    return table if table.version == version else None
