"""The two public formats of benchmark problems, every fault with its file and line.

CommaLab linear multicommodity flow (``grid1``, ``planar30``): one number each for nodes, arcs and commodities, then a
line per arc ``tail head unit_cost capacity`` and a line per commodity ``origin destination demand``.

Canad fixed charge (``c33.dow``): a title line; ``nodes arcs commodities``; a line per arc ``tail head unit_cost
capacity fixed_cost`` and two numbers that are not used; a line per commodity ``origin destination
demand``. One module per arc.

Nodes count from 1 in both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from optimizer.errors import Fault, InputError, Message
from optimizer.planning.netdesign.instance import Instance

MOST_BYTES = 200_000_000
MOST_NODES = 1_000_000
MOST_DIGITS = 12
CANAD_SUFFIX = ".dow"


@dataclass(slots=True)
class _Lines:
    """Lines that are not empty, with their numbers, and the faults found in them."""

    name: str
    rows: list[tuple[int, list[str]]]
    faults: list[Fault] = field(default_factory=list)
    at: int = 0

    def fault(self, line: int | None, code: str, zh: str, en: str) -> None:
        self.faults.append(Fault(self.name, line, None, code, Message(zh, en)))

    def take(self, what: Message) -> tuple[int, list[str]] | None:
        if self.at >= len(self.rows):
            self.fault(
                None, "too_short", f"文件在读到{what.zh}之前结束。", f"The file ends before the {what.en} it announces."
            )
            return None
        self.at += 1
        return self.rows[self.at - 1]

    def raise_if_any(self) -> None:
        if self.faults:
            raise InputError.of(self.faults)


ARC, COMMODITY, COUNTS = Message("弧", "arc"), Message("货流", "commodity"), Message("计数", "counts")
LINEAR_FIELDS = ("tail", "head", "unit_cost", "capacity")
CANAD_FIELDS = ("tail", "head", "unit_cost", "capacity", "fixed_cost")
COMMODITY_FIELDS = ("origin", "destination", "demand")
NODE_FIELDS = ("tail", "head", "origin", "destination")


def read_instance(path: Path) -> Instance:
    """A problem from a file; the ending ``.dow`` means Canad, any other CommaLab. Raises InputError with all faults."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise InputError(
                Message(f"{path.name} 超过 {MOST_BYTES:,} 字节。", f"{path.name} is larger than {MOST_BYTES:,} bytes.")
            )
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            Message(f"无法读取 {path.name}：{error}。", f"{path.name} cannot be read: {error}.")
        ) from error
    parse = parse_canad if path.suffix == CANAD_SUFFIX else parse_linear
    return parse(text, path.name)


def parse_linear(text: str, name: str) -> Instance:
    """CommaLab text. Raises InputError with every fault."""
    lines = _lines(text, name)
    counts = _separate_counts(lines)
    lines.raise_if_any()
    return _body(lines, counts, LINEAR_FIELDS)


def parse_canad(text: str, name: str) -> Instance:
    """Canad text. Raises InputError with every fault."""
    lines = _lines(text, name)
    lines.take(Message("标题行", "title line"))
    row = lines.take(COUNTS)
    counts: list[int] = []
    if row is not None:
        line, words = row
        if len(words) != 3:
            lines.fault(
                line,
                "bad_counts",
                f"应为“节点数 弧数 货流数”三个数，现有 {len(words)} 个。",
                f"Should be the three numbers nodes, arcs, commodities; there are {len(words)}.",
            )
        else:
            counts = [_count(lines, line, word) for word in words]
    lines.raise_if_any()
    return _body(lines, counts, CANAD_FIELDS)


def _lines(text: str, name: str) -> _Lines:
    rows = [(number, line.split()) for number, line in enumerate(text.splitlines(), 1)]
    return _Lines(name, [row for row in rows if row[1]])


