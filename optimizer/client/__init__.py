"""A typed client of the JSON API, for programs beside the product.

    from optimizer.client import Client

    with Client("https://modalshift.example.com", token="msk_...") as api:
        quote = api.quote(origin="QJ", destination="ZP", cargo_code="steel", mass_t=800,
                          ready_at="2026-10-08T08:00:00+08:00", due_at="2026-10-18T08:00:00+08:00")
        print(quote.verdict.en, quote.options[0].saving.co2e_wtw_kg)

client    the verbs
http      requests, repetitions, problems as exceptions
records   what comes back
"""

from optimizer.client.client import Client
from optimizer.client.http import ApiProblemError
from optimizer.client.records import (
    AccountItem,
    Amounts,
    Checkpoint,
    FieldError,
    FrontierItem,
    FrontierPoint,
    IssuedWaybill,
    Option,
    PlanRunItem,
    Quote,
    QuoteResult,
    RecordResult,
    WaybillItem,
    WebhookItem,
)

__all__ = [
    "AccountItem",
    "Amounts",
    "ApiProblemError",
    "Checkpoint",
    "Client",
    "FieldError",
    "FrontierItem",
    "FrontierPoint",
    "IssuedWaybill",
    "Option",
    "PlanRunItem",
    "Quote",
    "QuoteResult",
    "RecordResult",
    "WaybillItem",
    "WebhookItem",
]
