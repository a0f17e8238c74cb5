"""The frame of the command line: languages, exit codes, no traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from optimizer.cli import VERBS, cli
from optimizer.cli.command import Program, Verb, WrittenFile, option
from optimizer.cli.documents import whole_file, write_whole
from optimizer.cli.session import Session, current_session, language_asked
from optimizer.cli.usage import BadValue
from optimizer.errors import ConflictError, FactorError, Fault, InputError, Message, SolverError


class Tonnes(click.ParamType):
    """A parameter type that refuses everything."""

    name = "tonnes"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> float:
        raise BadValue(Message("应为吨数", "a number of tonnes is expected"))


@pytest.fixture
def program() -> Program:
    """A program whose verbs end in every way a verb can end."""
    group = Program(name="modalshift", about=Message("程序", "a program"))
    fault = Fault("shipments.csv", 17, "mass_t", "negative", Message("重量应大于 0", "the mass must be positive"))
    endings = {
        "conflict": ConflictError(Message("账期已关闭", "the period is closed")),
        "defect": ZeroDivisionError("division by zero"),
        "factor": FactorError(Message("没有合适的排放因子", "no emission factor fits")),
        "faults": InputError.of([fault]),
        "interrupt": KeyboardInterrupt(),
        "solver": SolverError(Message("求解器失败", "the solver failed")),
    }

    def raising(error: BaseException) -> None:
        raise error

    for name, error in endings.items():
        group.add_command(Verb(name, about=Message(name, name), callback=lambda error=error: raising(error)))
    group.add_command(Verb("findings", about=Message("发现", "findings"), callback=lambda: 1))
    group.add_command(Verb("fine", about=Message("好", "fine"), callback=lambda: click.echo(current_session())))

    @click.command("typed", cls=Verb, about=Message("带参数", "typed"))
    @click.argument("origin")
    @option("--mass-t", type=Tonnes(), zh="吨", en="tonnes")
    @option("--gap", type=click.FloatRange(0, 1), zh="间隙", en="gap")
    @option("--count", type=int, zh="数", en="count")
    @option("--file", type=click.Path(exists=True), zh="文件", en="file")
    @option("--form", type=click.Choice(["json", "csv"]), zh="格式", en="form")
    def typed(**_values: object) -> None:
        """Accepts everything that parses."""

    group.add_command(typed)
    return group


def run(program: Program, *words: str) -> Result:
    """One command line in this process."""
    return CliRunner().invoke(program, list(words))


@pytest.mark.parametrize(
    ("verb", "exit_code"),
    [("fine", 0), ("findings", 1), ("faults", 2), ("conflict", 2), ("factor", 2), ("solver", 3), ("defect", 3)],
)
def test_exit_code_says_how_it_ended(program: Program, verb: str, exit_code: int) -> None:
    """0 done, 1 findings, 2 bad input, 3 a defect of ours."""
    assert run(program, verb).exit_code == exit_code


def test_faults_are_listed_with_their_place_in_the_language_asked_for(program: Program) -> None:
    """A person finds file, row, column and remedy on stderr, and nothing on stdout."""
    chinese, english = run(program, "faults"), run(program, "faults", "--lang", "en")
    assert "shipments.csv:17:mass_t: 重量应大于 0" in chinese.stderr
    assert "shipments.csv:17:mass_t: the mass must be positive" in english.stderr
    assert chinese.stdout == english.stdout == ""


def test_a_defect_is_one_sentence_unless_debugging(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody sees a traceback who has not asked for it."""
    monkeypatch.delenv("MODALSHIFT_DEBUG", raising=False)
    plain = run(program, "defect").stderr
    assert "Traceback" not in plain
    assert "ZeroDivisionError" in plain
    monkeypatch.setenv("MODALSHIFT_DEBUG", "1")
    assert "Traceback" in run(program, "defect").stderr


def test_interrupt_ends_with_the_shells_code(program: Program) -> None:
    """Ctrl-C gives 130 and no traceback."""
    result = run(program, "interrupt")
    assert (result.exit_code, result.stderr) == (130, "\n已中断。\n")


