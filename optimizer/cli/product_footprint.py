"""``modalshift product-footprint`` and ``modalshift energy``: what enterprises hand on from their settled lots."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from optimizer.cli.command import DONE, FINDINGS, Verb, WrittenFile, option
from optimizer.cli.documents import write_whole
from optimizer.cli.printing import json_text, print_json, print_table, say
from optimizer.cli.session import current_session
from optimizer.cli.usage import BadValue
from optimizer.errors import Message
from optimizer.quantities import kilograms, number_of, tonnes

if TYPE_CHECKING:
    from optimizer.accounts.energy_saved import EnergySaved
    from optimizer.accounts.product_footprint import ProductTransport, SettledRun
    from optimizer.emissions.factors import FactorTable

PERIOD_HELP = {"zh": "年、季或月，如 2026、2026-Q4、2026-10", "en": "year, quarter or month"}


@click.command(
    "product-footprint",
    cls=Verb,
    about=Message(
        "产品碳足迹的运输部分：每吨、每件的 kg CO2e",
        "the transport part of a product's footprint, kg CO2e per t",
    ),
)
@option("--period", required=True, metavar="PERIOD", **PERIOD_HELP)
@option("--party", "party_id", default="", metavar="ID", zh="只要该企业", en="this enterprise only")
@option("--piece-kg", "pieces", multiple=True, metavar="CARGO=KG", zh="单件重量，可多次", en="mass of a piece")
@option(
    "--format", "form", default="json", show_default=True, type=click.Choice(["json", "csv"]), zh="格式", en="format"
)
@option("--out", type=WrittenFile(), metavar="FILE", zh="写入的文件", en="file to write")
def product_footprint(period: str, party_id: str, pieces: tuple[str, ...], form: str, out: Path | None) -> int:
    """Exit 1 when nothing was delivered and settled in the period."""
    from optimizer.accounts.product_footprint import product_transports, require_period

    require_period(period)
    pieces_kg = _pieces(pieces)
    settled, _ = _settled()
    found = product_transports(settled, period, pieces_kg, party_id)
    text = json_text(_documents(found)) if form == "json" else _csv(found)
    if out is not None:
        write_whole(out, text)
        say(Message(f"{len(found)} 项，已写入 {out}", f"{len(found)} products; wrote {out}"))
    else:
        _print(found, period)
    return DONE if found else FINDINGS


@click.command(
    "energy",
    cls=Verb,
    about=Message(
        "节能量（吨标准煤）；空气污染物单列",
        "energy saved in tonnes of coal equivalent; air pollutants apart",
    ),
)
@option("--period", required=True, metavar="PERIOD", **PERIOD_HELP)
@option("--json", "as_json", is_flag=True, zh="输出 JSON", en="print JSON")
def energy(period: str, as_json: bool) -> int:
    """Exit 1 when nothing was delivered and settled in the period."""
    from optimizer.accounts.energy_saved import energy_saved
    from optimizer.accounts.product_footprint import require_period

    require_period(period)
    settled, factors = _settled()
    found = energy_saved(settled, period, factors)
    document = _energy_document(found, factors)
    if as_json:
        print_json(document)
    else:
        _print_energy(found, document)
    return DONE if found else FINDINGS


def _settled() -> tuple[list[SettledRun], FactorTable]:
    from optimizer.accounts.product_footprint import settled_runs
    from optimizer.actions import SavingsOverview

    session = current_session()
    with session.store() as store:
        lots = SavingsOverview(store).lots()
        with store.read() as reading:
            runs = reading.runs()
        factors = session.tables(store)[1]
    return settled_runs(lots, runs), factors


def _pieces(texts: tuple[str, ...]) -> dict[str, Decimal]:
    pieces = {}
    for text in texts:
        cargo, _, mass = text.partition("=")
        number = number_of(mass)
        if number is None:
            raise BadValue(Message(f"“{text}”应写作 货类=千克。", f"{text!r} should read CARGO=KG."))
        pieces[cargo] = number
    return pieces


def _documents(found: list[ProductTransport]) -> dict[str, Any]:
    return {
        "document": "product-transport-footprint",
        "boundary": "WTW CO2e, ISO 14083:2023 transport chain, empties included",
        "products": [_row(one) for one in found],
    }


def _row(one: ProductTransport) -> dict[str, Any]:
    return {
        "party_id": one.party_id,
        "party_zh": one.party_zh,
        "party_en": one.party_en,
        "cargo_code": one.cargo_code,
        "cargo_zh": one.cargo_zh,
        "cargo_en": one.cargo_en,
        "period": one.period,
        "lots": one.lots,
        "mass_t": tonnes(one.mass_kg),
        "co2e_wtw_kg": kilograms(one.actual_wtw_g),
        "co2e_wtw_kg_per_t": str(one.wtw_kg_per_t),
        "co2e_wtw_kg_per_piece": None if one.wtw_kg_per_piece is None else str(one.wtw_kg_per_piece),
        "piece_kg": None if one.piece_kg is None else str(one.piece_kg),
        "road_baseline_kg_per_t": str(one.baseline_kg_per_t),
        "ttw_co2_kg": None if one.ttw_co2_g is None else kilograms(one.ttw_co2_g),
        "primary_data_share": str(one.primary_share),
        "factor_ids": list(one.factor_ids),
        "factors_versions": list(one.factors_versions),
    }


def _csv(found: list[ProductTransport]) -> str:
    buffer = io.StringIO()
    rows = [_row(one) for one in found]
    names = list(rows[0]) if rows else ["party_id"]
    writer = csv.DictWriter(buffer, names, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: " ".join(cell) if isinstance(cell, list) else cell for name, cell in row.items()})
    return buffer.getvalue()


def _print(found: list[ProductTransport], period: str) -> None:
    lang = current_session().lang
    columns = [
        Message("企业", "Enterprise"),
        Message("货物", "Cargo"),
        Message("批", "Lots"),
        Message("吨", "t"),
        Message("kg CO2e/t", "kg CO2e/t"),
        Message("kg CO2e/件", "kg CO2e/piece"),
        Message("公路基准 kg/t", "Road kg/t"),
        Message("实测占比", "Primary data"),
    ]
    rows = [
        [
            one.party_zh if lang == "zh" else one.party_en,
            one.cargo_zh if lang == "zh" else one.cargo_en,
            str(one.lots),
            f"{one.mass_kg / 1000:,.0f}",
            f"{one.wtw_kg_per_t:.3f}",
            "" if one.wtw_kg_per_piece is None else f"{one.wtw_kg_per_piece:.3f}",
            f"{one.baseline_kg_per_t:.3f}",
            f"{one.primary_share:.0%}",
        ]
        for one in found
    ]
    title = Message(f"{period} 产品运输碳足迹，WTW CO2e", f"{period}, transport footprint of products, WTW CO2e")
    print_table(title, columns, rows, numeric_from=2)


def _energy_document(found: list[EnergySaved], factors: FactorTable) -> dict[str, Any]:
    from optimizer.emissions.pollutants import FACTORS

    coefficients = [f for f in factors.factors if f.mode == "coal_equivalent"]
    return {
        "document": "energy-saved",
        "enterprises": [_energy_row(one) for one in found],
        "coal_equivalents": [
            {"carrier": f.energy_carrier, "kgce": f.kgce, "per": f.unit, "source": f.provenance.source, "page": f.page}
            for f in coefficients
        ],
        "pollutant_factors": [
            {
                "pollutant": f.pollutant,
                "use": f.use,
                "g_per_kg_fuel": f.g_per_kg,
                "range": [f.low, f.high],
                "lower_bound": f.lower_bound,
                "source": f.source,
                "page": f.page,
                "evidence": f.evidence.value,
            }
            for f in FACTORS
        ],
        "pollutants_claim": "none",
    }


def _energy_row(one: EnergySaved) -> dict[str, Any]:
    from optimizer.emissions.pollutants import pollutant_amounts

    sides = {"road_baseline": one.baseline_fuel_kg, "actual": one.actual_fuel_kg}
    return {
        "party_id": one.party_id,
        "party_zh": one.party_zh,
        "party_en": one.party_en,
        "period": one.period,
        "lots": one.lots,
        "mass_t": tonnes(one.mass_kg),
        "energy_saved_tce": tonnes(one.energy_saved_g // 1000),
        "energy_saved_kgce": kilograms(one.energy_saved_g),
        "air_pollutants": {
            side: [
                {
                    "pollutant": amount.pollutant,
                    "kg": round(amount.kg, 3),
                    "range_kg": [round(amount.low_kg, 3), round(amount.high_kg, 3)],
                    "fuel_without_factor_kg": round(amount.uncovered_fuel_kg, 3),
                }
                for amount in pollutant_amounts(fuel)
            ]
            for side, fuel in sides.items()
        },
    }


def _print_energy(found: list[EnergySaved], document: dict[str, Any]) -> None:
    lang = current_session().lang
    columns = [
        Message("企业", "Enterprise"),
        Message("批", "Lots"),
        Message("吨", "t"),
        Message("节能 tce", "Saved tce"),
        Message("NOx kg 公路→实际", "NOx kg road -> actual"),
        Message("PM kg 公路→实际", "PM kg road -> actual"),
    ]
    rows = []
    for one, row in zip(found, document["enterprises"], strict=True):
        sides = row["air_pollutants"]
        pairs = [
            f"{road['kg']:,.0f} -> {actual['kg']:,.0f}"
            for road, actual in zip(sides["road_baseline"], sides["actual"], strict=True)
        ]
        name = one.party_zh if lang == "zh" else one.party_en
        rows.append([name, str(one.lots), f"{one.mass_kg / 1000:,.0f}", f"{one.energy_saved_g / 1e6:,.2f}", *pairs])
    print_table(Message("节能量（GB/T 2589 折标准煤）", "Energy saved (coal equivalent, GB/T 2589)"), columns, rows)
    say(
        Message(
            "空气污染物仅供参考，不入账，不作减排声明；系数随发动机相差数倍，海船、火车、码头未计。",
            "Air pollutants are for orientation: nothing is credited or claimed; factors vary several times over with"
            " the engine, and sea ships, trains and terminals are not covered.",
        )
    )
