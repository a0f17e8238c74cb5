"""What a settlement posts of its run, as a text: a line for each lot can be handed on and compared, where records of
amounts and modes would be made and taken apart again, some hundred thousand times."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from optimizer.accounts.audit.rows import Names, credit_rows, quoted

_MODE = re.compile("[A-Za-z0-9_-]+")


class Figures(NamedTuple):
    """What a settlement posts of a run: g CO2e, g coal equivalent, kg·km by mode."""

    actual_wtw_g: int
    credited_wtw_g: int
    energy_saved_g: int
    activity: tuple[tuple[str, int], ...]

    def text(self) -> str:
        """The same for two runs that post the same lines, and for no others."""
        modes = ",".join([f"{quoted(mode)}:{amount}" for mode, amount in self.activity if amount])
        return f"{self.credited_wtw_g} {self.actual_wtw_g} {self.energy_saved_g} {{{modes}}}"


def figures_in(text: str) -> Figures:
    """What :meth:`Figures.text` says, modes without any activity left out."""
    credited_g, actual_g, energy_g, activity = text.split(" ", 3)
    return Figures(int(actual_g), int(credited_g), int(energy_g), tuple(json.loads(activity).items()))


def credited_g_of(text: str) -> int:
    """What is credited, of the same."""
    return int(text.partition(" ")[0])


NO_FIGURES = Figures(0, 0, 0, ()).text()
"""Of a run that is not there, or was reversed."""


class Credit(NamedTuple):
    """Lines as a settlement posts them to ``parties``, and nobody else. ``credited``: whether the first of them is what
    is credited; ``before``: for each line that stands in the text, its place, and what is said before its amount;
    ``end``: what is said after the last of them."""

    parties: tuple[str, ...]
    credited: bool
    before: tuple[tuple[str, int], ...]
    end: str

    def text(self, amounts: Sequence[Any]) -> str | None:
        """The text of figures that post these amounts; None for amounts that no figures post."""
        first = int(self.credited)
        of_parties = amounts[first : first + len(self.parties)]
        if 0 in amounts or of_parties.count(of_parties[0]) != len(of_parties):
            return None
        return "".join([f"{said}{amounts[place]}" for said, place in self.before]) + self.end


def credit_of(lines: Sequence[Names]) -> Credit | None:
    """How to read the lines of a settlement; None where lines do not say all, as where no party has emissions, and
    where no settlement posts such lines."""
    ledgers = [names[0] for names in lines]
    parties = tuple([names[2] for names in lines if names[0] == "attribution"])
    modes = [names[1] for names in lines if names[0] == "activity"]
    credited, energy = ledgers.count("claim"), ledgers.count("energy")
    if not parties or not all(map(_MODE.fullmatch, modes)):
        return None
    # Whatever the amounts are: the names of lines hang on nothing else of them than which there are.
    rows = credit_rows(parties, credited, 1, [(mode, 1) for mode in modes], energy)
    if tuple(lines) != tuple([row[1:-1] for row in rows]):
        return None
    first = credited + len(parties)
    before = [("", 0), (" ", 1)] if credited else [("0 ", 0)]
    if energy:
        before.append((" ", len(lines) - 1))
    said = " {" if energy else " 0 {"
    for place, mode in enumerate(modes, start=first):
        before.append((f'{said}"{mode}":', place))
        said = ","
    return Credit(parties, bool(credited), tuple(before), "}" if modes else f"{said}}}")
