"""``modalshift factors import``: a user's own table, CSV or XLSX, beside the shipped factors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from optimizer.cli.command import Verb, option
from optimizer.cli.documents import read_document, write_whole
from optimizer.cli.printing import say
from optimizer.cli.usage import BadValue
from optimizer.errors import ConflictError, Fault, InputError, Message

if TYPE_CHECKING:
    from optimizer.emissions.factor_changes import FactorChange

DIRECTORY = click.Path(exists=True, file_okay=False, path_type=Path)

directory_option = option(
    "--factors",
    "directory",
    type=DIRECTORY,
    metavar="DIR",
    zh="因子目录，默认随软件附带",
    en="directory; the shipped one",
)


@click.command(
    "import", cls=Verb, about=Message("导入自有因子（如 GLEC 表）", "bring your own factors (GLEC's tables, say)")
)
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@option(
    "--out",
    required=True,
    metavar="DIR",
    type=click.Path(path_type=Path),
    zh="写入的新目录",
    en="new directory to write",
)
@directory_option
@option("--rename", "renames", multiple=True, metavar="THEIRS=OURS", zh="改列名", en="rename a column")
@option("--set", "fills", multiple=True, metavar="COLUMN=VALUE", zh="为空格填值", en="value of empty cells of a column")
@option("--grams", is_flag=True, zh="排放值以克计", en="emission values are in grams")
@option("--drop", "dropped", multiple=True, metavar="THEIRS", zh="不取的列", en="a column to leave out")
@option(
    "--fill-down",
    multiple=True,
    metavar="THEIRS",
    zh="空格取上一行的值（合并单元格）",
    en="empty cells repeat the one above",
)
@option("--id-prefix", default="", metavar="TEXT", zh="无编号的行以此加说明编号", en="makes ids of rows without one")
@option("--sheet", default="", metavar="NAME", zh="工作表，默认第一个", en="worksheet; the first one by default")
@option(
    "--header-row", type=click.IntRange(1), default=None, metavar="N", zh="列名所在行", en="row of the column names"
)
@option(
    "--rules",
    "rules_file",
    type=click.Path(path_type=Path),
    metavar="FILE.json",
    zh="以上各项写在一个文件里（rename、set、grams……），命令行所给优先",
    en="all of these in a file (rename, set, grams ...); words of the command line come first",
)
@option("--last-row", type=click.IntRange(1), default=None, metavar="N", zh="最后一行", en="last row to read")
def import_file(
    file: Path, out: Path, directory: Path | None, renames: tuple[str, ...], fills: tuple[str, ...], grams: bool,
    dropped: tuple[str, ...], fill_down: tuple[str, ...], id_prefix: str, sheet: str, header_row: int | None,
    rules_file: Path | None, last_row: int | None,
) -> None:  # fmt: skip
    """Writes DIR/factors.csv with the old rows and the new; a row that exists with other content is refused."""
    from optimizer.emissions.factor_files import FILE, ImportRules, import_factors

    base = ImportRules.of(_json_of(rules_file), rules_file.name) if rules_file else ImportRules()
    rules = ImportRules(
        {**base.rename, **_pairs(renames)},
        {**base.fill, **_pairs(fills)},
        grams or base.grams,
        (*base.drop, *dropped),
        (*base.fill_down, *fill_down),
        id_prefix or base.id_prefix,
        sheet or base.sheet,
        header_row or base.header_row,
        last_row or base.last_row,
    )
    if (out / FILE).exists():
        raise ConflictError(
            Message(
                f"{out} 已有 {FILE}，版本不可覆盖；请另写目录。", f"{out} holds {FILE} already; name a new directory."
            )
        )
    done = import_factors(file, directory, rules)
    out.mkdir(parents=True, exist_ok=True)
    write_whole(out / FILE, done.text)
    print_changes(list(done.changes))
    say(Message(f"已写入 {out / FILE}，{done.table.version}", f"Wrote {out / FILE}, {done.table.version}"))


def print_changes(found: list[FactorChange]) -> None:
    """One line for each row that differs."""
    if not found:
        say(Message("没有差别。", "No difference."))
    for change in found:
        fields = "; ".join(f"{one.field} {one.before!r} -> {one.after!r}" for one in change.fields)
        click.echo(f"{change.kind} {change.factor_id}@{change.version}{': ' if fields else ''}{fields}")


def _json_of(path: Path) -> object:
    try:
        return json.loads(read_document(path))
    except (ValueError, RecursionError) as error:
        message = Message(f"不是 JSON（{error}）。", f"This is not JSON ({error}).")
        raise InputError.of([Fault(path.name, None, None, "bad_json", message)]) from error


def _pairs(texts: tuple[str, ...]) -> dict[str, str]:
    pairs = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign or not name.strip():
            raise BadValue(Message(f"“{text}”应写作 名称=值。", f"{text!r} should read NAME=VALUE."))
        pairs[name.strip()] = value.strip()
    return pairs
