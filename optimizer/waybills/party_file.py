"""Parties from a CSV or XLSX file, in the encodings and formats of a shipments file: a new city's enterprises, its one
operator, its carriers and ports.

Columns are those of ``seeds/enterprises.csv``, of which the ones about sources are passed over; Chinese headers are
accepted (:data:`HEADERS`), and Chinese words for domain and role (:data:`DOMAIN_WORDS`, :data:`ROLE_WORDS`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from optimizer.errors import InputError, Message
from optimizer.network.model import Network
from optimizer.planning.fault_list import FaultList
from optimizer.planning.files.shipment_cells import Cell, CellError, plain
from optimizer.planning.files.shipment_columns import columns_of, header_of, records_of
from optimizer.planning.files.shipment_file import content_of, named
from optimizer.planning.files.shipment_sheet import rows_of
from optimizer.planning.routing.places import location_index
from optimizer.waybills.party import Party, parties_from_rows

HEADERS: Mapping[str, tuple[str, ...]] = {
    "enterprise_id": ("企业编号", "参与方编号", "编号", "party_id"),
    "credit_code": ("统一社会信用代码", "信用代码"),
    "name_zh": ("企业名称", "名称", "中文名称"),
    "role": ("角色",),
    "domain": ("领域", "账户领域"),
    "county_zh": ("县区", "所属县区", "区县", "所在区县"),
    "location_ids": ("收货地点", "地点"),
    "name_en": ("英文名称",),
    "county_en": ("县区英文名",),
    "industry_zh": ("行业",),
    "industry_en": ("行业英文名",),
    "source": ("来源",),
    "seen_at": ("查阅日期",),
    "evidence": ("依据",),
    "assumed_fields": ("假定的列",),
    "notes": ("备注",),
}
"""Column -> further headers it is known by."""
REQUIRED = ("enterprise_id", "credit_code", "name_zh", "role", "domain", "county_zh")
DOMAIN_WORDS = {
    "工业": "industry",
    "农业": "agriculture",
    "能源": "energy",
    "建筑": "building",
    "交通": "transport",
    "居民": "household",
    "林业": "forestry",
}
ROLE_WORDS = {
    "托运人": "shipper",
    "收货人": "consignee",
    "经营人": "operator",
    "港口": "port",
    "承运人": "carrier",
}


def read_party_file(path: Path, network: Network) -> list[Party]:
    """The parties of a file, in its order; places by id or name, several divided by semicolons. A name in English that
    is left out is the Chinese one.

    Raises InputError with every fault: file, row, column and a sentence in both languages.
    """
    rows = rows_of(content_of(path), path.name)
    header = header_of(rows, HEADERS)
    faults = FaultList(path.name)
    columns = columns_of(header, faults, HEADERS, REQUIRED)
    faults.raise_if_any(InputError)
    read = [
        (row.number, _texts(row.number, cells, network, faults)) for row, cells in records_of(rows, columns, faults)
    ]
    if not read and not faults.count:
        message = Message(
            "只有表头，没有企业；请至少填写一行。", "There is a header but no party; add at least one row."
        )
        faults.add(header.number + 1, None, "no_rows", message)
    try:
        parties = parties_from_rows([texts for _, texts in read], path.name, [number for number, _ in read])
    except InputError as error:
        named_here = [replace(fault, header=faults.headers.get(fault.column or "", "")) for fault in error.faults]
        found = sorted([*faults.faults, *named_here], key=lambda fault: fault.row or 0)
        raise InputError.of(found) from error
    faults.raise_if_any(InputError)
    return parties


def _texts(row: int, cells: Mapping[str, Cell], network: Network, faults: FaultList) -> dict[str, str]:
    texts = {column: plain(cells.get(column)) for column in HEADERS}
    for column in ("name_zh", "county_zh"):
        if not texts[column]:
            faults.add(row, column, "missing_value", Message("此格为空；请填写。", "This cell is empty; fill it in."))
    found = []
    for text in filter(None, (part.strip() for part in texts["location_ids"].replace("、", ";").split(";"))):
        try:
            found.append(named(text, "unknown_location", location_index(network)).location_id)
        except CellError as error:
            faults.add(row, "location_ids", error.code, error.message)
    # Names as they are written: a bracket in a company's name stays the bracket it is registered with.
    names = {
        column: str(cells.get(column) or "").strip() for column in ("name_zh", "county_zh", "name_en", "county_en")
    }
    return {
        **texts,
        "name_zh": names["name_zh"],
        "county_zh": names["county_zh"],
        "credit_code": texts["credit_code"].upper(),
        "name_en": names["name_en"] or names["name_zh"],
        "county_en": names["county_en"] or names["county_zh"],
        "domain": DOMAIN_WORDS.get(texts["domain"], texts["domain"]),
        "role": ROLE_WORDS.get(texts["role"], texts["role"]),
        "location_ids": ";".join(found),
    }
