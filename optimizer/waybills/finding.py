"""A finding: something in the records that a person should look at, named and in both languages."""

from __future__ import annotations

from dataclasses import dataclass

from optimizer.errors import Message


@dataclass(frozen=True, slots=True)
class Finding:
    """``code`` is stable and for machines; ``record`` names the row (``waybill MW…/1``, ``transaction 17``);
    ``blocks`` says that the lot may not settle while the finding stands."""

    code: str
    record: str
    message: Message
    blocks: bool = True


def lot_record(number: str, lot_no: int) -> str:
    """How findings and calculation sheets name a lot: ``waybill MW…/1``."""
    return f"waybill {number}/{lot_no}"
