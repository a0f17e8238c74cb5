"""The verbs over the accounts, on a real database file."""

from __future__ import annotations

import codecs
import json
import sqlite3
from contextlib import closing
from datetime import datetime
from functools import reduce
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from optimizer.accounts.audit.overlaps import CLAIM_COLUMNS
from optimizer.accounts.ledger import month_before, month_of
from optimizer.actions import accept, open_store
from optimizer.cli import cli
from optimizer.cli.audit import REMEDIES
from optimizer.quantities import CHINA_TIME
from tests.store.conftest import settle_world
from tests.waybills.world import ISSUED_AT, parties, shipments, world_network, world_plan, world_waybills


@pytest.fixture
def db_url(tmp_path: Path) -> str:
    """An empty database."""
    url = f"sqlite:///{tmp_path / 'modalshift.db'}"
    open_store(url).close()
    return url


def run(*words: str) -> Result:
    """One command line in this process."""
    return CliRunner().invoke(cli, list(words))


def test_empty_books_are_clean_and_settle_nothing(db_url: str) -> None:
    """Nothing recorded: audit finds nothing, settle settles nothing."""
    audited = run("audit", "--db", db_url)
    assert (audited.exit_code, audited.stdout) == (0, "审计完成，未发现问题。\n")
    assert json.loads(run("audit", "--db", db_url, "--json").stdout) == []
    settled = run("settle", "--db", db_url, "--lang", "en")
    assert settled.exit_code == 0
    assert "Settled now" in settled.stdout


def test_a_month_closes_once_it_is_over(db_url: str) -> None:
    """Closing twice answers the same; a month to come, or no month, is refused with exit 2; in empty books so is every
    month but the one that is just over."""
    over = month_before(month_of(datetime.now(CHINA_TIME)))
    for months in (1, 9 * 12):
        older = reduce(lambda month, _: month_before(month), range(months), over)
        wrong = run("close", older, "--db", db_url, "--lang", "en")
        assert (wrong.exit_code, f"only {over}" in wrong.stderr) == (2, True)
    first, again = run("close", over, "--db", db_url), run("close", over, "--db", db_url)
    assert first.exit_code == again.exit_code == 0
    assert first.stdout == again.stdout
    assert run("close", "2999-01", "--db", db_url).exit_code == 2
    refused = run("close", "September", "--db", db_url, "--lang", "en")
    assert refused.exit_code == 2
    assert "write it like 2026-10" in refused.stderr


def test_parties_are_registered_from_the_command_line(db_url: str) -> None:
    """A new city has no other way to its first waybill: the demo alone had parties."""
    enterprises = str(Path(__file__).parents[2] / "seeds" / "enterprises.csv")
    first, again = (run("party", "add", enterprises, "--db", db_url, "--lang", "en") for _ in range(2))
    assert (first.exit_code, first.stdout) == (0, "enterprises.csv: 14 registered, 0 were registered before.\n")
    assert "0 registered, 14 were" in again.stdout
    assert "托运人" in run("party", "list", "--db", db_url).stdout
    assert run("party", "add", "nobody.csv", "--db", db_url).exit_code == 2


def test_a_statement_of_nobody_is_refused_and_writes_nothing(db_url: str, tmp_path: Path) -> None:
    """An unknown account: exit 2, no file."""
    out = tmp_path / "statement.json"
    result = run("statement", "NOBODY", "--period", "2026-10", "--out", str(out), "--db", db_url)
    assert result.exit_code == 2
    assert "没有账户" in result.stderr
    assert not out.exists()


def test_a_file_is_what_its_name_says(settled_url: str, tmp_path: Path) -> None:
    """Without --format the ending decides; a name that promises another format is refused and nothing is written."""
    asked = ("E1", "--period", "2026-10", "--db", settled_url, "--out")
    for name, begins in (("s.xlsx", b"PK"), ("s.pdf", b"%PDF"), ("s.csv", b"seq,kind,"), ("s.txt", b"{")):
        out = tmp_path / name
        assert run("statement", *asked, str(out)).exit_code == 0, name
        assert out.read_bytes().startswith(begins), name
    plain = (tmp_path / "s.csv").read_bytes()
    assert run("statement", *asked, str(tmp_path / "e.csv"), "--excel").exit_code == 0
    assert (tmp_path / "e.csv").read_bytes() == codecs.BOM_UTF8 + plain, "the mark, and nothing else"
    assert run("statement", *asked, str(tmp_path / "e.json"), "--excel").exit_code == 2
    for name, begins in (("r.json", b"{"), ("r.pdf", b"%PDF"), ("r", b"%PDF")):
        assert run("report", *asked, str(tmp_path / name)).exit_code == 0
        assert (tmp_path / name).read_bytes().startswith(begins)
    wrong = tmp_path / "w.xlsx"
    for words in (("report", *asked, str(wrong)), ("statement", *asked, str(wrong), "--format", "pdf")):
        refused = run(*words)
        assert (refused.exit_code, wrong.exists()) == (2, False)
        assert "以 .xlsx 结尾，而格式是 pdf" in refused.stderr