@pytest.mark.parametrize(
    ("words", "chinese", "english"),
    [
        (["tpyed"], "没有命令 'tpyed'。是否想用 typed？", "No such command 'tpyed'"),
        (["typed", "QJ", "--mas-t", "1"], "没有选项 '--mas-t'。是否想用 --mass-t？", "No such option '--mas-t'"),
        (["typed"], "缺少参数 ORIGIN。", "Missing argument 'ORIGIN'"),
        (["typed", "QJ", "--mass-t", "x"], "选项 --mass-t 的值不对：应为吨数", "a number of tonnes is expected"),
        (["typed", "QJ", "--gap", "7"], "应为不小于 0、不大于 1 的数。", "7.0 is not in the range 0<=x<=1"),
        (["typed", "QJ", "--count", "x"], "选项 --count 的值不对。应为整数。", "'x' is not a valid integer"),
        (["typed", "QJ", "--file", "/none"], "应为存在且可读的文件或目录。", "'/none' does not exist"),
        (["typed", "QJ", "--form", "pdf"], "应为：json、csv。", "'pdf' is not one of 'json', 'csv'"),
        (["typed", "QJ", "--form"], "选项 --form 的用法不对", "Option '--form' requires an argument"),
        (["typed", "QJ", "ZP"], "多了参数：ZP", "unexpected extra argument"),
    ],
)
def test_wrong_words_are_explained_in_both_languages(
    program: Program, words: list[str], chinese: str, english: str
) -> None:
    """Usage errors exit 2 and say what would be right."""
    in_chinese, in_english = run(program, *words), run(program, "--lang", "en", *words)
    assert (in_chinese.exit_code, in_english.exit_code) == (2, 2)
    assert chinese in in_chinese.stderr
    assert english in in_english.stderr
    assert "--help" in in_chinese.stderr


def test_shared_options_stand_before_and_after_the_verb(program: Program, tmp_path: Path) -> None:
    """--network, --db and --lang mean the same on the group and on the verb; the verb's own answer wins."""
    before = run(program, "--network", str(tmp_path), "--db", "sqlite:///a.db", "--lang", "en", "fine").stdout
    after = run(program, "fine", "--network", str(tmp_path), "--db", "sqlite:///a.db", "--lang", "en").stdout
    assert before == after == f"{before.splitlines()[0]}\n"
    assert "sqlite:///a.db" in before
    assert "lang='en'" in before
    assert str(tmp_path) in before
    assert "b.db" in run(program, "--db", "sqlite:///a.db", "fine", "--db", "sqlite:///b.db").stdout


