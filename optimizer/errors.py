"""Everything that can go wrong, as one tree.

    ModalshiftError                 the base: one sentence in Chinese, the same in English
    ├── InputError                  the user's data or words are wrong: CLI exit 2, HTTP 4xx, nothing was written
    │   ├── NetworkDataError        a network directory is wrong
    │   ├── ShipmentDataError       a shipments file or request is wrong
    │   ├── SailingDataError        a file of carriers' sailings is wrong
    │   └── UnknownRecordError      a place, account, waybill or period that does not exist
    ├── ConflictError               the request contradicts what is recorded (same id, other content; closed period)
    ├── BoundaryError               two emission boundaries (WTW CO2e, TTW CO2) were about to be mixed
    ├── FactorError                 no emission factor fits, or one is used outside its validity
    ├── UnreadableRecordError       the database cannot hand out a row (damaged file, bytes that are no text)
    ├── StorageError                the database could not write or answer; nothing of the request was written (exit 3)
    └── SolverError                 OR-Tools answered something that is not a plan (a defect of ours, exit 3)

User-data faults are values (:class:`Fault`): a reader collects all of them and raises one InputError that
carries the list, so that a person mends a file once and not once per run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, Self

Lang = Literal["zh", "en"]


@dataclass(frozen=True, slots=True)
class Message:
    """One sentence in both languages; Chinese is the first language of the product."""

    zh: str
    en: str

    def text(self, lang: Lang) -> str:
        """The sentence in the language asked for."""
        return self.zh if lang == "zh" else self.en


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault in a user's data: where it is, what is wrong and what would be right.

    ``row`` is the line number a person sees in an editor or spreadsheet (the header is row 1), None for a
    fault of the whole file. ``code`` is stable and named for machines, for example ``unknown_location``. ``column`` is
    the product's name of the column; ``header`` what the file calls it, empty where that is the same or not known.
    """

    file: str
    row: int | None
    column: str | None
    code: str
    message: Message
    header: str = field(default="", compare=False)

    @property
    def where(self) -> str:
        """``file:row:column`` with the parts that are known, the column as the file itself calls it."""
        parts = (self.file, self.row, self.header or self.column)
        return ":".join(str(part) for part in parts if part is not None)

    def text(self, lang: Lang) -> str:
        """``file:row:column: sentence``."""
        return f"{self.where}: {self.message.text(lang)}"


@dataclass(eq=False)
class ModalshiftError(Exception):
    """Base of all errors of the product. ``exit_code`` is what the command line returns for it."""

    message: Message
    exit_code = 3

    def __str__(self) -> str:
        return self.message.en

    def text(self, lang: Lang) -> str:
        """The sentence in the language asked for."""
        return self.message.text(lang)


@dataclass(eq=False)
class InputError(ModalshiftError):
    """The user's data or words are wrong; ``faults`` lists every place at once (may be empty)."""

    faults: Sequence[Fault] = field(default=())
    exit_code = 2

    @classmethod
    def of(cls, faults: Sequence[Fault]) -> Self:
        """One error for a non-empty list of faults."""
        count = len(faults)
        return cls(
            Message(
                f"输入有 {count} 处错误，未写入任何内容。", f"The input has {count} fault(s); nothing was written."
            ),
            tuple(faults),
        )

    def text(self, lang: Lang) -> str:
        """The sentence, then one line for each fault."""
        return "\n".join([self.message.text(lang), *(fault.text(lang) for fault in self.faults)])

    def __str__(self) -> str:
        return self.text("en")


class NetworkDataError(InputError):
    """A network directory is wrong."""


class ShipmentDataError(InputError):
    """A shipments file or a quote request is wrong."""


class SailingDataError(InputError):
    """A file of carriers' sailings is wrong."""


class UnknownRecordError(InputError):
    """A place, account, waybill or period that does not exist."""


class ConflictError(ModalshiftError):
    """The request contradicts what is already recorded."""

    exit_code = 2


class BoundaryError(ModalshiftError):
    """Two emission boundaries were about to be mixed."""

    exit_code = 2


class FactorError(ModalshiftError):
    """No emission factor fits."""

    exit_code = 2


class UnreadableRecordError(ModalshiftError):
    """The database cannot hand out a row that is in it."""

    exit_code = 1


class StorageError(ModalshiftError):
    """The database could not write or answer (disk full, locked, server gone); nothing of the request was written."""


class SolverError(ModalshiftError):
    """OR-Tools answered something that is not a plan."""
