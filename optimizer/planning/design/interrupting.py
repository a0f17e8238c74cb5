"""Native solves that a Ctrl-C can end."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

from ortools.util.python.pybind_solve_interrupter import PySolveInterrupter

from optimizer.errors import Message, SolverError
from optimizer.planning.design.side_by_side import ENDED, LOOK_S


def interruptible(solve: Callable[[], Any], interrupter: PySolveInterrupter) -> Any:
    """MathOpt's answer, from a thread of its own: inside the native call a Ctrl-C would be swallowed. The waiting side
    gets the KeyboardInterrupt, tells the solver to stop, and passes it on; where solves run side by side and are wanted
    no more, too. Raises SolverError where the solver refuses.
    """
    ended = ENDED.get()
    if ended is not None and ended.is_set():
        raise KeyboardInterrupt
    with ThreadPoolExecutor(max_workers=1) as worker:
        answer = worker.submit(solve)
        try:
            while not wait([answer], timeout=LOOK_S).done:
                if ended is not None and ended.is_set():
                    raise KeyboardInterrupt
        except KeyboardInterrupt:
            interrupter.interrupt()
            raise
    try:
        return answer.result()
    except Exception as error:  # the binding's own StatusNotOk derives from Exception only
        detail = str(error)[:300]
        raise SolverError(Message(f"求解器拒绝了模型：{detail}", f"the solver refused the model: {detail}")) from error
