"""Which network design problems a bench solves, and what is known of their optima: from files that are named to it."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from optimizer.errors import Fault, InputError, Message
from optimizer.planning.netdesign import read_instance
from optimizer.planning.netdesign.reader import CANAD_SUFFIX

LINEAR, DESIGN = "mcf", "mcnd"
"""The two kinds: linear multicommodity flow, and network design with fixed costs."""

REFERENCES = (("reference.csv", "best_known"), ("optimal.csv", "optimal"))
"""Files beside the problems, each with the columns ``instance`` and the one named; what comes later wins."""

GENERATED = re.compile(r"(grid|planar|canad)(-\d+){3,}")
"""Names that the generators give."""


@dataclass(frozen=True, slots=True)
class Case:
    """A problem's file, its name (no folder, no ending) and its reference value, None where none is known."""

    path: Path
    name: str
    reference: float | None

    @property
    def generated(self) -> bool:
        """Whether ``bench problems`` made it, by its name."""
        return GENERATED.fullmatch(self.name) is not None


def find_cases(paths: Sequence[Path], kind: str) -> list[Case]:
    """The problems of these files and folders in the order given, those of a folder with numbers in their order.

    Of a folder the files ending in ``.dow`` (mcnd) or in nothing (mcf) count. Every file is read once here, so that all
    faults of all files come together as one InputError before anything is solved: files that are missing, empty
    folders, bad lines, the wrong kind, a name twice, references that are no numbers.
    """
    faults: list[Fault] = []
    files = [file for path in paths for file in _files(path, kind, faults)]
    known: dict[Path, Mapping[str, float]] = {}
    cases: dict[str, Case] = {}
    for file in files:
        name = file.stem if file.suffix == CANAD_SUFFIX else file.name
        if name in cases:
            faults.append(_fault(file, "same_name", f"算例名 {name} 出现两次", f"the instance {name} is named twice"))
            continue
        _check(file, kind, faults)
        folder = file.parent
        if folder not in known:
            known[folder] = read_references(folder, faults)
        cases[name] = Case(file, name, known[folder].get(name))
    if faults:
        raise InputError.of(faults)
    return list(cases.values())


def read_references(folder: Path, faults: list[Fault]) -> dict[str, float]:
    """Reference values by name of instance from the files that lie in a folder; faults are added, not raised."""
    known: dict[str, float] = {}
    for file_name, column in REFERENCES:
        file = folder / file_name
        if not file.exists():
            continue
        try:
            with file.open(encoding="utf-8-sig", newline="") as stream:
                rows = list(csv.DictReader(stream))
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            faults.append(_fault(file, "unreadable", f"无法读取：{error}", f"it cannot be read: {error}"))
            continue
        for number, row in enumerate(rows, 2):
            value = _positive(row.get(column))
            if not row.get("instance") or value is None:
                zh, en = f"应有 instance 与正数 {column}", f"it should have instance and a positive {column}"
                faults.append(_fault(file, "bad_reference", zh, en, number))
            else:
                known[row["instance"].strip()] = value
    return known


def _files(path: Path, kind: str, faults: list[Fault]) -> list[Path]:
    if path.is_file():
        return [path]
    if not path.is_dir():
        faults.append(_fault(path, "not_found", "没有这个文件或目录", "there is no such file or folder"))
        return []
    ending = CANAD_SUFFIX if kind == DESIGN else ""
    found = [file for file in path.iterdir() if file.is_file() and file.suffix == ending and file.name[0] != "."]
    if not found:
        what_zh, what_en = (f"以 {ending} 结尾", f"ending in {ending}") if ending else ("无扩展名", "without an ending")
        faults.append(_fault(path, "no_instances", f"目录中应有{what_zh}的文件", f"it should hold files {what_en}"))
    return sorted(found, key=lambda file: [(len(part), part) for part in re.findall(r"\d+|\D+", file.name)])


def _check(file: Path, kind: str, faults: list[Fault]) -> None:
    try:
        instance = read_instance(file)
    except InputError as error:
        faults.extend(error.faults or [Fault(file.name, None, None, "unreadable", error.message)])
        return
    if instance.linear and kind == DESIGN:
        faults.append(_fault(file, "wrong_kind", "没有固定费用，请用 bench mcf", "no fixed costs; use bench mcf"))
    if not instance.linear and kind == LINEAR:
        faults.append(_fault(file, "wrong_kind", "含固定费用，请用 bench mcnd", "it has fixed costs; use bench mcnd"))


def _positive(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if 0 < value < float("inf") else None


def _fault(file: Path, code: str, zh: str, en: str, row: int | None = None) -> Fault:
    return Fault(file.name, row, None, code, Message(f"{zh}。", f"{en[0].upper()}{en[1:]}."))