@pytest.mark.parametrize("verb", [["audit"], ["settle"], ["close", "2026-09"], ["serve", "--port", "0"]])
def test_a_misspelt_database_is_not_created(verb: list[str], tmp_path: Path) -> None:
    """A typo must not answer "clean" from an empty database."""
    file = tmp_path / "modalshfit.db"
    result = run(*verb, "--db", f"sqlite:///{file}", "--lang", "en")
    assert result.exit_code == 2
    assert "There is no database file" in result.stderr
    assert not file.exists()


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///", "sqlite:///:memory:"])
def test_a_database_in_memory_is_no_books(url: str) -> None:
    """It begins empty with each command, and an audit of it would find everything in order."""
    result = run("audit", "--db", url, "--lang", "en")
    assert result.exit_code == 2
    assert f"There is no database file {url}" in result.stderr


def test_a_database_nobody_can_open_is_named(tmp_path: Path) -> None:
    """A directory that does not exist, or a kind of database we do not speak."""
    for url in ("mysql://x:secret@localhost/x", "postgres://x:secret@localhost/x", "own.db", ""):
        refused = run("audit", "--db", url)
        assert (refused.exit_code, "secret" in refused.stderr) == (2, False)
        assert "请写 sqlite:///modalshift.db（文件）或 postgresql://用户@主机/库名" in refused.stderr
    gone = run("audit", "--db", "postgresql://x@127.0.0.1:1/x", "--lang", "en")
    assert gone.exit_code == 2
    assert len(gone.stderr.splitlines()) == 1
    assert "check the file or server that --db or MODALSHIFT_DB names." in gone.stderr
    (tmp_path / "text.db").write_text("this is no database, and long enough to be seen as none" * 10)
    assert run("audit", "--db", f"sqlite:///{tmp_path / 'text.db'}").exit_code == 2


def test_the_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    """Its tables would stand beside ours, and every audit of them would be clean."""
    file = tmp_path / "customers.db"
    with closing(sqlite3.connect(file)) as other:
        other.execute("CREATE TABLE customers (name TEXT)")
    refused = run("audit", "--db", f"sqlite:///{file}", "--lang", "en")
    assert refused.exit_code == 2
    assert "such as customers" in refused.stderr
    with closing(sqlite3.connect(file)) as other:
        assert [name for (name,) in other.execute("SELECT name FROM sqlite_master")] == ["customers"]


@pytest.mark.parametrize(
    "verb", [["audit"], ["audit", "population", "--out", "p.csv"], ["restate", "--all", "--reason", "r"]]
)
def test_a_damaged_database_file_is_named_and_no_defect(settled_url: str, verb: list[str]) -> None:
    """Exit 1 with the remedy: pages of the ledger that hold anything else than what SQLite wrote."""
    file = Path(settled_url.removeprefix("sqlite:///"))
    with closing(sqlite3.connect(file)) as raw:
        raw.execute("PRAGMA journal_mode = DELETE")
        size = raw.execute("PRAGMA page_size").fetchone()[0]
        (page,) = raw.execute("SELECT rootpage FROM sqlite_master WHERE name = 'transactions'").fetchone()
    content = bytearray(file.read_bytes())
    content[(page - 1) * size : page * size] = b"\xff" * size
    file.write_bytes(content)
    result = run(*verb, "--db", settled_url, "--lang", "en")
    assert (result.exit_code, "restore a backup" in result.stderr) == (1, True)


@pytest.fixture
def settled_url(db_url: str) -> str:
    """The tiny world, settled."""
    store = open_store(db_url)
    settle_world(store)
    store.close()
    return db_url


def test_the_audit_of_a_changed_database_says_where_once_and_what_to_do(settled_url: str) -> None:
    """A posting made larger by hand: the entry is named once in its line, and the way to the former figures is told."""
    file = Path(settled_url.removeprefix("sqlite:///"))
    with closing(sqlite3.connect(file)) as books:
        for (trigger,) in books.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            books.execute(f'DROP TRIGGER "{trigger}"')
        books.execute(
            "UPDATE posting_lines SET amount = amount + 1000 WHERE ledger = (SELECT max(ledger) FROM posting_lines)"
        )
        books.commit()
    audited = run("audit", "--db", settled_url)
    assert audited.exit_code == 1
    changed = [line for line in audited.stdout.splitlines() if line.endswith("[transaction_changed]")]
    assert changed
    assert all(line.count("transaction ") == 1 for line in changed)
    assert "modalshift verify 树头文件 --manifest" in audited.stdout
    assert "evidence add" not in audited.stdout


