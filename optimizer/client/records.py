"""What the API answers, as frozen records. Unknown keys are passed over, so that a newer server may say more.

Amounts are decimals with all the digits that were sent; units stand in the names.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, slots=True)
class Text:
    """A sentence in both languages."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class FieldError:
    """One fault of what was sent: where (a JSON pointer), what kind, and a sentence."""

    pointer: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Amounts:
    """Cost, emissions (WTW and the TTW part) and time of an option, or what it saves against the road."""

    cost_yuan: Decimal
    co2e_ttw_kg: Decimal
    co2e_wtw_kg: Decimal
    duration_h: Decimal


@dataclass(frozen=True, slots=True)
class Option:
    """One way to carry a shipment; ``legs`` as the API writes them."""

    kind: str
    title: Text
    labels: tuple[str, ...]
    departs_at: datetime
    arrives_at: datetime
    late_h: Decimal
    amounts: Amounts
    saving: Amounts
    legs: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Quote:
    """Options for one shipment beside the road. ``water`` is None where no water route exists; ``calculation`` is there
    when the quote was asked to explain itself."""

    verdict: Text
    baseline: Option
    options: tuple[Option, ...]
    water: Option | None = None
    calculation: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class QuoteResult:
    """One record of a bulk request: ``quoted`` or ``refused``."""

    status: str
    quote: Quote | None = None
    errors: tuple[FieldError, ...] = ()


@dataclass(frozen=True, slots=True)
class WaybillVersion:
    """A version of a waybill: what it changed of the one before, and why; ``waybill`` is the whole document."""

    number: str
    version: int
    issued_at: datetime
    changed: tuple[str, ...]
    reason: str
    waybill: dict[str, Any]


@dataclass(frozen=True, slots=True)
class RecordResult:
    """What became of one record sent: a shipment (``new``, ``changed``, ``known``, ``refused``) or an event
    (``accepted``, ``known``, ``refused``)."""

    status: str
    shipment_id: str = ""
    event_id: str = ""
    version: int = 0
    errors: tuple[FieldError, ...] = ()

    @property
    def refused(self) -> bool:
        """Whether the record was not taken."""
        return self.status == "refused"


@dataclass(frozen=True, slots=True)
class Progress:
    """How a plan stands: yuan of the best plan so far and of the proven bound; None while unknown."""

    stage: str = ""
    incumbent_yuan: float | None = None
    bound_yuan: float | None = None
    gap: float | None = None
    columns: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class PlanRunItem:
    """A plan in the background. ``state``: queued, running, done, failed."""

    run_id: str
    state: str
    shipments: int
    created_at: datetime
    progress: Progress = Progress()
    cancelled: bool = False
    failure: str = ""

    @property
    def over(self) -> bool:
        """Whether nothing more will happen."""
        return self.state in ("done", "failed")


@dataclass(frozen=True, slots=True)
class FrontierPoint:
    """One plan of a frontier, ``run_id`` the plan's. ``weighed_yuan`` counts time and lateness too;
    ``marginal_yuan_per_t``: what each tonne of CO2e costs to avoid since the cheaper neighbour."""

    run_id: str
    cost_yuan: Decimal
    weighed_yuan: Decimal
    co2e_wtw_t: Decimal
    water_share_t: Decimal
    gap: float
    status: str
    marginal_yuan_per_t: Decimal = Decimal(0)
    carbon_price_yuan_per_t: Decimal = Decimal(0)
    co2e_cap_t: Decimal | None = None


@dataclass(frozen=True, slots=True)
class FrontierItem:
    """A frontier in the background, and its points in order of cost once it is done."""

    run_id: str
    state: str
    shipments: int
    points_asked: int
    created_at: datetime
    progress: Progress = Progress()
    cancelled: bool = False
    failure: str = ""
    points: tuple[FrontierPoint, ...] = ()
    dominated: int = 0

    @property
    def over(self) -> bool:
        """Whether nothing more will happen."""
        return self.state in ("done", "failed")


@dataclass(frozen=True, slots=True)
class IssuedWaybill:
    """A waybill that accepting a plan issued."""

    number: str
    shipment_id: str
    version: int


@dataclass(frozen=True, slots=True)
class WaybillItem:
    """A waybill in a list."""

    number: str
    version: int
    shipment_id: str
    operator_id: str
    consignor_id: str
    consignee_id: str
    cargo_code: str
    declared_mass_kg: int
    place_of_receipt: str
    place_of_delivery: str
    issued_at: datetime


@dataclass(frozen=True, slots=True)
class AccountItem:
    """An account that the user may read, and the months that have entries."""

    account_id: str
    domain: str
    party_id: str
    credit_code: str
    name_zh: str
    name_en: str
    periods: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A signed head of the sealed log; ``checkpoint`` is the note to keep."""

    size: int
    root: str
    sealed_at: datetime
    checkpoint: str


@dataclass(frozen=True, slots=True)
class WebhookItem:
    """A webhook; ``secret`` only in the answer that made it."""

    webhook_id: str
    url: str
    topics: tuple[str, ...]
    state: str
    failures: int = 0
    last_outcome: str = ""
    secret: str = ""
