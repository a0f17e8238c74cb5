"""The README's tables of the demo month, made from what a demo run wrote (savings, corridor and traffic as CSV)."""

from __future__ import annotations

import csv
from pathlib import Path

BEGIN, END = "<!-- demo:begin -->", "<!-- demo:end -->"
PUBLISHED_KG_PER_T = 9.53
PUBLISHED_YUAN_PER_T = 85.2

TRAFFIC_ROWS = (
    ("empty_share", "空船 / empty ships", ".1%", "22.5%（2021）"),
    ("outbound_per_inbound", "进 : 出 1 : / in : out 1 :", ".2f", "1.08（2022）"),
    ("mean_haul_km", "平均水运里程 km / mean haul, km", ".0f", "363（2022）"),
    ("t_per_ship", "每船吨数，含空船 / t per ship, empties included", ".0f", "807–904（2024–2025）"),
)


def rows_of(path: Path) -> list[dict[str, str]]:
    """All rows of a CSV file."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def totals(folder: Path) -> dict[str, float]:
    """Sums over the enterprises of a demo run, and what they come to per tonne."""
    rows = [row for row in rows_of(folder / "savings.csv") if row["enterprise_id"].startswith("E")]
    names = ("lots", "mass_t", "net_expected_kg", "credited_kg", "cost_saved_yuan")
    sums = {name: sum(float(row[name]) for row in rows) for name in names}
    sums["kg_per_t"] = sums["net_expected_kg"] / sums["mass_t"]
    sums["credited_kg_per_t"] = sums["credited_kg"] / sums["mass_t"]
    sums["yuan_per_t"] = sums["cost_saved_yuan"] / sums["mass_t"]
    return sums


def planned_traffic(folder: Path) -> dict[str, float]:
    """The plan's traffic on the river, as a demo run printed it beside the published figures."""
    return {row["measure"]: float(row["planned"]) for row in rows_of(folder / "traffic.csv")}


def demo_block(folder: Path) -> str:
    """Markdown between the markers."""
    sums, ways = totals(folder), [row for row in rows_of(folder / "corridor.csv") if row["row"].startswith("way ")]
    lines = [
        "| 已结算 / settled | 演示月 / demo month | 公布值 / published |",
        "|---|---:|---:|",
        f"| 结算吨数 / tonnes settled | {sums['mass_t']:,.0f} | 635,000（季度 / a quarter, 2023 Q1） |",
        f"| 每吨省 / yuan saved per tonne | {sums['yuan_per_t']:.1f} | {PUBLISHED_YUAN_PER_T}（上限 / upper value） |",
        f"| 每吨减排期望值 / expected kg CO2e per tonne | {sums['kg_per_t']:.2f} | {PUBLISHED_KG_PER_T}（kg CO2） |",
        f"| 其中入账 / of this credited, kg per tonne | {sums['credited_kg_per_t']:.2f} | — |",
        "",
        "同一个月的计划按不同算法，每吨减排 / The planned month counted in other ways, kg saved per tonne:",
        "",
        "| 算法 / way of counting | 界限 / boundary | kg/t |",
        "|---|---|---:|",
        *(
            f"| {way['row'].removeprefix('way ')}. {way['label_zh']} / {way['label_en']} | "
            f"{way['boundary_en']} | {float(way['kg_per_t']):.2f} |"
            for way in ways
        ),
        "",
        "| 富春江过闸 / at Fuchunjiang lock | 演示月计划 / planned month | 公布值 / published |",
        "|---|---:|---:|",
        *(
            f"| {label} | {planned_traffic(folder)[name]:{form}} | {published} |"
            for name, label, form, published in TRAFFIC_ROWS
        ),
        "",
        "差距的来源（里程、卡车与船的强度、码头与短驳）由 `modalshift demo` 逐项打印。",
        "Where the distance to the published figure comes from is printed part by part by `modalshift demo`.",
    ]
    return "\n".join(lines)


def with_block(readme: str, block: str) -> str:
    """The README with the block between its markers."""
    head, rest = readme.split(BEGIN)
    return f"{head}{BEGIN}\n{block}\n{END}{rest.split(END)[1]}"
