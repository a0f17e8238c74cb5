"""What two persons released is in force; everything else reads as before."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from optimizer import actions
from optimizer.access.user import Role, User
from optimizer.actions.released_tables import forget, propose_network_over, rows_taken_back
from optimizer.cli.session import Session
from optimizer.emissions.factor_files import ImportRules, import_factors, rows_text
from optimizer.emissions.factors import load_factors
from optimizer.emissions.releases import row_digest, row_text
from optimizer.errors import ConflictError, InputError, NetworkDataError, StorageError, UnknownRecordError
from optimizer.network.archive import packed, table_files, unpacked
from optimizer.network.reader import read_network
from optimizer.network.releases import NetworkProposal, NetworkRelease, propose, released_since
from optimizer.network.schema import shipped_directory
from optimizer.quantities import CHINA_TIME
from optimizer.store.engine import Store
from optimizer.waybills.codec import from_json, to_json
from tests.store.crashing import full_disk

AT = datetime(2026, 11, 1, 9, tzinfo=CHINA_TIME)
DIESEL = "fuel-diesel-cn-ndrc"


@pytest.fixture
def office(tmp_path: Path) -> Store:
    """A database with two administrators, and a bank that may not propose."""
    store = actions.open_store(f"sqlite:///{tmp_path / 'm.db'}")
    for login, role in (("li", Role.ADMINISTRATOR), ("wang", Role.ADMINISTRATOR), ("chen", Role.BANK)):
        actions.add_user(store, User(actions.user_id_of(login), login, login, login, role, ""), None, AT)
    return store


@pytest.fixture
def any_office(store: Store) -> Store:
    """The same people on each kind of database."""
    for login, role in (("li", Role.ADMINISTRATOR), ("wang", Role.ADMINISTRATOR), ("chen", Role.BANK)):
        actions.add_user(store, User(actions.user_id_of(login), login, login, login, role, ""), None, AT)
    return store


def network_with(tmp_path: Path, name: str, toll: str, row: int = 0, base: Path | None = None) -> Path:
    """A network, the shipped one if none is named, with another toll on one of its links."""
    directory = tmp_path / name
    unpacked(packed(table_files(base or shipped_directory())), directory)
    rows = list(csv.DictReader(io.StringIO((directory / "links.csv").read_text(encoding="utf-8-sig"))))
    rows[row]["toll_yuan_per_t"] = toll
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    (directory / "links.csv").write_text(text.getvalue(), encoding="utf-8")
    return directory


def diesel_file(tmp_path: Path, version: str, valid_from: str, valid_to: str = "", **more: str) -> Path:
    """One new version of a shipped factor."""
    rows = csv.DictReader(io.StringIO((shipped_directory() / "factors.csv").read_text(encoding="utf-8-sig")))
    row = next(row for row in rows if row["factor_id"] == DIESEL)
    row |= {"version": version, "valid_from": valid_from, "valid_to": valid_to, **more}
    file = tmp_path / f"{version}.csv"
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, list(row))
        writer.writeheader()
        writer.writerow(row)
    return file


def test_without_releases_the_directory_stands(office: Store) -> None:
    """Nothing is copied, nothing differs."""
    found = actions.tables_in_force(office, None)
    assert found.directory == shipped_directory()
    assert (found.network.version, found.factors.version) == (read_network().version, load_factors().version)
    assert found.network_release is None


def test_only_a_copy_of_ours_is_removed(office: Store, tmp_path: Path) -> None:
    """Tables that were laid out for a process go when others are in force; a directory that somebody named stays."""
    scratch, named = tmp_path / "scratch", network_with(tmp_path, "named", "1")
    scratch.mkdir()
    forget(actions.tables_in_force(office, named, scratch), scratch)
    assert read_network(named)
    proposal = actions.propose_network(office, named, (), "li", AT, "a toll")
    actions.release_network(office, proposal.proposal_id, "wang", AT)
    laid_out = actions.tables_in_force(office, None, scratch)
    assert scratch in laid_out.directory.parents
    forget(laid_out, scratch)
    assert not laid_out.directory.exists()
    assert scratch.exists()
    assert read_network(named)


def test_a_network_comes_into_force_by_two_persons_and_goes_again(office: Store, tmp_path: Path) -> None:
    """Proposed it changes nothing, released it stands, and the one before comes back the same way; the mark tells."""
    first, second = (network_with(tmp_path, name, toll) for name, toll in (("one", "1.11"), ("two", "2.22")))
    marks = [actions.releases_mark(office)]
    with pytest.raises(ConflictError, match="bank"):
        actions.propose_network(office, first, (), "chen", AT, "new tolls")
    with pytest.raises(InputError):
        actions.propose_network(office, first, (), "li", AT, " ")
    made = [
        actions.propose_network(office, directory, (), "li", AT + timedelta(hours=n), "new tolls")
        for n, directory in enumerate((first, second))
    ]
    with pytest.raises(ConflictError, match=made[0].proposal_id):
        actions.propose_network(office, first, (), "wang", AT, "the same once more")
    assert actions.tables_in_force(office, None, tmp_path).network.version == read_network().version
    with pytest.raises(ConflictError):
        actions.release_network(office, made[0].proposal_id, "li", AT)
    with pytest.raises(UnknownRecordError):
        actions.release_network(office, "none", "wang", AT)
    for n, (proposal, toll) in enumerate(zip(made, (1.11, 2.22), strict=True)):
        despite = made[n - 1].proposal_id if n else ""
        actions.release_network(office, proposal.proposal_id, "wang", AT + timedelta(hours=5 + n), despite=despite)
        marks.append(actions.releases_mark(office))
        found = actions.tables_in_force(office, None, tmp_path)
        assert next(iter(found.network.links.values())).toll_yuan_per_t == toll
        assert found.network.version == proposal.version
        assert found.factors.version == load_factors().version
        assert found.network_release is not None
    with pytest.raises(ConflictError):
        actions.release_network(office, made[0].proposal_id, "wang", AT)
    again = actions.propose_network_again(office, made[0].proposal_id, "wang", AT + timedelta(days=1), "it was right")
    actions.release_network(office, again.proposal_id, "li", AT + timedelta(days=1))
    marks.append(actions.releases_mark(office))
    assert actions.tables_in_force(office, None, tmp_path).network.version == made[0].version
    assert len(set(marks)) == len(marks)
    named = actions.tables_in_force(office, second, tmp_path, base_stands=True)
    assert named.network.version == made[1].version


def test_a_release_takes_nothing_back_unseen(office: Store, tmp_path: Path) -> None:
    """Of two proposals made from the same tables the second would undo the first: it is refused with the rows that go
    back, and released only for who names the release that is undone. One made over the first goes through."""
    one, other = (network_with(tmp_path, name, "1.11", row) for name, row in (("one", 0), ("other", 1)))
    both = network_with(tmp_path, "both", "1.11", 1, base=one)
    first, second = (actions.propose_network(office, each, (), "li", AT, "new toll") for each in (one, other))
    actions.release_network(office, first.proposal_id, "wang", AT + timedelta(hours=1))
    link_id = next(iter(read_network().links))
    with pytest.raises(
        ConflictError, match=rf"{first.proposal_id} was released by wang.*1 row.*links {link_id}\)"
    ) as no:
        actions.release_network(office, second.proposal_id, "wang", AT + timedelta(hours=2))
    assert f"（links {link_id}）" in no.value.message.zh
    with pytest.raises(ConflictError, match="take back"):
        actions.release_network(office, second.proposal_id, "wang", AT, despite=second.proposal_id)
    (lost,) = rows_taken_back(office, second.proposal_id).rows
    assert (lost.table, lost.key, lost.cells[0].before) == ("links", (link_id,), "1.11")
    third = actions.propose_network(office, both, (), "li", AT + timedelta(hours=3), "both tolls")
    assert rows_taken_back(office, third.proposal_id).since == ()
    actions.release_network(office, third.proposal_id, "wang", AT + timedelta(hours=4))
    with pytest.raises(ConflictError, match="take back"):
        actions.release_network(office, second.proposal_id, "wang", AT, despite=first.proposal_id)
    actions.release_network(office, second.proposal_id, "wang", AT + timedelta(hours=5), despite=third.proposal_id)
    found = actions.tables_in_force(office, None, tmp_path).network
    assert [link.toll_yuan_per_t for link in found.links.values()][:2] == [
        read_network().links[link_id].toll_yuan_per_t,
        1.11,
    ]


def test_a_proposal_is_made_again_over_what_was_released_since(office: Store, tmp_path: Path) -> None:
    """The changes of both stand together and go through without a question; where both changed one row, or nothing is
    left to merge, it is said."""
    tolls = (("one", "1.11", 0), ("other", "2.22", 1), ("same", "3.33", 0))
    first, second, third = (
        actions.propose_network(office, network_with(tmp_path, *each), (), "li", AT, "new toll") for each in tolls
    )
    with pytest.raises(ConflictError, match="left to merge"):
        propose_network_over(office, second.proposal_id, "li", AT)
    actions.release_network(office, first.proposal_id, "wang", AT + timedelta(hours=1))
    with pytest.raises(ConflictError, match=r"1 row\(s\) were changed by both, each otherwise \(links"):
        propose_network_over(office, third.proposal_id, "li", AT)
    again = propose_network_over(office, second.proposal_id, "li", AT + timedelta(hours=2))
    assert (again.reason, again.made_from) == (second.reason, first.proposal_id)
    assert rows_taken_back(office, again.proposal_id).rows == ()
    actions.release_network(office, again.proposal_id, "wang", AT + timedelta(hours=3))
    found = actions.tables_in_force(office, None, tmp_path).network
    assert [link.toll_yuan_per_t for link in found.links.values()][:2] == [1.11, 2.22]
    assert list(found.links) == list(read_network().links)
    with pytest.raises(ConflictError, match="left to merge"):
        propose_network_over(office, second.proposal_id, "li", AT + timedelta(hours=4))


def test_a_waiting_proposal_is_withdrawn_by_who_made_it_and_by_nobody_else(any_office: Store, tmp_path: Path) -> None:
    """Withdrawn it comes into force no more in any way, its tables may be proposed anew, and the audit, which reads
    every record of it, has nothing to say; what is released stays."""
    office = any_office
    tables = network_with(tmp_path, "one", "1.11")
    made = actions.propose_network(office, tables, (), "li", AT, "new toll")
    for name, by, no in ((made.proposal_id, "wang", "who alone"), (made.proposal_id, "chen", "bank")):
        with pytest.raises(ConflictError, match=no):
            actions.withdraw_network(office, name, by, AT)
    with pytest.raises(UnknownRecordError, match="none"):
        actions.withdraw_network(office, "none", "li", AT)
    gone = actions.withdraw_network(office, made.proposal_id, "li", AT + timedelta(hours=1))
    assert actions.network_releases(office).withdrawals == (gone,)
    tries: list[Callable[[], object]] = [
        lambda: actions.withdraw_network(office, made.proposal_id, "li", AT),
        lambda: actions.release_network(office, made.proposal_id, "wang", AT),
        lambda: actions.propose_network_again(office, made.proposal_id, "li", AT, "once more"),
        lambda: propose_network_over(office, made.proposal_id, "li", AT),
    ]
    for again in tries:
        with pytest.raises(ConflictError, match="was withdrawn by li"):
            again()
    later = actions.propose_network(office, tables, (), "li", AT + timedelta(hours=2), "new toll")
    assert actions.tables_in_force(office, None, tmp_path).network_release is None
    done = actions.release_network(office, later.proposal_id, "wang", AT + timedelta(hours=3))
    with pytest.raises(ConflictError, match="released already"):
        actions.withdraw_network(office, later.proposal_id, "li", AT + timedelta(hours=4))
    assert actions.network_releases(office).releases == (done,)
    assert actions.audit(office, read_network(), load_factors()) == []


def test_what_a_proposal_was_made_from_is_told_by_its_moment_where_nobody_wrote_it(tmp_path: Path) -> None:
    """Proposals of before hold no such name, and are written as they were; where there is a name, the clock is not
    asked."""
    done = [NetworkRelease(name, "wang", AT + timedelta(hours=hour)) for name, hour in (("a", 1), ("b", 3))]
    old = propose(b"x", "v", (), "li", AT + timedelta(hours=2), "new toll")
    assert "made_from" not in to_json(old)
    assert from_json(NetworkProposal, to_json(old)) == old
    assert released_since(old, done) == (done[1],)
    for made_from, since in (("", done), ("a", done[1:]), ("b", [])):
        made = replace(old, made_from=made_from)
        assert from_json(NetworkProposal, to_json(made)) == made
        assert released_since(made, done) == tuple(since)


def test_a_network_that_changes_what_others_changed_alike_takes_nothing_back(office: Store, tmp_path: Path) -> None:
    """Two who had the same thought need no third."""
    one = network_with(tmp_path, "one", "1.11")
    more = network_with(tmp_path, "more", "2.22", 1, base=one)
    first, second = (actions.propose_network(office, each, (), "li", AT, "new toll") for each in (one, more))
    for hours, proposal in enumerate((first, second)):
        actions.release_network(office, proposal.proposal_id, "wang", AT + timedelta(hours=hours))
    assert actions.tables_in_force(office, None, tmp_path).network.version == second.version


def test_who_is_no_second_person_is_told_who_is(office: Store, tmp_path: Path) -> None:
    """The refusal names an administrator whom the proposer did not make, or, without one, how there will be one."""
    made = actions.propose_network(office, network_with(tmp_path, "one", "1.11"), (), "li", AT, "new toll")
    for login, actor in (("puppet", "li"), ("sun", "li")):
        user = User(actions.user_id_of(login), login, login, login, Role.ADMINISTRATOR, "")
        actions.add_user(office, user, None, AT, actor)
    with pytest.raises(ConflictError, match=r"li never made, reset or gave a role may release it: wang\."):
        actions.release_network(office, made.proposal_id, "puppet", AT)
    actions.set_active(office, "wang", False, AT)
    with pytest.raises(ConflictError, match=r"none now: add one on the server with modalshift user add"):
        actions.release_network(office, made.proposal_id, "puppet", AT)


def test_a_wrong_network_is_not_even_proposed(office: Store, tmp_path: Path) -> None:
    """All faults, and nothing written."""
    wrong = network_with(tmp_path, "wrong", "cheap")
    with pytest.raises(NetworkDataError, match=r"links\.csv"):
        actions.propose_network(office, wrong, (), "li", AT, "new tolls")
    drawn = network_with(tmp_path, "drawn", "150")
    (drawn / "shapes.csv").write_bytes((shipped_directory() / "shapes.csv").read_bytes() + b"X-1,link\n")
    with pytest.raises(NetworkDataError, match=r"shapes\.csv"):
        actions.propose_network(office, drawn, (), "li", AT, "new coast")
    assert actions.network_releases(office).proposals == ()


def test_every_shipped_factor_survives_the_way_through_a_proposal(tmp_path: Path) -> None:
    """What a proposal keeps of a row is all that the row says, but for the end of its validity."""
    shipped = load_factors().factors
    (tmp_path / "factors.csv").write_text(
        rows_text([{**json.loads(row_text(f)), "valid_to": f.valid_to} for f in shipped]), encoding="utf-8", newline=""
    )
    back = load_factors(tmp_path).factors
    assert list(map(row_digest, back)) == list(map(row_digest, shipped))
    assert [f.valid_to for f in back] == [f.valid_to for f in shipped]


def test_released_factors_join_the_table_and_close_the_version_before(office: Store, tmp_path: Path) -> None:
    """From its first day on the newer version answers, and no later than its own last day; settling may use it."""
    file = diesel_file(tmp_path, "2027", "2027-01-01", "2027-12-31", ttw_kg="3.2", wtw_kg="")
    proposal = actions.propose_factors(office, import_factors(file, None, ImportRules()).table, "li", AT, "new value")
    assert actions.tables_in_force(office, None, tmp_path).factors.version == load_factors().version
    actions.release_factors(office, proposal.proposal_id, "wang", AT)
    found = actions.tables_in_force(office, None, tmp_path)
    by_version = {f.version: f for f in found.factors.factors if f.factor_id == DIESEL}
    assert by_version["2027"].ttw_kg == 3.2
    assert str(by_version["2027"].valid_to) == "2027-12-31"
    before = next(f for f in by_version.values() if f.version != "2027")
    assert str(before.valid_to) == "2026-12-31"
    assert not found.left_out
    assert found.network.version == read_network().version
    actions.require_released_factors(office, found.factors)
    # A directory that has the row already, put there by hand, stays as it is.
    again = actions.tables_in_force(office, found.directory, tmp_path)
    assert again.factors.version == found.factors.version


def test_a_released_row_that_does_not_fit_is_left_out_and_named(office: Store, tmp_path: Path) -> None:
    """A directory may come to contradict what was released before: the rest stays usable, and the page says why."""
    file = diesel_file(tmp_path, "2027", "2027-01-01", ttw_kg="3.2", wtw_kg="")
    proposal = actions.propose_factors(office, import_factors(file, None, ImportRules()).table, "li", AT, "new value")
    actions.release_factors(office, proposal.proposal_id, "wang", AT)
    own = tmp_path / "own"
    unpacked(packed(table_files(shipped_directory())), own)
    other = diesel_file(tmp_path, "2027", "2027-01-01", ttw_kg="3.3", wtw_kg="")
    (own / "factors.csv").write_text(import_factors(other, None, ImportRules()).text, encoding="utf-8", newline="")
    found = actions.tables_in_force(office, own, tmp_path)
    assert list(found.left_out) == [proposal.proposal_id]
    assert found.factors.version == load_factors(own).version


def _longest_factors(directory: Path) -> None:
    """Make the factors the largest of the tables, which are written last."""
    file = directory / "factors.csv"
    rows = list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8-sig"))))
    rows[0]["notes"] += "." * 60_000
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


FULL_AT_BYTES: dict[str, Callable[[dict[str, bytes]], int]] = {
    "the first table": lambda files: 100,
    "the factors": lambda files: len(files["factors.csv"]) - 1,
    "the released rows": lambda files: len(files["factors.csv"]),
}
"""The size at which files stop growing, by what does not fit any more."""


@pytest.mark.parametrize("what", FULL_AT_BYTES)
def test_a_full_disk_leaves_no_tables_half_laid_out(office: Store, tmp_path: Path, what: str) -> None:
    """A process that looks again every few seconds must not fill the disk up, nor take torn tables for those in force;
    with room again all is laid out."""
    scratch, base = tmp_path / "scratch", network_with(tmp_path, "base", "1")
    scratch.mkdir()
    _longest_factors(base)
    proposal = actions.propose_network(office, base, (), "li", AT, "a toll")
    actions.release_network(office, proposal.proposal_id, "wang", AT)
    file = diesel_file(tmp_path, "2027", "2027-01-01", ttw_kg="3.2", wtw_kg="")
    factors = actions.propose_factors(office, import_factors(file, None, ImportRules()).table, "li", AT, "new value")
    actions.release_factors(office, factors.proposal_id, "wang", AT)
    with full_disk(FULL_AT_BYTES[what](table_files(base))):
        with pytest.raises(OSError, match="too large"):
            actions.tables_in_force(office, base, scratch)
        with pytest.raises(StorageError, match="make room there, or name another directory by TMPDIR"):
            Session(network_dir=base).tables(office)
    assert list(scratch.iterdir()) == []
    found = actions.tables_in_force(office, base, scratch)
    assert found.network.version == proposal.version
    assert "2027" in {factor.version for factor in found.factors.factors if factor.factor_id == DIESEL}
