"""The frame of the command line: bilingual help, options that stand everywhere, exit codes.

Exit codes: 0 done; 1 done with findings; 2 the input is wrong; 3 a defect of ours. No error shows a traceback unless
``MODALSHIFT_DEBUG=1``.
"""

from __future__ import annotations

import math
import os
import sys
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import click
from click.exceptions import Abort, UsageError

from optimizer.cli.documents import keep_apart
from optimizer.cli.session import DEFAULT_DB_URL, Session, current_session, language_asked
from optimizer.cli.usage import usage_error_text
from optimizer.errors import Lang, Message, ModalshiftError
from optimizer.quantities import number_of

DONE, FINDINGS, BAD_INPUT, INTERNAL_ERROR, INTERRUPTED = 0, 1, 2, 3, 130
STDOUT_DESCRIPTOR = 1

NO_TEXT = Message(
    "命令行里有不是 UTF-8 的字符，未写入任何内容；请检查终端的字符编码。",
    "The command line holds characters that are no UTF-8; nothing was written. Check the encoding of the terminal.",
)

HELP_IN_CHINESE = {
    "Usage:": "用法：",
    "Options:": "选项：",
    "Commands:": "命令：",
    "[OPTIONS]": "[选项]",
    "[COMMAND] [ARGS]...": "[命令] [参数]...",
    "Show this message and exit.": "显示本帮助。",
    "Show the version and exit.": "显示版本。",
    "[required]": "[必填]",
    "[default: ": "[默认：",
}


