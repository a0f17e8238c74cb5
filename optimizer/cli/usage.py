"""Wrong words on the command line, said in both languages with the remedy."""

from __future__ import annotations

from collections.abc import Iterable

import click
from click.exceptions import (
    BadOptionUsage,
    BadParameter,
    MissingParameter,
    NoSuchCommand,
    NoSuchOption,
    UsageError,
)

from optimizer.errors import Lang, Message

EXTRA = "Got unexpected extra argument"
"""How click begins what it says of words too many; it has no error of its own for them."""


class BadValue(BadParameter):
    """A value that one of our own parameter types refuses, with its sentence in both languages."""

    def __init__(self, reason: Message) -> None:
        super().__init__(reason.en)
        self.reason = reason


def usage_error_message(error: UsageError) -> Message:
    """What is wrong with the command line and what would be right."""
    english = error.format_message()
    match error:
        case MissingParameter():
            return Message(f"缺少{_parameter(error).rstrip()}。{_expected(error.param)}", english)
        case BadValue():
            return Message(f"{_parameter(error)}的值不对：{error.reason.zh}", english)
        case BadParameter():
            return Message(f"{_parameter(error)}的值不对。{_expected(error.param) or error.message}", english)
        case NoSuchCommand():
            return Message(f"没有命令 {error.command_name!r}。{_similar(error.possibilities)}", english)
        case NoSuchOption():
            return Message(f"没有选项 {error.option_name!r}。{_similar(error.possibilities)}", english)
        case BadOptionUsage():
            return Message(f"选项 {error.option_name} 的用法不对，例如后面缺少值。", english)
        case _ if english.startswith(EXTRA):
            return Message(f"多了参数：{english.rpartition('(')[2].rstrip(')')}。", english)
        case _:
            return Message(f"命令用法不对：{english}", english)


def usage_error_text(error: UsageError, lang: Lang) -> str:
    """The sentence and where to read more."""
    path = error.ctx.command_path if error.ctx else "modalshift"
    more = Message(f"用法见：{path} --help", f"See: {path} --help")
    return f"{usage_error_message(error).text(lang)}\n{more.text(lang)}"


def _parameter(error: BadParameter) -> str:
    """The parameter a person recognises, for example ``选项 --mass-t``."""
    if error.param is None:
        return "参数"
    kind = "选项" if error.param.param_type_name == "option" else "参数"
    name = error.param.get_error_hint(error.ctx).replace("'", "")
    return f"{kind} {name} "


def _expected(param: click.Parameter | None) -> str:
    """What click's own types would accept, in Chinese."""
    match param.type if param else None:
        case click.Choice() as choice:
            return f"应为：{'、'.join(str(value) for value in choice.choices)}。"
        case click.IntRange() | click.FloatRange() as bounded:
            return f"应为{_range(bounded.min, bounded.max)} 的数。"
        case click.Path() | click.File():
            return "应为存在且可读的文件或目录。"
        case click.types.IntParamType():
            return "应为整数。"
        case click.types.FloatParamType():
            return "应为数字。"
        case _:
            return ""


def _range(low: float | None, high: float | None) -> str:
    """Bounds in words, for example ``不小于 0、不大于 65535``."""
    parts = [] if low is None else [f"不小于 {low}"]
    return "、".join(parts if high is None else [*parts, f"不大于 {high}"])


def _similar(names: Iterable[str] | None) -> str:
    found = list(names or ())
    return f"是否想用 {'、'.join(found)}？" if found else ""