def test_corrections_and_deals_from_the_command_line(settled_url: str) -> None:
    """Transfer, retire, reverse: each says what it booked; asked again it answers the same; too much is refused."""
    number = world_waybills()[0].number
    english = ("--db", settled_url, "--lang", "en")
    deal = ("transfer", "E1", "E2", "--kg", "1.5", "--reference", "d1", "--reason", "sold", *english)
    first, again = run(*deal), run(*deal)
    assert (first.exit_code, first.stdout) == (0, again.stdout)
    assert "E2.energy available +1.500 kg CO2e; E1.industry available -1.500 kg CO2e" in first.stdout
    chinese = run(*deal[:-1], "zh").stdout
    assert "号分录（转让，" in chinese
    assert "E2.energy 可用 +1.500 kg CO2e" in chinese
    retired = run("retire", "E2", "--kg", "1", "--reference", "r1", "--reason", "report", *english)
    assert "retired +1.000 kg" in retired.stdout
    refused = run("retire", "E2", "--kg", "1e9", "--reference", "r2", "--reason", "report", *english)
    assert (refused.exit_code, "less than" in refused.stderr) == (2, True)
    assert run("reverse", f"{number}/2", "--reason", "forged", *english).exit_code == 0
    restated = run("restate", f"{number}/2", "--reason", "not forged", *english)
    assert restated.exit_code == 2  # the world's classes are not in the shipped network
    assert run("audit", *english).exit_code == 0  # every entry names its reason, and all of it adds up


@pytest.mark.parametrize(
    "words",
    [
        ["reverse", "MW/x", "--reason", "r"],
        ["reverse", "nobody/1", "--reason", "r"],
        ["restate", "--reason", "r"],
        ["restate", "MW/1", "--all", "--reason", "r"],
        ["transfer", "E1", "E2", "--kg", "1.0001", "--reference", "x", "--reason", "r"],
        ["transfer", "E1", "E2", "--kg", "nan", "--reference", "x", "--reason", "r"],
        ["transfer", "E1", "E2", "--kg", "1,5", "--reference", "x", "--reason", "r"],
        ["transfer", "E1", "E2", "--kg", "0,001", "--reference", "x", "--reason", "r"],
        ["retire", "E1", "--kg", "-1", "--reference", "x", "--reason", "r"],
        ["retire", "E1", "--kg", "1", "--reference", "", "--reason", "r"],
        ["retire", "E1", "--kg", "1", "--reference", "x", "--reason", " "],
        ["retire", "E1", "--kg", "1", "--reference", "x", "--reason", "two\nlines"],
        ["retire", "E1", "--kg", "1", "--reference", "x", "--reason", "long" * 51],
        ["retire", "E1", "--kg", "1e999999", "--reference", "x", "--reason", "r"],
        ["retire", "E1", "--kg", "1", "--reference", "\udcff", "--reason", "r"],
        ["reverse", f"MW/{'1' * 5000}", "--reason", "r"],
        ["waybill", "amend", "MW", "--reason", "r", "--declared-mass", f"{'1' * 5000}=1"],
        ["waybill", "amend", "MW", "--reason", "r", "--declared-mass", "1=1e999999"],
        ["waybill", "amend", "MW", "--reason", "r", "--due-at", "0001-01-01T00:00:00+14:00"],
        ["statement", "E1", "--period", "2026-10", "--at-size", "9" * 30, "--out", "s.json"],
        ["statement", "E1", "--period", "２０２６-10", "--out", "s.json"],
        ["audit", "population", "--period", "２０２６-10", "--out", "p.csv"],
        ["close", "２０２６-10"],
        ["statement", "E1", "--period", "9999-12", "--format", "pdf", "--out", "s.pdf"],
        ["statement", "E1", "--period", "0000-01", "--format", "xlsx", "--out", "s.xlsx"],
        ["close", "2006-09"],
    ],
)
def test_wrong_corrections_are_bad_input(settled_url: str, words: list[str]) -> None:
    """Exit 2 with a sentence, and the ledger is as before."""
    result = run(*words, "--db", settled_url, "--lang", "en")
    assert result.exit_code == 2
    assert "Internal" not in result.stderr
    store = open_store(settled_url)
    with store.read() as session:
        assert session.last_seq() == 12
    store.close()