def test_the_database_may_be_named_by_the_environment(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """MODALSHIFT_DB is the default, an option overrides it."""
    monkeypatch.setenv("MODALSHIFT_DB", "sqlite:///env.db")
    assert "env.db" in run(program, "fine").stdout
    assert "a.db" in run(program, "--db", "sqlite:///a.db", "fine").stdout


def test_language_is_known_before_parsing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Option forms, the environment, and Chinese when nothing (or nonsense) is said."""
    monkeypatch.delenv("MODALSHIFT_LANG", raising=False)
    assert language_asked([]) == "zh"
    assert language_asked(["quote", "--lang", "en"]) == "en"
    assert language_asked(["--lang=en", "quote"]) == "en"
    assert language_asked(["--lang", "en", "quote", "--lang", "zh"]) == "zh"
    assert language_asked(["--lang", "fr"]) == "zh"
    assert language_asked(["--lang"]) == "zh"
    monkeypatch.setenv("MODALSHIFT_LANG", "en")
    assert language_asked(["quote"]) == "en"


@pytest.mark.parametrize("verb", ["", *sorted(VERBS)])
def test_every_help_page_speaks_both_languages(verb: str) -> None:
    """Help exits 0 and its sentences change with the language."""
    words = [verb] if verb else []
    chinese, english = run(cli, *words, "--help"), run(cli, "--lang", "en", *words, "--help")
    assert chinese.exit_code == english.exit_code == 0
    assert "用法：" in chinese.stdout
    assert "Usage:" in english.stdout
    assert not any("\u4e00" <= character <= "\u9fff" for character in english.stdout)


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    """A failed write leaves neither a draft nor a damaged old file, and says what would be right."""
    target = tmp_path / "plan.json"
    write_whole(target, "旧\n")
    write_whole(target, "新\n")
    assert target.read_text(encoding="utf-8") == "新\n"
    with pytest.raises(InputError, match="Name a file in a directory that exists"):
        write_whole(tmp_path / "missing" / "plan.json", "x")
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError):
        write_whole(tmp_path / "folder", "x")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "plan.json"]


def test_a_device_keeps_its_place(tmp_path: Path) -> None:
    """A draft would take the place of a pipe or device, and of a link to an open file, for every other program too."""
    pipe, link = tmp_path / "pipe", tmp_path / "stdout"
    os.mkfifo(pipe)
    link.symlink_to("/proc/self/fd/1")
    for special in (pipe, link, Path(os.devnull)):
        with pytest.raises(InputError, match="no plain file"), whole_file(special):
            pytest.fail("a draft was begun")
    assert (pipe.is_fifo(), link.is_symlink(), Path(os.devnull).is_char_device()) == (True, True, True)


@pytest.mark.parametrize("program_words", [["-m", "optimizer"], [str(Path(sys.executable).parent / "modalshift")]])
def test_both_doors_open(program_words: list[str], tmp_path: Path) -> None:
    """`python -m optimizer` and `modalshift` are the same program."""
    command = [sys.executable, *program_words]
    done = subprocess.run([*command, "--version"], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert (done.returncode, done.stdout) == (0, "modalshift 0.1.0\n")
    wrong = subprocess.run([*command, "quotee"], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert wrong.returncode == 2
    assert "没有命令" in wrong.stderr


def test_a_closed_pipe_is_no_error(tmp_path: Path) -> None:
    """`modalshift --help | head -0` ends quietly."""
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "optimizer", "--help"], stdout=writer, stderr=subprocess.PIPE, cwd=tmp_path, check=False
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, b"")


def every_verb(group: Program, name: str = "") -> Iterator[tuple[str, Verb]]:
    """All verbs with their names, those of groups too."""
    context = click.Context(group, obj=Session())
    for word in group.list_commands(context):
        command = group.get_command(context, word)
        if isinstance(command, Program):
            yield from every_verb(command, f"{name}{word} ")
        elif isinstance(command, Verb):
            yield f"{name}{word}", command


def test_names_of_results_are_told_apart_from_what_is_read() -> None:
    """By the type of the option; `backup` and `key new` never write over anything, directories are no file."""
    for name, verb in every_verb(cli):
        for param in verb.params:
            writes = {"--out", "--explain", "--report", "--readme", "--sailings-out"} & set(param.opts)
            if writes and param.metavar != "DIR" and name not in ("backup", "key new"):
                assert isinstance(param.type, WrittenFile), f"{name} {param.opts[0]}"


def test_no_verb_writes_over_what_it_reads_or_over_the_database(tmp_path: Path) -> None:
    """Each verb that writes a file, with that name for everything else too: refused before it begins."""
    file, seen = tmp_path / "file", set()
    for name, verb in every_verb(cli):
        paths = [param for param in verb.params if isinstance(param.type, click.Path) and param.expose_value]
        written = [param for param in paths if isinstance(param.type, WrittenFile)]
        books = [(written, Session(db_url=f"sqlite:///{file}"))] if written else []
        both = [(paths, Session())] if 0 < len(written) < len(paths) else []
        for params, session in (*books, *both):
            context = click.Context(verb, obj=session)
            context.params = {str(p.name): (file,) if p.multiple or p.nargs < 0 else file for p in params}
            with pytest.raises(InputError, match="is a file that is read"):
                verb.invoke(context)
        seen |= {name} if both else set()
    assert {"plan", "frontier", "footprint", "sheet", "proof", "ileap export", "ileap import", "bench plan"} <= seen
