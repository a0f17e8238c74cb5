"""Elements of voyages without a log, straight as their texts.

Those of one way and class differ in the load and in the tour alone. The first is made by ``lot_elements`` and written
as any other; its text is cut at what hangs on these, and the next have their own numbers and words there, reckoned and
said by the same functions (a test holds the texts together).
"""

from __future__ import annotations

import re
from json.encoder import encode_basestring
from typing import NamedTuple

from optimizer.accounts.audit.element_amounts import Leg
from optimizer.accounts.audit.stored_inputs import record_text
from optimizer.emissions.operations import EnergyRates, Running, load_words
from optimizer.emissions.tour import Tour


class Sailing(NamedTuple):
    """What hangs on the voyage: the load, t, how the vessel runs with it, and its tour."""

    load_t: float
    running: Running
    tour: Tour


class ModelledText(NamedTuple):
    """The text of an element before and after its mass, and what its calculation takes of it but for that."""

    before: bytes
    after: bytes
    leg: Leg


class ModelledFrame(NamedTuple):
    """Of such an element the text before and after its mass, cut at what hangs on the voyage, and what its calculation
    takes of it; ``rates``: of its fuel."""

    pieces: tuple[str, ...]
    ending: tuple[bytes, bytes]
    leg: Leg
    rates: EnergyRates

    def at(self, sailing: Sailing) -> ModelledText:
        """The element of another voyage. Some of its energy has to be empty running of the tour, and not all."""
        (load_t, (per_tkm, empties), tour), rates, leg, pieces = sailing, self.rates, self.leg, self.pieces
        loaded, load, words = 1 - empties, f"{load_t:g}", tour.words
        ttw, wtt = per_tkm * rates.ttw_kg, per_tkm * rates.wtt_kg
        ttw_co2, kgce = per_tkm * rates.ttw_co2_kg, per_tkm * rates.kgce
        text = (
            f"{pieces[0]}{loaded!r}{pieces[1]}{loaded!r}{pieces[2]}{empties!r}{pieces[3]}{empties!r}"
            f"{pieces[4]}{load}{pieces[5]}{_inside(words.en)}{pieces[6]}{load}{pieces[7]}{_inside(words.zh)}"
            f"{pieces[8]}{kgce!r}{pieces[9]}{ttw_co2!r}{pieces[10]}{ttw!r}{pieces[11]}{wtt!r}{pieces[12]}"
        )
        kind = leg.kind._replace(shares=(loaded, empties, *leg.kind.shares[2:]))
        taken = leg._replace(ttw=ttw, wtt=wtt, ttw_co2=ttw_co2, kgce=kgce, kind=kind)
        return ModelledText(text.encode(), record_text(tour).join(self.ending), taken)


def modelled_frame(text: ModelledText, sailing: Sailing, rates: EnergyRates) -> ModelledFrame | None:
    """``text``: of an element of a voyage by its class model; ``sailing``: with what it was made. None for one that
    cannot be cut."""
    said, load, words = text.before.decode(), load_words(sailing.load_t), sailing.tour.words
    numbers = [found.span(1) for found in _NUMBER.finditer(said)]
    head, found, tail = text.after.partition(record_text(sailing.tour))
    texts = (load.en, _inside(words.en), load.zh, _inside(words.zh))
    if not found or len(numbers) < _OF_VOYAGE or any(said.count(one) != 1 for one in texts):
        return None
    spans = [(said.index(one), said.index(one) + len(one)) for one in texts]
    number = f"{sailing.load_t:g}"
    for place, one in ((0, load.en), (2, load.zh)):
        start = spans[place][0] + one.index(number)
        spans[place] = start, start + len(number)
    cuts = [*numbers[:4], *spans, *numbers[-4:]]
    bounds = zip([0, *(end for _, end in cuts)], [*(start for start, _ in cuts), len(said)], strict=True)
    frame = ModelledFrame(tuple([said[start:end] for start, end in bounds]), (head, tail), text.leg, rates)
    return frame if frame.at(sailing) == text else None


def _inside(text: str) -> str:
    """A text as it stands in a longer one in JSON."""
    return encode_basestring(text)[1:-1]


_NUMBER = re.compile(r'"(?:ttw_co2_share|wtw_share|kgce_per_unit|ttw_co2_kg|ttw_kg|wtt_kg)":([^,}]*)')
"""A name in quotes is a field, for quotes inside a value are escaped."""
_OF_VOYAGE = 8
"""Such numbers that hang on the voyage: both shares of the fuel model and of the empties, and what a tkm emits."""
