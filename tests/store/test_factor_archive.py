"""What accounts were settled with is kept: old lots have their sheets when other factors are in force."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from optimizer import actions
from optimizer.access.user import Role, User
from optimizer.accounts import audit as checks
from optimizer.accounts.audit.run_part import read_runs
from optimizer.actions import auditing
from optimizer.actions.city_audit import recompute_lot
from optimizer.cli import cli
from optimizer.documents.calculation_sheet import sheet_json
from optimizer.emissions.factors import FactorTable, load_factors
from optimizer.errors import ConflictError
from optimizer.store.engine import Store
from optimizer.waybills.codec import sha256, to_json
from tests.accounts.small_books import FUEL_LOGS
from tests.store.conftest import allow_changes
from tests.waybills.world import (
    ISSUED_AT,
    LATER,
    all_events,
    parties,
    shipments,
    world_factors,
    world_network,
    world_plan,
    world_waybills,
)

S1, _ = world_waybills()
THEN = world_factors()
NOW = FactorTable(replace(f, ttw_kg=f.ttw_kg * 2) if f.ttw_kg else f for f in THEN.factors)


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, str]]:
    """The tiny world, settled with the factors of then, and its address."""
    url = f"sqlite:///{tmp_path_factory.mktemp('books') / 'a.db'}"
    store = actions.open_store(url)
    issued = actions.accept(store, world_plan(), shipments(), parties(), world_network(), ISSUED_AT)
    actions.record(store, all_events(issued, FUEL_LOGS), LATER)
    actions.settle(store, world_network(), THEN, LATER)
    yield store, url
    store.close()


def test_an_old_lot_has_its_sheet_under_other_factors(books: tuple[Store, str]) -> None:
    """The same sheet to the byte, recomputed with the kept table and saying so."""
    store, _ = books
    old = actions.calculation_sheet(store, S1.number, 1, THEN)
    assert old.factors_at_hand == THEN.version
    assert sheet_json(actions.calculation_sheet(store, S1.number, 1, NOW)) == sheet_json(old)


def test_an_entry_has_its_sheet_under_other_factors(books: tuple[Store, str]) -> None:
    """Settlements are derived from the run as it was made."""
    store, _ = books
    with store.read() as session:
        entries = [entry for entry in session.transactions([S1.number]) if entry.kind.value == "SETTLE"]
    for entry in entries:
        sheet = actions.entry_sheet(store, entry.transaction_id, NOW)
        assert sheet.sheet is not None
        assert sheet.sheet.factors_at_hand == THEN.version


def test_the_lot_page_recomputes_with_the_kept_table(books: tuple[Store, str]) -> None:
    """The city's auditor sees the recorded grams again, not those of other factors."""
    auditor = User("u", "auditor", "", "", Role.AUDITOR)
    again = recompute_lot(books[0], auditor, S1.number, 1, world_network(), NOW)
    assert again is not None
    assert again.result == again.run.result
    assert again.factors_version == THEN.version


def test_the_command_line_prints_it_with_the_shipped_factors(
    books: tuple[Store, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """The tiny world's factors are not the shipped ones: they come out of the database."""
    assert load_factors().version != THEN.version
    with pytest.raises(SystemExit) as ended:
        cli.main(["--db", books[1], "--lang", "en", "sheet", S1.number, "1"])
    assert not ended.value.code
    assert f"Recomputed with: {THEN.version}" in capsys.readouterr().out


def test_every_table_is_kept_once(books: tuple[Store, str]) -> None:
    """Settling again with the same factors adds nothing; a table reads back with its version."""
    store, _ = books
    actions.settle(store, world_network(), THEN, LATER)
    with store.read() as session:
        kept = session.kept_factor_table(THEN.version)
        assert kept is not None
        assert kept.factors == THEN.factors
        assert session.kept_factor_table(NOW.version) is None


def test_the_shipped_table_reads_back_with_its_version(tmp_path_factory: pytest.TempPathFactory) -> None:
    """All of its rows, with every text and date: the version is the digest of them."""
    store = actions.open_store(f"sqlite:///{tmp_path_factory.mktemp('kept') / 'a.db'}")
    shipped = load_factors()
    with store.write() as session:
        session.keep_factor_table(shipped, LATER)
        again = session.kept_factor_table(shipped.version)
    store.close()
    assert again is not None
    assert (again.version, again.factors) == (shipped.version, shipped.factors)


def test_a_changed_archive_is_refused(books: tuple[Store, str]) -> None:
    """Whoever lowers a kept factor gets no sheet out of it."""
    store, _ = books
    with store.write() as session:
        raw = session._connection
        with pytest.raises(Exception, match=r"append|never|only"):
            raw.exec_driver_sql("UPDATE factor_archive SET document = document")
    with store.write() as session:
        allow_changes(session._connection, "factor_archive")
        session._connection.exec_driver_sql(
            "UPDATE factor_archive SET document = replace(document, '\"ttw_kg\":3.2', '\"ttw_kg\":3.1')"
        )
    with pytest.raises(ConflictError, match="changed"):
        actions.calculation_sheet(store, S1.number, 1, NOW)


def test_the_audit_recomputes_former_runs_with_the_kept_table(tmp_path: Path) -> None:
    """Under other factors, in the quick way and over records: a forged result with matching digests is found, and a
    kept table that was changed is named."""
    url = f"sqlite:///{tmp_path / 'a.db'}"
    store = actions.open_store(url)
    issued = actions.accept(store, world_plan(), shipments(), parties(), world_network(), ISSUED_AT)
    actions.record(store, all_events(issued, FUEL_LOGS), LATER)
    actions.settle(store, world_network(), THEN, LATER)
    assert actions.audit(store, world_network(), NOW) == []
    books_now = auditing.books(store, world_network(), NOW)
    run = next(iter(books_now.runs.values()))
    recomputed_with = books_now.factors_of(run)
    assert recomputed_with is not None
    assert recomputed_with.version == THEN.version
    forged = replace(run, result=replace(run.result, credited_wtw_g=run.result.credited_wtw_g + 1))
    forged = replace(forged, result_sha256=sha256(to_json(forged.result)))
    told = checks.audit(replace(books_now, runs={**books_now.runs, run.run_id: forged}))
    assert "recomputes_differently" in {item.code for item in told}
    blind = checks.audit(replace(books_now, runs={**books_now.runs, run.run_id: forged}, kept_factors={}))
    assert "recomputes_differently" not in {item.code for item in blind}
    with store.write() as session:
        allow_changes(session._connection, "factor_archive")
        session._connection.exec_driver_sql("UPDATE factor_archive SET document = replace(document, '3.2', '3.1')")
    assert [item.code for item in actions.audit(store, world_network(), NOW)] == ["factor_table_changed"]
    store.close()


def test_the_quick_reading_recomputes_former_runs(books: tuple[Store, str]) -> None:
    """Row by row: with the kept table a run is sound, with a table of other values under its version it is not."""
    store, _ = books
    with store.read() as session:
        rows = list(session.run_rows(next(iter(session.row_parts("calculation_runs", 1)))))
    assert not read_runs(rows, NOW, {THEN.version: THEN}).numbers
    assert read_runs(rows, NOW, {THEN.version: NOW}).numbers == {row.number for row in rows}