class BilingualOption(click.Option):
    """An option whose help is a Message."""

    def __init__(self, *args: Any, about: Message, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.about = about

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """The help line in the language of the session."""
        self.help = self.about.text(ctx.find_root().ensure_object(Session).lang)
        return super().get_help_record(ctx)

    def type_cast_value(self, ctx: click.Context, value: Any) -> Any:
        """Numbers are those of files and pages: Python would read ``1_000`` too."""
        is_number = isinstance(self.type, click.types.IntParamType | click.types.FloatParamType)
        if is_number and isinstance(value, str) and number_of(value) is None:
            self.type.fail(f"{value!r} is not a valid {self.type.name}.", self, ctx)
        return super().type_cast_value(ctx, value)


def option(*names: str, zh: str, en: str, **kwargs: Any) -> Callable[[Any], Any]:
    """``click.option`` with help in both languages."""
    return click.option(*names, cls=BilingualOption, about=Message(zh, en), **kwargs)


def _remember(attribute: str) -> Callable[[click.Context, click.Parameter, Any], None]:
    """A callback that keeps an option's answer in the session; a verb's own answer overrides the group's."""

    def keep(ctx: click.Context, _param: click.Parameter, value: Any) -> None:
        if value is not None:
            setattr(ctx.find_root().ensure_object(Session), attribute, value)

    return keep


def shared_options() -> list[click.Parameter]:
    """The options that stand on the group and on every verb."""
    return [
        BilingualOption(
            ["--network"],
            about=Message("路网目录，默认随软件附带", "network directory; the shipped one by default"),
            type=click.Path(exists=True, file_okay=False, path_type=Path),
            metavar="DIR",
            expose_value=False,
            callback=_remember("network_dir"),
        ),
        BilingualOption(
            ["--db"],
            about=Message(
                f"数据库地址，或环境变量 MODALSHIFT_DB；默认 {DEFAULT_DB_URL}",
                f"database URL, or MODALSHIFT_DB; {DEFAULT_DB_URL} by default",
            ),
            metavar="URL",
            expose_value=False,
            callback=_remember("db_url"),
        ),
        BilingualOption(
            ["--lang"],
            about=Message("语言，默认中文", "language; Chinese by default"),
            type=click.Choice(["zh", "en"]),
            expose_value=False,
            callback=_remember("lang"),
        ),
    ]


class _Bilingual(click.Command):
    """A command that explains itself in the session's language."""

    about: Message

    def get_help(self, ctx: click.Context) -> str:
        """Click's help with our texts, and click's own words in Chinese where Chinese is spoken."""
        text = super().get_help(ctx)
        if ctx.find_root().ensure_object(Session).lang == "zh":
            for english, chinese in HELP_IN_CHINESE.items():
                text = text.replace(english, chinese)
        return text

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The sentence about this command."""
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(self.about.text(ctx.find_root().ensure_object(Session).lang))

    def get_short_help_str(self, limit: int = 45) -> str:
        """The same sentence in the list of commands; it is one sentence, so it is never cut."""
        return self.about.text(current_session().lang)


class WrittenFile(click.Path):
    """The name of a file that a verb writes, as a Path. What else is named on the line is read, and is not written over
    unless the result holds all of it (``replaces``)."""

    def __init__(self, *, dir_okay: bool = True, replaces: bool = False) -> None:
        super().__init__(dir_okay=dir_okay, path_type=Path)
        self.replaces = replaces


class Verb(_Bilingual):
    """One verb. It returns its exit code (0 or 1), or None for 0."""

    def __init__(self, *args: Any, about: Message, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.about = about
        self.params.extend(shared_options())

    def invoke(self, ctx: click.Context) -> Any:
        """Run it, unless a file to write is one that is read, or the database."""
        files = [param for param in self.params if isinstance(param.type, click.Path) and param.name in ctx.params]
        read = [path for param in files if not isinstance(param.type, WrittenFile) for path in _paths(ctx, param)]
        for param in files:
            if isinstance(param.type, WrittenFile):
                kept = [] if param.type.replaces else read
                for out in _paths(ctx, param):
                    keep_apart(out, *kept, ctx.find_root().ensure_object(Session).db_file)
        return super().invoke(ctx)


def _paths(ctx: click.Context, param: click.Parameter) -> list[Path]:
    """What was named for a parameter, whether it takes one file or several."""
    named = ctx.params[param.name or ""]
    return [Path(one) for one in (named if isinstance(named, tuple) else (named,)) if one is not None]


class Program(_Bilingual, click.Group):
    """The whole program: turns results and errors into words and exit codes. ``modules``: commands that are imported
    when asked for, name -> module of this package, where each stands under its name with underscores for hyphens."""

    def __init__(self, *args: Any, about: Message, modules: Mapping[str, str] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.about = about
        self.modules = modules or {}
        self.params.extend(shared_options())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a name. For a wrong name all are imported: click looks for similar ones."""
        self._import([cmd_name] if cmd_name in self.modules else self.modules)
        return super().get_command(ctx, cmd_name)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, in order."""
        return sorted({*self.commands, *self.modules})

    def _import(self, names: Iterable[str]) -> None:
        for name in names:
            if name not in self.commands:
                module = import_module(f"optimizer.cli.{self.modules[name]}")
                self.add_command(getattr(module, name.replace("-", "_")), name)

    def main(  # type: ignore[override]
        self, args: Sequence[str] | None = None, prog_name: str | None = None, **extra: Any
    ) -> None:
        """Run one command line and exit with its code."""
        arguments = list(sys.argv[1:] if args is None else args)
        session = Session(lang=language_asked(arguments))
        sys.exit(self._run(arguments, session, {**extra, "standalone_mode": False, "obj": session}))

    def _run(self, arguments: list[str], session: Session, extra: dict[str, Any]) -> int:
        try:
            result = super().main(arguments, prog_name="modalshift", **extra)
            sys.stdout.flush()
        except UsageError as error:
            click.echo(usage_error_text(error, session.lang), err=True)
            return BAD_INPUT
        except ModalshiftError as error:
            click.echo(error.text(session.lang), err=True)
            return error.exit_code
        except (Abort, KeyboardInterrupt):
            click.echo(Message("已中断。", "Interrupted.").text(session.lang), err=True)
            return INTERRUPTED
        except (BrokenPipeError, SystemExit):
            # The reader of a pipe (`| head`) has had enough: no error of ours, and 1 would mean findings. Click turns
            # it into SystemExit. Without a place for the rest of the output Python would complain again on exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), STDOUT_DESCRIPTOR)
            return DONE
        except Exception as error:
            if isinstance(error, UnicodeEncodeError) and not _is_text(arguments):
                click.echo(NO_TEXT.text(session.lang), err=True)
                return BAD_INPUT
            click.echo(_defect(error, session.lang), err=True)
            return INTERNAL_ERROR
        return result if isinstance(result, int) else DONE


def _is_text(arguments: Sequence[str]) -> bool:
    """Whether all words of a command line are UTF-8; a file may have another name, a record may not."""
    try:
        "".join(arguments).encode()
    except UnicodeEncodeError:
        return False
    return True


def _defect(error: Exception, lang: Lang) -> str:
    """One sentence about an error nobody foresaw; the traceback only for who asks for it."""
    name = f"{type(error).__name__}: {error}".splitlines()[0]
    sentence = Message(
        f"程序内部错误（{name}）。请设置 MODALSHIFT_DEBUG=1 重新运行，并把输出交给维护者。",
        f"Internal error ({name}). Run again with MODALSHIFT_DEBUG=1 and give the output to the maintainers.",
    ).text(lang)
    if os.environ.get("MODALSHIFT_DEBUG") == "1":
        return "".join(traceback.format_exception(error)) + sentence
    return sentence


class FiniteRange(click.FloatRange):
    """Numbers in a range; ``nan`` and ``inf`` are none."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The number; fails as click's own range does."""
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value} is not a finite number.", param, ctx)
        return number
