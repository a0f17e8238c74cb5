"""Factors are proposed and released in the database, by two of its users, once, for ever."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from optimizer import actions
from optimizer.access.user import Role, User
from optimizer.emissions.factors import FactorTable, load_factors
from optimizer.errors import ConflictError, FactorError, UnknownRecordError
from optimizer.network.reader import read_network
from optimizer.quantities import CHINA_TIME
from optimizer.store.engine import Store
from tests.emissions.world import factor

AT = datetime(2026, 11, 1, 9, tzinfo=CHINA_TIME)
TABLE = FactorTable([*load_factors().factors, factor("own", unit="tkm", ttw_kg=0.05, wtt_kg=0.01)])


@pytest.fixture
def office(store: Store) -> Store:
    """A database with two administrators and a bank."""
    for login in ("li", "wang"):
        user = User(actions.user_id_of(login), login, login, login, Role.ADMINISTRATOR, "")
        actions.add_user(store, user, "a long passphrase 7", AT)
    bank = User(actions.user_id_of("chen"), "chen", "chen", "chen", Role.BANK, "")
    actions.add_user(store, bank, "a long passphrase 7", AT)
    return store


@pytest.fixture
def any_office(store: Store) -> Store:
    """The same people on each kind of database."""
    for login, role in (("li", Role.ADMINISTRATOR), ("wang", Role.ADMINISTRATOR), ("chen", Role.BANK)):
        actions.add_user(store, User(actions.user_id_of(login), login, login, login, role, ""), None, AT)
    return store


def test_shipped_factors_need_no_release(office: Store) -> None:
    """The demo world settles as before."""
    actions.require_released_factors(office, load_factors())
    assert not actions.factor_releases(office).proposals


def test_two_persons_open_the_accounts_to_a_factor(office: Store) -> None:
    """Refused, proposed, still refused, released, allowed."""
    with pytest.raises(FactorError, match="own@1"):
        actions.require_released_factors(office, TABLE)
    proposal = actions.propose_factors(office, TABLE, "li", AT, "own measurement")
    with pytest.raises(FactorError):
        actions.require_released_factors(office, TABLE)
    with pytest.raises(ConflictError):
        actions.release_factors(office, proposal.proposal_id, "li", AT)
    actions.release_factors(office, proposal.proposal_id, "wang", AT)
    actions.require_released_factors(office, TABLE)
    book = actions.factor_releases(office)
    assert [one.proposed_by for one in book.proposals] == ["li"]
    assert [one.released_by for one in book.releases] == ["wang"]


def test_strangers_and_strange_proposals_are_refused(office: Store) -> None:
    """Nobody signs under a name that is no user, and nothing is proposed twice."""
    with pytest.raises(UnknownRecordError, match="nobody"):
        actions.propose_factors(office, TABLE, "nobody", AT, "own measurement")
    with pytest.raises(ConflictError, match="bank"):
        actions.propose_factors(office, TABLE, "chen", AT, "own measurement")
    with pytest.raises(UnknownRecordError, match="0000"):
        actions.release_factors(office, "0000", "wang", AT)
    actions.propose_factors(office, TABLE, "li", AT, "own measurement")
    with pytest.raises(ConflictError, match="already"):
        actions.propose_factors(office, TABLE, "wang", AT, "own measurement")


def test_a_waiting_proposal_is_withdrawn_by_who_made_it_and_by_nobody_else(any_office: Store) -> None:
    """Withdrawn it is released no more, and the same rows may be proposed anew, under a name of their own; the audit,
    which reads every record of it, has nothing to say; what is released stays."""
    office = any_office
    made = actions.propose_factors(office, TABLE, "li", AT, "own measurement")
    for by, no in (("wang", "who alone"), ("chen", "bank")):
        with pytest.raises(ConflictError, match=no):
            actions.withdraw_factors(office, made.proposal_id, by, AT)
    with pytest.raises(UnknownRecordError, match="none"):
        actions.withdraw_factors(office, "none", "li", AT)
    gone = actions.withdraw_factors(office, made.proposal_id, "li", AT + timedelta(hours=1))
    book = actions.factor_releases(office)
    assert (book.withdrawals, book.waiting) == ((gone,), ())
    tries: list[Callable[[], object]] = [
        lambda: actions.withdraw_factors(office, made.proposal_id, "li", AT),
        lambda: actions.release_factors(office, made.proposal_id, "wang", AT),
    ]
    for again in tries:
        with pytest.raises(ConflictError, match="was withdrawn by li"):
            again()
    with pytest.raises(FactorError):
        actions.require_released_factors(office, TABLE)
    later = actions.propose_factors(office, TABLE, "li", AT + timedelta(hours=2), "own measurement")
    assert later.proposal_id == f"{made.proposal_id}-2"
    with pytest.raises(ConflictError, match="already"):
        actions.propose_factors(office, TABLE, "wang", AT, "own measurement")
    actions.release_factors(office, later.proposal_id, "wang", AT + timedelta(hours=3))
    actions.require_released_factors(office, TABLE)
    with pytest.raises(ConflictError, match="released already"):
        actions.withdraw_factors(office, later.proposal_id, "li", AT + timedelta(hours=4))
    assert actions.audit(office, read_network(), load_factors()) == []


def test_settling_with_an_unreleased_table_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """On the command line: exit 2, nothing written."""
    from optimizer.cli import cli
    from optimizer.emissions.factor_files import FILE, ImportRules, import_factors

    url = f"sqlite:///{tmp_path / 'm.db'}"
    actions.open_store(url).close()
    source = tmp_path / "own.csv"
    source.write_text("factor_id,wtt_kg,ttw_kg\nown,0.01,0.05\n", encoding="utf-8")
    fill = {
        "mode": "road", "use": "reference", "unit": "tkm", "gas_basis": "CO2e", "gwp_set": "AR6", "boundary": "wtw",
        "region": "CN", "valid_from": "2026-01-01", "source": "own", "evidence": "assumed", "licence": "own",
        "description_zh": "自有", "description_en": "own",
    }  # fmt: skip
    import shutil

    import network_data

    network = tmp_path / "network"
    shutil.copytree(Path(network_data.__path__[0]), network)
    text = import_factors(source, None, ImportRules({}, fill)).text
    (network / FILE).write_text(text, encoding="utf-8")
    with pytest.raises(SystemExit) as ended:
        cli.main(["--db", url, "--network", str(network), "settle", "--lang", "en"])
    assert ended.value.code == 2
    assert "own@1" in capsys.readouterr().err


def test_runs_enter_accounts_only_through_the_verbs_that_ask_for_a_release() -> None:
    """Whoever settles (command line, worker, web, demo) goes through these two modules; the benches fill their
    own databases with shipped factors, and the store is what they write with."""
    root = Path(actions.__file__).parents[2]
    writers = {
        path.relative_to(root).as_posix()
        for package in ("optimizer", "webapp")
        for path in (root / package).rglob("*.py")
        if any(call in path.read_text(encoding="utf-8") for call in ("add_runs(", "add_ready_runs("))
    }
    guarded = {"optimizer/actions/settling.py", "optimizer/actions/correcting.py"}
    benches = {f"optimizer/bench/{name}.py" for name in ("settle", "audit", "evidence_world")}
    assert writers - {"optimizer/store/session.py"} - benches == guarded
    for name in guarded:
        assert "require_released_factors(store, factors)" in (root / name).read_text(encoding="utf-8")
