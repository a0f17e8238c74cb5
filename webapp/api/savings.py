"""``GET /api/v1/savings``: settled lots summed by groups, and the 90 % bound of everything that stands."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import Response, request

from optimizer import actions
from optimizer.access.user import Permission
from optimizer.accounts.city import CITY_FILTERS, CITY_GROUPS, CityAmounts, CityGroup
from optimizer.accounts.whole import Whole
from optimizer.errors import InputError, Message
from webapp.access.visitor import require_permission
from webapp.api.account_answers import SAVINGS
from webapp.api.documented import documented
from webapp.api.replies import json_reply
from webapp.world import current_world

savings_api = APIBlueprint("savings_api", __name__, url_prefix="/api/v1", tag="Accounts")

_QUERY = {
    "by": {
        "type": "string",
        "default": "month",
        "description": f"groupings, comma-separated: {', '.join(CITY_GROUPS)}",
    },
    **{name: {"type": "string", "description": "only lots of this group"} for name in CITY_FILTERS},
}


@savings_api.get("/savings")
@documented(
    savings_api,
    "listSavings",
    "Settled lots by groups, and the 90 % bound of the whole city",
    {200: SAVINGS},
    problems=(422,),
    query=_QUERY,
)
def list_savings() -> Response:
    """Sums as ``/city`` shows them, amounts as integers in g, kg, kg·km and fen; ``whole`` is of all lots whatever the
    filters, shared errors added up over them before they are combined."""
    require_permission(Permission.READ_CITY)
    world = current_world()
    filters = {name: request.args[name] for name in CITY_FILTERS if request.args.get(name)}
    by = [name for name in request.args.get("by", "month").split(",") if name]
    totals = actions.city_totals(world.store, _groups(by), filters, world.network)
    return json_reply(
        {
            "items": [
                {
                    "keys": dict(zip(by, one.keys, strict=True)),
                    "labels_zh": list(one.labels_zh),
                    "labels_en": list(one.labels_en),
                    **_amounts(one.amounts),
                }
                for one in totals
            ],
            "whole": whole_document(actions.city_whole(world.store)),
        }
    )


def whole_document(whole: Whole) -> dict[str, Any]:
    """The bound of everything, or how many lots stand in its way."""
    found = whole.portfolio
    if found is None:
        return {"bounded": False, "lots_without_error_sources": whole.unknown}
    return {
        "bounded": True,
        "lots": found.parts,
        "boundary": "wtw_co2e",
        "expected_g": found.expected_g,
        "standard_uncertainty_g": found.standard_g,
        "lower_90_g": found.lower_g,
        "credited_lot_by_lot_g": found.credited_g,
        "largest_sources": [{"input": key, "share_of_variance": share} for key, share in found.largest],
    }


def _groups(names: list[str]) -> list[CityGroup]:
    groups: list[CityGroup] = []
    for name in names:
        group = next((one for one in CITY_GROUPS if one == name), None)
        if group is None or group in groups:
            choices = ", ".join(CITY_GROUPS)
            raise InputError(
                Message(
                    f"不能按“{name}”汇总；可选 {choices}，各至多一次。",
                    f"Cannot group by '{name}'; choose from {choices}, each at most once.",
                )
            )
        groups.append(group)
    return groups


def _amounts(amounts: CityAmounts) -> dict[str, int]:
    return {name: getattr(amounts, name) for name in CityAmounts.__dataclass_fields__}
