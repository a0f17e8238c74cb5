"""``modalshift places``, ``cargoes``, ``vessels``: the names that files of shipments and sailings may use."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from optimizer.cli.command import DONE, FINDINGS, Verb, option
from optimizer.cli.printing import print_json, print_table
from optimizer.cli.session import current_session
from optimizer.cli.usage import BadValue
from optimizer.errors import Message

if TYPE_CHECKING:
    from optimizer.network.model import Network

find_option = option(
    "--find", "text", default="", metavar="TEXT", zh="编号或名称含有的文字", en="text in an id or a name"
)
json_option = option("--json", "as_json", is_flag=True, zh="输出 JSON", en="print JSON")


@click.command("places", cls=Verb, about=Message("列出货单可用的地点", "list the places that a shipment may name"))
@find_option
@option("--cargo", default="", metavar="CODE", zh="能装卸此货类", en="with a terminal for this cargo")
@json_option
def places(text: str, cargo: str, as_json: bool) -> int:
    """By id, UN/LOCODE or name a place may stand in a file. Exit 1 when nothing fits."""
    network = current_session().network()
    group = _group_of(cargo, network) if cargo else ""
    handled: dict[str, list[str]] = {}
    for location_id, cargo_group in network.terminals:
        handled.setdefault(location_id, []).append(cargo_group)
    records = [
        {
            "location_id": place.location_id,
            "unlocode": place.unlocode,
            "name_zh": place.name_zh,
            "name_en": place.name_en,
            "city": place.city,
            "kind": place.kind,
            "cargo_groups": sorted(handled.get(place.location_id, ())),
        }
        for place in network.locations.values()
        if not group or group in handled.get(place.location_id, ())
    ]
    columns = (
        (Message("编号", "Id"), "location_id"),
        (Message("UN/LOCODE", "UN/LOCODE"), "unlocode"),
        (Message("名称", "Name"), "name"),
        (Message("城市", "City"), "city"),
        (Message("类型", "Kind"), "kind"),
        (Message("可装卸的货类组", "Cargo groups handled"), "cargo_groups"),
    )
    names = ("location_id", "unlocode", "name_zh", "name_en", "city")
    return _listed(records, names, text, as_json, columns, lambda n: Message(f"{n} 个地点", f"{n} places"))


@click.command("cargoes", cls=Verb, about=Message("列出货单可用的货类", "list the cargoes that a shipment may name"))
@find_option
@json_option
def cargoes(text: str, as_json: bool) -> int:
    """By code or name a cargo may stand in a file; by its group terminals and vessels take it. Exit 1 when nothing
    fits."""
    records = [
        {
            "cargo_code": cargo.cargo_code,
            "name_zh": cargo.name_zh,
            "name_en": cargo.name_en,
            "cargo_group": cargo.cargo_group,
            "jt_t_19_class": cargo.jt_t_19_class,
            "containerised": cargo.containerised,
        }
        for cargo in current_session().network().cargo.values()
    ]
    columns = (
        (Message("货类", "Code"), "cargo_code"),
        (Message("名称", "Name"), "name"),
        (Message("货类组", "Group"), "cargo_group"),
        (Message("JT/T 19", "JT/T 19"), "jt_t_19_class"),
        (Message("装箱", "In boxes"), "containerised"),
    )
    names = ("cargo_code", "name_zh", "name_en", "cargo_group")
    return _listed(records, names, text, as_json, columns, lambda n: Message(f"{n} 种货类", f"{n} cargoes"))


@click.command(
    "vessels", cls=Verb, about=Message("列出报价航次可用的船型", "list the vessel classes that a sailing may name")
)
@find_option
@json_option
def vessels(text: str, as_json: bool) -> int:
    """With how many of each the fleet has, contracted and on the spot market. Exit 1 when nothing fits."""
    network = current_session().network()
    counts: Counter[tuple[str, str]] = Counter()
    for entry in network.fleet:
        counts[entry.vessel_class, entry.market] += entry.count
    records = [
        {
            "vessel_class": vessel.vessel_class,
            "name_zh": vessel.name_zh,
            "name_en": vessel.name_en,
            "waters": vessel.waters,
            "capacity_t": vessel.capacity_t,
            "draught_m": vessel.draught_m,
            "own": counts[vessel.vessel_class, "own"],
            "spot": counts[vessel.vessel_class, "spot"],
            "cargo_groups": sorted(vessel.cargo_groups),
        }
        for vessel in network.vessel_classes.values()
    ]
    columns = (
        (Message("船型", "Class"), "vessel_class"),
        (Message("名称", "Name"), "name"),
        (Message("水域", "Waters"), "waters"),
        (Message("载重 t", "Capacity t"), "capacity_t"),
        (Message("吃水 m", "Draught m"), "draught_m"),
        (Message("自有", "Own"), "own"),
        (Message("现货", "Spot"), "spot"),
        (Message("可装的货类组", "Cargo groups carried"), "cargo_groups"),
    )
    names = ("vessel_class", "name_zh", "name_en", "cargo_groups")
    return _listed(records, names, text, as_json, columns, lambda n: Message(f"{n} 种船型", f"{n} vessel classes"))


def _group_of(cargo: str, network: Network) -> str:
    """The group of a cargo that is named as in a file. Raises BadValue with the nearest names."""
    from optimizer.planning.files.shipment_cells import CellError
    from optimizer.planning.files.shipment_file import named
    from optimizer.planning.routing.places import cargo_index

    try:
        return named(cargo, "unknown_cargo", cargo_index(network)).cargo_group
    except CellError as error:
        raise BadValue(error.message if isinstance(error.message, Message) else error.message()) from error


def _listed(
    records: Iterable[Mapping[str, Any]],
    names: Sequence[str],
    text: str,
    as_json: bool,
    columns: Sequence[tuple[Message, str]],
    title: Callable[[int], Message],
) -> int:
    """Print the records of which a name holds the text, and say by the exit code whether there are any."""
    wanted = text.strip().casefold()
    found = [record for record in records if any(wanted in str(record[name]).casefold() for name in names)]
    if as_json:
        print_json(found)
    else:
        lang = current_session().lang
        named = [{**record, "name": record[f"name_{lang}"]} for record in found]
        rows = [[_words(record[column]) for _, column in columns] for record in named]
        print_table(title(len(found)), [heading for heading, _ in columns], rows, numeric_from=len(columns))
    return DONE if found else FINDINGS


def _words(value: object) -> str:
    """A value as a cell shows it."""
    if isinstance(value, bool):
        return "✓" if value else "—"
    if isinstance(value, list):
        return ", ".join(value) or "—"
    return f"{value:,g}" if isinstance(value, int | float) else str(value) or "—"
