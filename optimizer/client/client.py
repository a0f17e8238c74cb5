"""The verbs of the API. Each says which operation of ``/api/openapi.json`` it calls."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import httpx

from optimizer.client.http import TIMEOUT_S, Http
from optimizer.client.records import (
    AccountItem,
    Checkpoint,
    FrontierItem,
    IssuedWaybill,
    PlanRunItem,
    Quote,
    QuoteResult,
    RecordResult,
    WaybillItem,
    WaybillVersion,
    WebhookItem,
)

JsonRecord = Mapping[str, Any]
LOOK_EVERY_S = 1.0


class Client:
    """One server, as one user (``token``; without, only what is open to all). Use it with ``with``.

    Every verb raises :class:`~optimizer.client.http.ApiProblemError` when the server refuses, with all faults of
    what was sent.
    """

    def __init__(  # an empty token is no password: it asks as a stranger # nosec B107
        self,
        base_url: str,
        token: str = "",
        *,
        lang: str = "en",
        timeout_s: float = TIMEOUT_S,
        transport: httpx.BaseTransport | None = None,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._http = Http(base_url, token, lang=lang, timeout_s=timeout_s, transport=transport, wait=wait)
        self._wait = wait

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    # What the numbers rest on

    def meta(self) -> dict[str, Any]:
        """showMeta: versions, cargo classes, limits."""
        return self._http.get(dict[str, Any], "/api/v1/meta")

    def locations(self) -> Iterator[dict[str, Any]]:
        """listLocations."""
        return self._http.pages(dict[str, Any], "/api/v1/locations")

    def factors(self) -> Iterator[dict[str, Any]]:
        """listFactors."""
        return self._http.pages(dict[str, Any], "/api/v1/factors")

    # Quotes

    def quote(self, *, explain: bool = False, **shipment: object) -> Quote:
        """makeQuote: the columns of a shipment as keywords (``origin``, ``destination``, ``cargo_code``, ``mass_t``,
        ``ready_at``, ``due_at`` ...)."""
        return self._http.post(Quote, "/api/v1/quotes", shipment, explain=explain or None)

    def quotes(self, shipments: Sequence[JsonRecord], *, explain: bool = False) -> list[QuoteResult]:
        """makeQuotes: one result for each, in their order."""
        answer = self._http.post(
            dict[str, list[QuoteResult]], "/api/v1/quotes/bulk", shipments, explain=explain or None
        )
        return answer["results"]

    # Shipments and plans

    def submit_shipments(self, shipments: Sequence[JsonRecord], *, key: str = "") -> list[RecordResult]:
        """submitShipments: one result for each, in their order; good ones are kept whatever becomes of the others."""
        return self._http.post(dict[str, list[RecordResult]], "/api/v1/shipments", shipments, key)["results"]

    def shipments(self) -> Iterator[dict[str, Any]]:
        """listShipments."""
        return self._http.pages(dict[str, Any], "/api/v1/shipments")

    def shipment(self, shipment_id: str) -> dict[str, Any]:
        """showShipment."""
        return self._http.get(dict[str, Any], f"/api/v1/shipments/{shipment_id}")

    def withdraw_shipment(self, shipment_id: str) -> None:
        """withdrawShipment."""
        self._http.send("DELETE", f"/api/v1/shipments/{shipment_id}")

    def begin_plan(
        self, *, shipment_ids: Sequence[str] | None = None, key: str = "", **settings: object
    ) -> PlanRunItem:
        """beginPlan: settings as keywords (``carbon_price_yuan_per_t``, ``gap``, ``time_limit_s``, ``seed`` ...), among
        them ``sailings``, a list of what carriers offer, and ``own_voyages``."""
        body = {**settings, **({} if shipment_ids is None else {"shipment_ids": list(shipment_ids)})}
        return self._http.post(PlanRunItem, "/api/v1/plans", body, key)

    def plans(self) -> list[PlanRunItem]:
        """listPlans: the newest."""
        return self._http.get(dict[str, list[PlanRunItem]], "/api/v1/plans")["items"]

    def plan(self, run_id: str) -> PlanRunItem:
        """showPlan."""
        return self._http.get(PlanRunItem, f"/api/v1/plans/{run_id}")

    def wait_for_plan(self, run_id: str, tell: Callable[[PlanRunItem], None] = lambda run: None) -> PlanRunItem:
        """Until it is over; ``tell`` hears how it stands about every second."""
        while not (run := self.plan(run_id)).over:
            tell(run)
            self._wait(LOOK_EVERY_S)
        return run

    def cancel_plan(self, run_id: str) -> PlanRunItem:
        """cancelPlan: it ends with the best plan so far."""
        return self._http.post(PlanRunItem, f"/api/v1/plans/{run_id}/cancel", {})

    def plan_document(self, run_id: str) -> dict[str, Any]:
        """showPlanDocument: PLAN.json."""
        return self._http.get(dict[str, Any], f"/api/v1/plans/{run_id}/document")

    def accept_plan(self, run_id: str, shipment_ids: Sequence[str] | None = None) -> list[IssuedWaybill]:
        """acceptPlan: all of it, or some of its shipments."""
        body = {} if shipment_ids is None else {"shipment_ids": list(shipment_ids)}
        return self._http.post(dict[str, list[IssuedWaybill]], f"/api/v1/plans/{run_id}/accept", body)["waybills"]

    # Frontiers

    def begin_frontier(
        self, *, points: int = 7, shipment_ids: Sequence[str] | None = None, key: str = "", **settings: object
    ) -> FrontierItem:
        """beginFrontier: so many plans from the cheapest to the cleanest; settings as keywords (``gap``,
        ``time_limit_s``, ``horizon_days``, ``seed``)."""
        named = {} if shipment_ids is None else {"shipment_ids": list(shipment_ids)}
        return self._http.post(FrontierItem, "/api/v1/frontiers", {**settings, **named, "points": points}, key)

    def frontiers(self) -> list[FrontierItem]:
        """listFrontiers: the newest, without their points."""
        return self._http.get(dict[str, list[FrontierItem]], "/api/v1/frontiers")["items"]

    def frontier(self, run_id: str) -> FrontierItem:
        """showFrontier: how it stands, and once it is done its points."""
        return self._http.get(FrontierItem, f"/api/v1/frontiers/{run_id}")

    def wait_for_frontier(
        self, run_id: str, tell: Callable[[FrontierItem], None] = lambda frontier: None
    ) -> FrontierItem:
        """Until it is over; ``tell`` hears how it stands about every second."""
        while not (found := self.frontier(run_id)).over:
            tell(found)
            self._wait(LOOK_EVERY_S)
        return found

    def cancel_frontier(self, run_id: str) -> FrontierItem:
        """cancelFrontier: it keeps the points found so far."""
        return self._http.post(FrontierItem, f"/api/v1/frontiers/{run_id}/cancel", {})

    # Waybills

    def waybills(self, beginning: str = "") -> Iterator[WaybillItem]:
        """listWaybills: those in scope whose number or shipment id begins so."""
        return self._http.pages(WaybillItem, "/api/v1/waybills", q=beginning)

    def waybill(self, number: str) -> dict[str, Any]:
        """showWaybill: the document, its three states, its entries."""
        return self._http.get(dict[str, Any], f"/api/v1/waybills/{number}")

    def events(self, number: str) -> list[dict[str, Any]]:
        """listEvents, in order of arrival."""
        return self._http.get(dict[str, list[dict[str, Any]]], f"/api/v1/waybills/{number}/events")["items"]

    def lot_sheet(self, number: str, lot_no: int) -> dict[str, Any]:
        """showLotSheet: how a settled lot was reckoned, line by line."""
        return self._http.get(dict[str, Any], f"/api/v1/waybills/{number}/lots/{lot_no}/sheet")

    def report(self, number: str, events: Sequence[JsonRecord], *, key: str = "") -> list[RecordResult]:
        """reportEvents: one result for each, in their order."""
        answer = self._http.post(dict[str, list[RecordResult]], f"/api/v1/waybills/{number}/events", events, key)
        return answer["results"]

    def waybill_versions(self, number: str) -> list[WaybillVersion]:
        """listWaybillVersions, the first one first."""
        return self._http.get(dict[str, list[WaybillVersion]], f"/api/v1/waybills/{number}/versions")["items"]

    def amend_waybill(self, number: str, *, reason: str, key: str = "", **change: object) -> WaybillVersion:
        """amendWaybill: changes as keywords (``due_at``, ``consignee_id``, ``lots``, ``legs`` ..., and ``version``:
        the one that was seen); without any the amendment is only opened."""
        return self._http.post(WaybillVersion, f"/api/v1/waybills/{number}/versions", {**change, "reason": reason}, key)

    def withdraw_amendment(self, number: str, *, reason: str, key: str = "") -> WaybillVersion:
        """withdrawAmendment: the version that stood is in force again."""
        path = f"/api/v1/waybills/{number}/amendment/withdraw"
        return self._http.post(WaybillVersion, path, {"reason": reason}, key)

    # Accounts

    def accounts(self) -> list[AccountItem]:
        """listAccounts."""
        return self._http.get(dict[str, list[AccountItem]], "/api/v1/accounts")["items"]

    def account(self, account_id: str) -> AccountItem:
        """showAccount."""
        return self._http.get(AccountItem, f"/api/v1/accounts/{account_id}")

    def savings(self, by: Sequence[str] = ("month",), **filters: str) -> dict[str, Any]:
        """listSavings: settled lots summed by groups, amounts in g, kg, kg·km and fen, and the bound of the whole city.
        ``filters``: only lots of these groups, as ``period="2026-10"``."""
        return self._http.get(dict[str, Any], "/api/v1/savings", by=",".join(by), **filters)

    def statement(self, account_id: str, period: str, *, at_size: int | None = None) -> dict[str, Any]:
        """showStatement as JSON; ``at_size``: as the books stood when the tree had so many entries."""
        return self._http.get(dict[str, Any], f"/api/v1/accounts/{account_id}/statements/{period}", at_size=at_size)

    def statement_file(self, account_id: str, period: str, form: str) -> bytes:
        """showStatement as ``csv``, ``xlsx`` or ``pdf``."""
        path = f"/api/v1/accounts/{account_id}/statements/{period}"
        return self._http.send("GET", path, query={"format": form}).content

    def bank_report(self, account_id: str, period: str) -> dict[str, Any]:
        """showBankReport as JSON."""
        return self._http.get(dict[str, Any], f"/api/v1/accounts/{account_id}/report/{period}")

    def checkpoints(self) -> Iterator[Checkpoint]:
        """listCheckpoints: signed heads, newest first."""
        return self._http.pages(Checkpoint, "/api/v1/ledger/checkpoints")

    def proof(self, entry: str) -> dict[str, Any]:
        """showProof of ``transaction:ID`` or another ``kind:ID``."""
        return self._http.get(dict[str, Any], f"/api/v1/ledger/entries/{entry}/proof")

    # Webhooks

    def webhooks(self) -> list[WebhookItem]:
        """listWebhooks."""
        return self._http.get(dict[str, list[WebhookItem]], "/api/v1/webhooks")["items"]

    def webhook(self, webhook_id: str) -> WebhookItem:
        """showWebhook."""
        return self._http.get(WebhookItem, f"/api/v1/webhooks/{webhook_id}")

    def add_webhook(self, url: str, topics: Sequence[str]) -> WebhookItem:
        """addWebhook: the answer holds the secret, once."""
        return self._http.post(WebhookItem, "/api/v1/webhooks", {"url": url, "topics": list(topics)})

    def remove_webhook(self, webhook_id: str) -> None:
        """removeWebhook."""
        self._http.send("DELETE", f"/api/v1/webhooks/{webhook_id}")