def _separate_counts(lines: _Lines) -> list[int]:
    """Three counts, one a line."""
    counts: list[int] = []
    for _ in range(3):
        row = lines.take(COUNTS)
        if row is None:
            return counts
        line, words = row
        if len(words) != 1:
            lines.fault(
                line,
                "bad_counts",
                f"应为一个数（节点数、弧数、货流数各占一行），现有 {len(words)} 个。",
                f"Should be one number (nodes, arcs and commodities, one a line); there are {len(words)}.",
            )
        else:
            counts.append(_count(lines, line, words[0]))
    return counts


def _count(lines: _Lines, line: int, word: str) -> int:
    count = int(word) if word.isascii() and word.isdigit() and len(word) <= MOST_DIGITS else 0
    if not 0 < count <= MOST_NODES:
        lines.fault(
            line,
            "bad_count",
            f"{word!r} 应为 1 到 {MOST_NODES} 的整数。",
            f"{word!r} should be a whole number from 1 to {MOST_NODES}.",
        )
    return count


def _body(lines: _Lines, counts: list[int], arc_fields: tuple[str, ...]) -> Instance:
    nodes, arcs, commodities = counts
    arc = _table(lines, arcs, arc_fields, ARC, nodes)
    commodity = _table(lines, commodities, COMMODITY_FIELDS, COMMODITY, nodes)
    for line, words in lines.rows[lines.at :]:
        lines.fault(
            line, "left_over", f"多余的一行：{' '.join(words)[:40]!r}。", f"A line too many: {' '.join(words)[:40]!r}."
        )
        break
    lines.raise_if_any()
    whole: Callable[[np.ndarray], np.ndarray] = lambda column: column.astype(np.int64) - 1  # noqa: E731
    return Instance(
        name=lines.name,
        nodes=nodes,
        tail=whole(arc[:, 0]),
        head=whole(arc[:, 1]),
        capacity=arc[:, 3].copy(),
        unit_cost=arc[:, 2].copy(),
        fixed_cost=arc[:, 4].copy() if arc.shape[1] > 4 else np.zeros(arcs),
        most_modules=np.ones(arcs, dtype=np.int64),
        origin=whole(commodity[:, 0]),
        destination=whole(commodity[:, 1]),
        demand=commodity[:, 2].copy(),
    )


def _table(lines: _Lines, count: int, fields: tuple[str, ...], what: Message, nodes: int) -> np.ndarray:
    """``count`` lines of numbers, shape (count, fields); what is wrong is noted and left 0."""
    table = np.zeros((count, len(fields)))
    for number in range(count):
        row = lines.take(what)
        if row is None:
            break
        line, words = row
        if len(words) < len(fields):
            lines.fault(
                line,
                "too_few_numbers",
                f"{what.zh}应有 {len(fields)} 个数（{' '.join(fields)}），现有 {len(words)} 个。",
                f"The {what.en} should have {len(fields)} numbers ({' '.join(fields)}); there are {len(words)}.",
            )
            continue
        table[number] = list(_values(lines, line, words, fields, nodes))
        if len(fields) == len(COMMODITY_FIELDS) and words[0] == words[1]:
            lines.fault(
                line, "same_ends", "起点与终点应不同。", "Origin and destination should differ.",
            )  # fmt: skip
    return table


def _values(lines: _Lines, line: int, words: list[str], fields: tuple[str, ...], nodes: int) -> Iterator[float]:
    for name, word in zip(fields, words, strict=False):
        try:
            value = float(word) if word.isascii() and "_" not in word else np.nan
        except ValueError:
            value = np.nan
        if name in NODE_FIELDS:
            right, zh, en = value in range(1, nodes + 1), f"1 到 {nodes} 的节点号", f"a node from 1 to {nodes}"
        elif name == "demand":
            right, zh, en = 0 < value < np.inf, "正数", "a positive number"
        else:
            right, zh, en = 0 <= value < np.inf, "非负数", "a number not below 0"
        if not right:
            lines.fault(line, f"bad_{name}", f"{name} {word!r} 应为{zh}。", f"{name} {word!r} should be {en}.")
            value = 0.0
        yield value
