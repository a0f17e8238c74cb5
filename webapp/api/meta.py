"""``GET /api/v1/meta``, ``/locations``, ``/factors``: what every figure of the API rests on. Open to all."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import Response, request

from optimizer.emissions.factor import Factor
from optimizer.network.model import Location
from optimizer.waybills.codec import to_plain
from webapp.api.answers import TEXT, answer, record, table_of
from webapp.api.documented import documented
from webapp.api.paging import QUERY, asked_page, page_of, page_schema
from webapp.api.replies import json_reply
from webapp.world import current_world

meta_api = APIBlueprint("meta_api", __name__, url_prefix="/api/v1", tag="Network and factors")

GEOJSON = "application/geo+json"


@meta_api.get("/meta")
@documented(
    meta_api,
    "showMeta",
    "Versions of product, network and factors",
    {200: answer(versions=table_of(TEXT))},
    open_to_all=True,
)
def show_meta() -> Response:
    """The versions that stand on every document."""
    return json_reply({"versions": current_world().versions})


@meta_api.get("/locations")
@documented(
    meta_api,
    "listLocations",
    "Places of the network",
    {200: page_schema(record(Location))},
    problems=(422,),
    other_types=(GEOJSON,),
    query={**QUERY, "format": {"type": "string", "enum": ["json", "geojson"], "default": "json"}},
    open_to_all=True,
)
def list_locations() -> Response:
    """By id. ``format=geojson`` (or ``Accept: application/geo+json``) gives one FeatureCollection of them all."""
    places = sorted(current_world().network.locations.values(), key=lambda place: place.location_id)
    wants = request.accept_mimetypes.best_match(["application/json", GEOJSON], default="application/json")
    if request.args.get("format") == "geojson" or (request.args.get("format") is None and wants == GEOJSON):
        features = [_feature(place) for place in places]
        return json_reply({"type": "FeatureCollection", "features": features}, GEOJSON)
    return _page(places, lambda place: place.location_id)


@meta_api.get("/factors")
@documented(
    meta_api,
    "listFactors",
    "Emission factors with their sources",
    {200: page_schema(record(Factor))},
    problems=(422,),
    query=QUERY,
    open_to_all=True,
)
def list_factors() -> Response:
    """By id and begin of validity; values as in the table, sources and evidence beside them."""
    factors = sorted(current_world().factors.factors, key=lambda factor: _factor_key(factor))
    after, limit = asked_page()
    rows = [factor for factor in factors if after is None or _factor_key(factor) > [str(part) for part in after]]
    shown = rows[:limit]
    key = _factor_key(shown[-1]) if shown else None
    return json_reply(page_of(rows, limit, key, [to_plain(factor) for factor in shown]))


def _page(places: list[Location], key: Any) -> Response:
    after, limit = asked_page()
    rows = [place for place in places if after is None or [key(place)] > [str(part) for part in after]]
    shown = rows[:limit]
    return json_reply(page_of(rows, limit, [key(shown[-1])] if shown else None, [to_plain(place) for place in shown]))


def _factor_key(factor: Factor) -> list[str]:
    return [factor.factor_id, factor.valid_from.isoformat()]


def _feature(place: Location) -> dict[str, Any]:
    properties = {key: value for key, value in to_plain(place).items() if key not in ("latitude", "longitude")}
    return {
        "type": "Feature",
        "id": place.location_id,
        "geometry": {"type": "Point", "coordinates": [place.longitude, place.latitude]},
        "properties": properties,
    }
