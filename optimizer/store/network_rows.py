"""Proposals, releases and withdrawals of networks: rows in, records out. A part of ``Session``."""

from __future__ import annotations

import base64
from datetime import datetime

from sqlalchemy import func, insert, select

from optimizer.network.releases import NetworkProposal, NetworkRelease, NetworkWithdrawal
from optimizer.store.factor_rows import FactorRows
from optimizer.store.factor_tables import factor_records
from optimizer.store.network_tables import network_records
from optimizer.store.rows import record_of_document
from optimizer.waybills.codec import Record, to_json, to_plain

RELEASE, PROPOSE, WITHDRAW = "RELEASE", "PROPOSE", "WITHDRAW"


class NetworkRows(FactorRows):
    """The part of a session that knows which tables were proposed and released: networks, and factors."""

    def add_network_proposal(self, proposal: NetworkProposal, archive: bytes) -> None:
        """Append a proposal with its tables."""
        text = base64.b64encode(archive).decode()
        self._add_network_record(
            PROPOSE, proposal.proposal_id, proposal.proposed_by, proposal.proposed_at, proposal, text
        )

    def add_network_release(self, release: NetworkRelease) -> None:
        """Append a release."""
        self._add_network_record(RELEASE, release.proposal_id, release.released_by, release.released_at, release, "")

    def add_network_withdrawal(self, gone: NetworkWithdrawal) -> None:
        """Append a withdrawal."""
        self._add_network_record(WITHDRAW, gone.proposal_id, gone.withdrawn_by, gone.withdrawn_at, gone, "")

    def network_proposals(self) -> list[NetworkProposal]:
        """All proposals, oldest first, without their tables."""
        return self._network_documents(PROPOSE, NetworkProposal)

    def network_releases(self) -> list[NetworkRelease]:
        """All releases, oldest first."""
        return self._network_documents(RELEASE, NetworkRelease)

    def network_withdrawals(self) -> list[NetworkWithdrawal]:
        """All withdrawals, oldest first."""
        return self._network_documents(WITHDRAW, NetworkWithdrawal)

    def network_archive(self, proposal_id: str) -> bytes | None:
        """The tables of a proposal as they were packed."""
        table = network_records
        query = select(table.c.archive).where(table.c.kind == PROPOSE, table.c.proposal_id == proposal_id)
        text = self._connection.execute(query).scalar_one_or_none()
        return None if text is None else base64.b64decode(text)

    def releases_mark(self) -> tuple[int, int]:
        """How many releases of networks and of factors there are: what is in force changes only with these."""
        networks, factors = (
            int(
                self._connection.execute(
                    select(func.count()).select_from(table).where(table.c.kind == RELEASE)
                ).scalar_one()
            )
            for table in (network_records, factor_records)
        )
        return networks, factors

    def _network_documents(self, kind: str, record: type[Record]) -> list[Record]:
        table = network_records
        query = select(table.c.proposal_id, table.c.document).where(table.c.kind == kind)
        rows = self._connection.execute(query.order_by(table.c.recorded_at, table.c.proposal_id))
        return [
            record_of_document(record, document, f"网络记录 {proposal}", f"network record {proposal}")
            for proposal, document in rows
        ]

    def _add_network_record(
        self, kind: str, proposal_id: str, login: str, at: datetime, record: object, archive: str
    ) -> None:
        row = {"kind": kind, "proposal_id": proposal_id, "login": login, "recorded_at": to_plain(at)}
        row |= {"document": to_json(record), "archive": archive}
        self._connection.execute(insert(network_records), [row])
