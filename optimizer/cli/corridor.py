"""``modalshift corridor``: the books' shift beside the corridor's published saving, and why they differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from optimizer.cli.command import DONE, FINDINGS, Verb, option
from optimizer.cli.demo import print_step
from optimizer.cli.printing import print_json, print_table, say
from optimizer.cli.session import current_session
from optimizer.errors import InputError, Message

if TYPE_CHECKING:
    from optimizer.demo.corridor import Shift, Way
    from optimizer.demo.corridor_gap import GapStep


@click.command(
    cls=Verb,
    about=Message("与通道公布的每吨减排对照，逐项说明差距", "beside the corridor's published saving: the gap by cause"),
)
@option("--json", "as_json", is_flag=True, zh="输出 JSON", en="print JSON")
def corridor(as_json: bool) -> int:
    """All issued waybills of the database. Exit 1 when nothing in it leaves the road."""
    from optimizer.demo import corridor_steps
    from optimizer.demo.corridor import break_even, rederived, shift_of, ways_of_counting
    from optimizer.demo.corridor_gap import gap_steps, vessel_empties_kg

    session = current_session()
    network, factors = session.network(), session.factors()
    with session.store() as store, store.read() as reading:
        waybills = list(reading.waybills().values())
    try:
        shift = shift_of(waybills, network, factors)
    except KeyError as error:
        raise InputError(
            Message(
                f"路网中没有运单所用的 {error}；请用 --network 指定签发时的路网。",
                f"The network lacks {error}, which a waybill uses; name the network of its issue with --network.",
            )
        ) from error
    published = network.benchmarks["co2_saving_kg_per_t"].value
    tables = rederived(network, factors)
    steps = gap_steps(shift, vessel_empties_kg(waybills), tables, published)
    ways = ways_of_counting(shift, factors)
    if as_json:
        source = network.benchmarks["co2_saving_kg_per_t"].provenance.source
        print_json(_document(shift, ways, steps, published, source))
    elif steps:
        _print_gap(steps, published)
        print_step(corridor_steps.ways_step(shift, ways), 0.0)
        print_step(corridor_steps.parts_step(shift, tables, break_even(shift, published), published), 0.0)
    else:
        say(Message("没有离开公路的货物，无可对照。", "No cargo leaves the road; there is nothing to compare."))
    return DONE if steps else FINDINGS


def _print_gap(steps: list[GapStep], published: float) -> None:
    lang = current_session().lang
    rows = [[step.label.text(lang), f"{step.change_kg_per_t:+.2f}", f"{step.saving_kg_per_t:.2f}"] for step in steps]
    print_table(
        Message(f"从公布的 {published:.2f} kg/t 到本账", f"From the published {published:.2f} kg/t to these books"),
        [Message("原因", "Cause"), Message("变化 kg/t", "Change kg/t"), Message("减排 kg/t", "Saving kg/t")],
        [[Message("公布值", "published").text(lang), "", f"{published:.2f}"], *rows],
    )


def _document(shift: Shift, ways: list[Way], steps: list[GapStep], published: float, source: str) -> dict[str, Any]:
    return {
        "document": "corridor",
        "published_kg_per_t": published,
        "published_source": source,
        "shifted_t": round(shift.mass_t, 3),
        "lots": shift.lots,
        "causes": [
            {
                "code": step.code,
                "label": {"zh": step.label.zh, "en": step.label.en},
                "change_kg_per_t": round(step.change_kg_per_t, 6),
                "saving_kg_per_t": round(step.saving_kg_per_t, 6),
            }
            for step in steps
        ],
        "ways": [
            {
                "code": way.code,
                "label": {"zh": way.label.zh, "en": way.label.en},
                "boundary": way.boundary.en,
                "saving_kg_per_t": round(way.saving_kg_per_t, 6),
            }
            for way in ways
        ],
        "parts": [
            {
                "side": side,
                "kind": kind,
                "km_per_t": round(shift.km(side, kind), 6),
                "g_per_tkm": round(part.wtw_g_per_tkm, 6),
                "kg_per_t": round(part.wtw_kg / shift.mass_t, 6) if shift.mass_t else 0.0,
            }
            for (side, kind), part in shift.parts.items()
        ],
    }
