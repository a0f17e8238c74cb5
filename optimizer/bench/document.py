"""Results as JSON and back, by one table of fields. Medians are printed for the reader and checked on reading."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from optimizer.bench.record import UNITS, Figure, Load, Machine, Method, Result
from optimizer.errors import InputError, Message
from optimizer.planning.fault_list import FaultList
from optimizer.planning.record_format import (
    BOOLEAN,
    INTEGER,
    MESSAGE,
    MOMENT,
    NUMBER,
    TEXT,
    TEXTS,
    Choice,
    Derived,
    Field,
    Many,
    Mapped,
    Optional,
    Record,
)

_FIGURE = Record(
    Figure,
    Field("name", TEXT),
    Field("label", MESSAGE),
    Field("unit", Choice(*UNITS)),
    Field("median", Derived(Optional(NUMBER), lambda figure: figure.median)),
    Field("values", Many(Optional(NUMBER))),
)
_METHOD = Record(
    Method,
    Field("name", TEXT),
    Field("label", MESSAGE),
    Field("baseline", BOOLEAN),
    Field("does", MESSAGE),
    Field("figures", Many(_FIGURE)),
    Field("endings", TEXTS),
    Field("notes", Many(MESSAGE)),
)
_MACHINE = Record(
    Machine,
    Field("cpu", TEXT),
    Field("cores", INTEGER),
    Field("memory_gib", NUMBER),
    Field("system", TEXT),
    Field("python", TEXT),
)
_LOAD = Record(Load, Field("before", NUMBER), Field("after", NUMBER))
_RESULT = Record(
    Result,
    Field("bench", TEXT),
    Field("subject", MESSAGE),
    Field("measured_at", MOMENT),
    Field("machine", _MACHINE),
    Field("load", _LOAD),
    Field("versions", Mapped(TEXT)),
    Field("settings", Mapped()),
    Field("seed", INTEGER),
    Field("runs", INTEGER),
    Field("methods", Many(_METHOD)),
)


def result_to_json(result: Result) -> str:
    """The document, ending with a newline; the same result gives the same bytes. ValueError for infinite numbers."""
    return json.dumps(_RESULT.encode(result), ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def result_from_json(text: str, source_name: str) -> Result:
    """The result of a document; ``result_from_json(result_to_json(result), name) == result``.

    Raises InputError with every fault, its column a JSON pointer.
    """
    faults = FaultList(source_name)
    try:
        tree: Any = json.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        message = Message(
            f"不是 JSON（{error}）；请用 modalshift bench 重新测量。",
            f"This is not JSON ({error}); measure anew with modalshift bench.",
        )
        faults.add(None, None, "bad_json", message)
        tree = None
    faults.raise_if_any(InputError)
    result = _RESULT.decode(tree, "", faults)
    faults.raise_if_any(InputError)
    assert isinstance(result, Result)
    return result
