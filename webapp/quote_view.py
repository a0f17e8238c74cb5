"""A quote as the page shows it: options beside the road, bars, legs, what is missing and what was assumed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from optimizer.errors import Lang, Message
from optimizer.planning.plan import Amounts
from optimizer.planning.quote import LABEL_NAMES, Quote, QuoteLeg, QuoteOption
from optimizer.planning.quote.words import reasons_why
from webapp.bars import Bar, Chart, bar_chart
from webapp.charts.figure import Figure
from webapp.figures import hours, kilograms, yuan
from webapp.language import current_lang, text
from webapp.quote_map import quote_map
from webapp.world import World

CLOCK = "%m-%d %H:%M"


@dataclass(frozen=True, slots=True)
class LegView:
    """One row of the leg table, in words of one language; amounts stay integers for the filters."""

    mode: str
    places: str
    vehicle: str
    distance: str
    departs: str
    arrives: str
    cost_fen: int
    co2e_wtw_g: int
    tier: str
    factors: str


@dataclass(frozen=True, slots=True)
class OptionView:
    """One option. ``saving`` is None for the road itself and where there is no road."""

    name: str
    is_baseline: bool
    labels: tuple[str, ...]
    warnings: tuple[str, ...]
    amounts: Amounts
    saving: Amounts | None
    arrives: str
    legs: tuple[LegView, ...]
    assumptions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class QuoteView:
    """Everything below the form."""

    verdict: str
    reasons: tuple[str, ...]
    options: tuple[OptionView, ...]
    charts: tuple[Chart, ...]
    map: Figure | None
    missing: tuple[str, ...]
    assumptions: tuple[str, ...]


def quote_view(world: World, quote: Quote) -> QuoteView:
    """The quote in the language of the request."""
    lang = current_lang()
    options = tuple(_option(world, quote, option, lang) for option in quote.shown)
    return QuoteView(
        verdict=quote.verdict.text(lang),
        reasons=_said(reasons_why(quote), lang),
        options=options,
        charts=_charts(options),
        map=quote_map(world, quote, lang),
        missing=_said((item.message for item in quote.missing), lang),
        assumptions=_said(quote.assumptions, lang),
    )


def _option(world: World, quote: Quote, option: QuoteOption, lang: Lang) -> OptionView:
    is_baseline = option == quote.baseline
    saving = None if is_baseline else option.saving
    warnings = []
    if option.late_s:
        warnings.append(text("quote.late", hours=hours(option.late_s)))
    if saving and saving.co2e_wtw_g < 0:
        warnings.append(text("quote.more_co2e"))
    if option.dominated:
        warnings.append(text("quote.dominated"))
    return OptionView(
        name=option.title.text(lang),
        is_baseline=is_baseline,
        labels=_said((LABEL_NAMES[label] for label in option.labels), lang),
        warnings=tuple(warnings),
        amounts=option.amounts,
        saving=saving,
        arrives=_clock(option.arrives_at),
        legs=tuple(_leg(world, leg, lang) for leg in option.legs),
        assumptions=_said(option.assumptions, lang),
    )


def _leg(world: World, leg: QuoteLeg, lang: Lang) -> LegView:
    ends = [world.place_name(end, lang) for end in dict.fromkeys((leg.origin, leg.destination))]
    distance = f"{leg.distance_km:,.1f} ({text(f'basis.{leg.distance_basis}')})" if leg.distance_basis else "—"
    return LegView(
        mode=text(f"mode.{leg.mode}"),
        places=" → ".join(ends),
        vehicle=f"{leg.vessels} × {leg.vehicle_class}" if leg.vessels > 1 else leg.vehicle_class,
        distance=distance,
        departs=_clock(leg.departs_at),
        arrives=_clock(leg.arrives_at),
        cost_fen=leg.cost_fen,
        co2e_wtw_g=leg.co2e_wtw_g,
        tier=text(f"tier.{leg.data_tier}"),
        factors=" ".join(leg.factor_ids),
    )


def _charts(options: tuple[OptionView, ...]) -> tuple[Chart, ...]:
    measures: list[tuple[str, Callable[[Amounts], int], Callable[[int], str]]] = [
        ("quote.cost", lambda amounts: amounts.cost_fen, yuan),
        ("quote.co2e", lambda amounts: amounts.co2e_wtw_g, kilograms),
        ("quote.duration", lambda amounts: amounts.duration_s, hours),
    ]
    return tuple(
        bar_chart(
            text(key),
            [
                Bar(
                    text("quote.number", number=number),
                    printed(measure(option.amounts)),
                    measure(option.amounts),
                    "road" if option.is_baseline else "option",
                )
                for number, option in enumerate(options, 1)
            ],
        )
        for key, measure, printed in measures
        if options
    )


def _said(messages: Iterable[Message], lang: Lang) -> tuple[str, ...]:
    return tuple(message.text(lang) for message in messages)


def _clock(moment: datetime) -> str:
    return f"{moment:{CLOCK}}"
