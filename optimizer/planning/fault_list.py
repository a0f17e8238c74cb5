"""Collects the faults of one input and stops describing them, not counting them, at a limit.

A file of a hundred thousand wrong rows would otherwise answer with a hundred thousand sentences, each of which may have
searched for the nearest names.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from optimizer.errors import Fault, InputError, Message

MAX_FAULTS_LISTED = 1_000

ErrorType = TypeVar("ErrorType", bound=InputError)


class FaultList:
    """Faults of one file or request, in the order found. ``file`` is what a person calls the input."""

    def __init__(self, file: str, limit: int = MAX_FAULTS_LISTED) -> None:
        self.file = file
        self.limit = limit
        self.count = 0
        self.faults: list[Fault] = []
        self.headers: dict[str, str] = {}
        """Of each column what the file calls it, where that is another name."""

    def add(self, row: int | None, column: str | None, code: str, message: Message | Callable[[], Message]) -> None:
        """Count one fault and list it while there is room; a message that is dear to make is passed as a function."""
        self.count += 1
        if len(self.faults) < self.limit:
            text = message if isinstance(message, Message) else message()
            self.faults.append(Fault(self.file, row, column, code, text, self.headers.get(column or "", "")))

    def listed(self) -> list[Fault]:
        """The faults listed, and where there were more, a closing one that counts them all."""
        if self.count <= self.limit:
            return list(self.faults)
        closing = Message(
            f"共 {self.count} 处错误，仅列出前 {self.limit} 处；请先改正这些，再重新读取。",
            f"There are {self.count} faults, of which the first {self.limit} are listed; mend these and read again.",
        )
        return [*self.faults, Fault(self.file, None, None, "too_many_faults", closing)]

    def raise_if_any(self, error: type[ErrorType]) -> None:
        """Raise one ``error`` that carries every fault, or return when there is none."""
        if self.count:
            raise error.of(self.listed())