def test_a_waybill_is_amended_from_the_command_line(db_url: str) -> None:
    """Open, give up, amend, show; every fault of a wrong line at once; nothing is written for it."""
    store = open_store(db_url)
    accept(store, world_plan(), shipments(), parties(), world_network(), ISSUED_AT)
    store.close()
    number = world_waybills()[0].number
    tail = ("--reason", "asked for", "--db", db_url, "--lang", "en")
    assert "AMENDING" in run("waybill", "amend", number, *tail).stdout
    assert "version 1 is in force again" in run("waybill", "withdraw", number, *tail).stdout
    amended = run(
        *(
            "waybill",
            "amend",
            number,
            "--declared-mass",
            "1=280.5",
            "--vessel",
            "2/3=CN-9",
            "--due-at",
            "2026-10-30",
        ),
        *("--consignee", "E2", *tail),
    )
    assert amended.exit_code == 0, amended.output
    assert "version 2 is issued" in amended.stdout
    assert "2/3 vessel_id:" in amended.stdout
    wrong = run("waybill", "amend", number, "--declared-mass", "x", "--vessel", "3=CN", "--due-at", "soon", *tail)
    assert wrong.exit_code == 2
    assert "3 fault(s)" in wrong.stderr
    assert run("waybill", "amend", number, "--consignee", "NOBODY", *tail).exit_code == 2
    shown = json.loads(run("waybill", "show", number, "--json", "--db", db_url).stdout)
    assert [item["waybill"]["version"] for item in shown] == [1, 2]
    assert shown[1]["waybill"]["due_at"] == "2026-10-30T23:59:59+08:00"
    assert shown[1]["reason"] == "asked for"
    assert "第 2 版" in run("waybill", "show", number, "--db", db_url).stdout
    assert run("waybill", "show", "MW1", "--db", db_url).exit_code == 2


def test_evidence_from_the_command_line(db_url: str, tmp_path: Path) -> None:
    """Kept with their digests printed; bad ones are all named and none kept; a deleted file ends in exit 1."""
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.7 a")
    (tmp_path / "b.exe").write_bytes(b"MZ")
    tail = ("--db", db_url, "--lang", "en")
    refused = run("evidence", "add", str(tmp_path / "a.pdf"), str(tmp_path / "b.exe"), *tail)
    assert refused.exit_code == 2
    assert "b.exe" in refused.stderr
    assert run("evidence", "add", str(tmp_path / "none.pdf"), str(tmp_path), *tail).exit_code == 2
    assert json.loads(run("evidence", "check", "--json", *tail).stdout)["files"] == 0
    digest = run("evidence", "add", str(tmp_path / "a.pdf"), *tail).stdout.split()[0]
    assert "1 file(s) of 10 bytes, 0 finding(s)" in run("evidence", "check", *tail).stdout
    next((tmp_path / "modalshift.db.evidence").rglob(digest)).unlink()
    for verb in (("evidence", "check"), ("audit",)):
        found = run(*verb, *tail)
        assert found.exit_code == 1
        assert "[evidence_missing]" in found.stdout


def test_the_auditor_s_verbs_from_the_command_line(settled_url: str, tmp_path: Path) -> None:
    """Population with totals, a sample and its roll-up, overlaps, timeliness; wrong input ends in exit 2."""
    tail = ("--db", settled_url, "--lang", "en")
    out = tmp_path / "population.json"
    assert (
        "Difference to the balances of the ledger: 0.000 kg"
        in run("audit", "population", "--out", str(out), *tail).stdout
    )
    assert json.loads(out.read_text())["control_totals"]["unexplained_g"] == 0
    sample = tmp_path / "sample.csv"
    assert "3 of 3 lots (3 certain)" in run("audit", "sample", "--out", str(sample), *tail).stdout
    assert run("audit", "misstatement", str(sample), *tail).exit_code == 2
    rows = [line.split(",") for line in sample.read_text().splitlines()]
    sample.write_text(
        "\n".join(",".join([*row[:10], row[9], ""]) if place else ",".join(row) for place, row in enumerate(rows))
    )
    below = run("audit", "misstatement", str(sample), *tail)
    assert (below.exit_code, "below the threshold" in below.stdout) == (0, True)
    claims = tmp_path / "claims.csv"
    claims.write_text(f"{','.join(CLAIM_COLUMNS)}\nVCS,1,{world_waybills()[0].number},,,,,\n")
    assert run("audit", "overlaps", str(claims), *tail).exit_code == 1
    assert len(json.loads(run("audit", "overlaps", str(claims), "--json", *tail).stdout)) == 2
    late = run("audit", "timeliness", "--max-days", "1", *tail)
    assert (late.exit_code, "reported_late" in late.stdout) == (1, True)
    assert run("audit", "sample", "--out", str(sample), "--size", "0", *tail).exit_code == 2
    assert run("audit", "population", "--period", "x", "--out", str(out), *tail).exit_code == 2
    assert run("audit", *tail).exit_code == 0


def test_every_code_with_a_remedy_is_one_that_findings_have() -> None:
    """A misspelt code would never be met, and its remedy never be told."""
    named = json.loads(Path("webapp/translations/findings.json").read_text(encoding="utf-8"))
    assert {f"finding.{code}" for codes, _ in REMEDIES for code in codes} <= named.keys()
