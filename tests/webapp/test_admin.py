"""The administrator's pages: nobody is locked out, nobody is a second person to himself, every fault is listed."""

from __future__ import annotations

import codecs
import csv
import io
import logging
import re
import zipfile
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from optimizer import actions
from optimizer.access.one_time import is_one_time_code, one_time_code
from optimizer.access.user import Role, User
from optimizer.network.schema import shipped_directory
from optimizer.store.statements import AccountReader
from tests.waybills import world
from tests.webapp.full_house import AT, FullHouse
from webapp import create_app
from webapp.background.worker import Worker
from webapp.language import catalogue

TOP = Path(__file__).parents[2]
SOURCES = ("optimizer/actions", "webapp")

GOOD = "correct horse battery"


@pytest.fixture
def house(tmp_path: Path) -> FullHouse:
    """A house to be administered."""
    return FullHouse.at(tmp_path)


class Administrator:
    """Fills in the administrator's forms, in English."""

    def __init__(self, house: FullHouse, login: str = "administrator") -> None:
        self.client, self.token = house.browser(login)
        self.client.get("/admin?lang=en")

    def send(self, path: str, **fields: object):  # type: ignore[no-untyped-def]
        """Send a form."""
        return self.client.post(path, data={"csrf_token": self.token, **fields})


def link_in(page: str) -> str:
    """The path of the one-time link that a page shows."""
    found = re.search(r'id="link" readonly value="https?://[^/]+([^"]+)"', page)
    assert found, page
    return unescape(found.group(1))


def choose(client: FlaskClient, link: str, password: str, again: str | None = None):  # type: ignore[no-untyped-def]
    """Open a link as a stranger and choose a password."""
    page = client.get(link)
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    if token is None or page.status_code != 200:
        return page
    fields = {"csrf_token": token.group(1), "password": password, "again": password if again is None else again}
    return client.post(link, data=fields)


def kinds(house: FullHouse) -> list[str]:
    """Security events by kind, newest first."""
    with house.store.read() as session:
        return [event.kind for event in session.security_events()]


def test_a_new_user_enters_by_the_link_once(house: FullHouse) -> None:
    """Made on the page, password chosen with the link, signed in with it; the link ends with its use."""
    page = Administrator(house).send(
        "/admin/users", login="liu", display_name_zh="刘", display_name_en="Liu", role="auditor", party_id=""
    )
    link, stranger = link_in(page.text), house.app.test_client()
    assert choose(stranger, link, "short").status_code == 422
    assert choose(stranger, link, GOOD, "something else").status_code == 422
    assert choose(stranger, link, GOOD).status_code == 302
    assert choose(house.app.test_client(), link, "another good one").status_code == 404
    user = actions.log_in(house.store, "liu", GOOD, AT, "")
    assert user is not None
    assert user.role is Role.AUDITOR
    assert "password_chosen" in kinds(house)
    assert "user_added" in kinds(house)


def test_a_user_with_a_link_is_no_demo_user(house: FullHouse) -> None:
    """Before the link is used nobody enters, not even by the demonstration's click."""
    administrator = Administrator(house)
    administrator.send("/admin/users", login="liu", display_name_zh="刘", display_name_en="Liu", role="auditor")
    client, token = house.browser("stranger")
    assert client.post("/login/demo", data={"csrf_token": token, "login": "liu"}).status_code == 404


def test_every_fault_of_a_new_user_is_told_in_its_field(house: FullHouse) -> None:
    """Nothing is made; what was typed stays."""
    page = Administrator(house).send(
        "/admin/users", login="Li Li", display_name_zh="", display_name_en="Kept", role="carrier", party_id=""
    )
    assert page.status_code == 422
    for field in ("login", "display_name_zh", "party_id"):
        assert f'id="{field}-fault"' in page.text
    assert 'value="Kept"' in page.text
    taken = Administrator(house).send(
        "/admin/users", login="auditor", display_name_zh="x", display_name_en="x", role="auditor"
    )
    assert taken.status_code == 409
    assert "user_added" not in kinds(house)[:3]


def test_a_reset_ends_sessions_and_the_old_password(house: FullHouse) -> None:
    """Whoever held the password is out at once; the new link lets its holder choose another."""
    actions.set_password(house.store, "auditor", GOOD, AT)
    client, token = house.browser("stranger")
    entered = client.post("/login", data={"csrf_token": token, "login": "auditor", "password": GOOD})
    assert entered.status_code == 302
    assert client.get("/city").status_code == 200
    page = Administrator(house).send("/admin/users/auditor/reset")
    assert client.get("/city").status_code == 302
    assert actions.log_in(house.store, "auditor", GOOD, AT, "") is None
    assert choose(house.app.test_client(), link_in(page.text), "a new good one").status_code == 302
    assert kinds(house).count("password_reset") == 1


def test_the_page_of_a_user_shows_valid_tokens_and_revokes_them_all(house: FullHouse) -> None:
    """By name and purpose, never the text; a revoked one is gone from the list and from the API."""
    text, kept = actions.make_token(house.store, "auditor", "monthly report", b"m" * 32, AT)
    administrator = Administrator(house)
    page = administrator.client.get("/admin/users/auditor").text
    assert kept.token_id in page
    assert "monthly report" in page
    assert text not in page
    assert administrator.send("/admin/users/auditor/tokens").status_code == 302
    assert actions.user_of_token(house.store, text, AT) is None
    assert "monthly report" not in administrator.client.get("/admin/users/auditor").text


def test_a_link_is_not_written_into_the_log_of_requests(house: FullHouse, caplog: pytest.LogCaptureFixture) -> None:
    """Whoever reads the log could otherwise choose the password first."""
    link = link_in(Administrator(house).send("/admin/users/clerk/reset").text)
    log = logging.getLogger("modalshift.request")
    log.addHandler(caplog.handler)
    log.setLevel(logging.INFO)
    try:
        assert house.app.test_client().get(link).status_code == 200
    finally:
        log.removeHandler(caplog.handler)
    assert any("/welcome/" in record.getMessage() for record in caplog.records)
    code = link.rsplit("/", 1)[1]
    assert not any(code in record.getMessage() or code in str(vars(record)) for record in caplog.records)


def test_a_link_of_a_disabled_user_opens_nothing(house: FullHouse) -> None:
    """Disabling ends a link that is still out."""
    administrator = Administrator(house)
    link = link_in(administrator.send("/admin/users/clerk/reset").text)
    administrator.send("/admin/users/clerk/active", active="no")
    assert choose(house.app.test_client(), link, GOOD).status_code == 404


def test_codes_are_bound_to_user_secret_hash_and_time() -> None:
    """A code of another user, key, password or day is none, and neither is any other text."""
    code = one_time_code("key", "u1", "hash", AT)
    just_before = AT - timedelta(seconds=1)
    assert is_one_time_code(code, "key", "u1", "hash", just_before)
    assert not is_one_time_code(code, "key", "u1", "hash", AT)
    assert not is_one_time_code(code, "other", "u1", "hash", just_before)
    assert not is_one_time_code(code, "key", "u2", "hash", just_before)
    assert not is_one_time_code(code, "key", "u1", None, just_before)
    later = f"{int(AT.timestamp()) + 9999:x}.{code.partition('.')[2]}"
    for wrong in (later, "", ".", "zz.zz", "0.0", "ff.é", code + "0"):
        assert not is_one_time_code(wrong, "key", "u1", "hash", just_before)


def test_a_role_changes_at_once_and_is_written_down(house: FullHouse) -> None:
    """Sessions in the old role end, the next is of the new one; a role without its party is refused."""
    client, _ = house.browser("far-bank")
    assert client.get("/city").status_code == 403
    administrator = Administrator(house)
    assert administrator.send("/admin/users/far-bank/role", role="auditor", party_id="").status_code == 302
    assert client.get("/city").status_code == 302
    assert house.browser("far-bank")[0].get("/city").status_code == 200
    for role, party in (("carrier", ""), ("auditor", "E1"), ("king", ""), ("carrier", "E77")):
        refused = administrator.send("/admin/users/far-bank/role", role=role, party_id=party)
        assert refused.status_code in (404, 422), (role, party)
    with house.store.read() as session:
        changes = [event for event in session.security_events() if event.kind == "role_changed"]
    assert [(event.actor, event.object) for event in changes] == [("administrator", "far-bank: bank -> auditor")]


def test_somebody_always_remains_to_administer(house: FullHouse) -> None:
    """Neither disabling nor demoting takes the last administrator away, and nobody disables himself."""
    administrator = Administrator(house)
    assert administrator.send("/admin/users/administrator/active", active="no").status_code == 409
    assert administrator.send("/admin/users/administrator/role", role="auditor", party_id="").status_code == 409
    other = User(actions.user_id_of("second"), "second", "二", "Second", Role.ADMINISTRATOR)
    actions.add_user(house.store, other, None, AT)
    assert administrator.send("/admin/users/administrator/active", active="no").status_code == 409
    assert administrator.send("/admin/users/administrator/role", role="auditor", party_id="").status_code == 302
    assert administrator.client.get("/admin").status_code == 302


NEW_FACTOR = "fuel-diesel-cn-ndrc"


def factor_file(version: str, ttw: str = "3.3") -> io.BytesIO:
    """One new version of a shipped factor, under the shipped columns."""
    lines = (shipped_directory() / "factors.csv").read_text(encoding="utf-8-sig").splitlines()
    header = next(csv.reader(lines[:1]))
    row = next(dict(zip(header, cells, strict=True)) for cells in csv.reader(lines[1:]) if cells[0] == NEW_FACTOR)
    row |= {"version": version, "valid_from": "2026-12-01", "valid_to": "", "ttw_kg": ttw}
    row["wtw_kg"] = f"{float(ttw) + float(row['wtt_kg']):.6f}" if row["wtw_kg"] else ""
    text = io.StringIO()
    writer = csv.DictWriter(text, header)
    writer.writeheader()
    writer.writerow(row)
    return io.BytesIO(text.getvalue().encode())


def test_factors_enter_by_two_persons_who_see_the_difference(house: FullHouse) -> None:
    """Checked, proposed with a reason, shown field by field, refused to the proposer, released by another."""
    other = User(actions.user_id_of("second"), "second", "二", "Second", Role.ADMINISTRATOR)
    actions.add_user(house.store, other, None, AT)
    first, second = Administrator(house), Administrator(house, "second")
    checked = first.send("/admin/factors", act="check", file=(factor_file("2026b"), "own.csv"))
    assert checked.status_code == 200
    assert f"{NEW_FACTOR}@2026b" in checked.text
    assert not actions.factor_releases(house.store).proposals
    unreasoned = first.send("/admin/factors", act="propose", file=(factor_file("2026b"), "own.csv"), reason="")
    assert unreasoned.status_code == 422
    proposed = first.send("/admin/factors", act="propose", file=(factor_file("2026b"), "own.csv"), reason="a new value")
    assert proposed.status_code == 302
    (proposal,) = actions.factor_releases(house.store).proposals
    page = second.client.get("/admin/factors?lang=en").text
    assert "a new value" in page
    assert re.search(r"<th scope=\"row\">ttw_kg</th><td[^>]*>[\d.]+</td><td[^>]*>3.3</td>", page)
    release = f"/admin/factors/{proposal.proposal_id}/release"
    assert first.send(release).status_code == 409
    assert second.send(release).status_code == 302
    assert second.send(release).status_code == 409
    assert [one.released_by for one in actions.factor_releases(house.store).releases] == ["second"]
    assert kinds(house).count("factors_released") == kinds(house).count("factors_proposed") == 1
    in_use = second.client.get(f"/admin/factors?q={NEW_FACTOR}").text
    assert f"{NEW_FACTOR}@2026b</th>" in in_use


def test_who_proposed_factors_takes_them_back_on_the_page(house: FullHouse) -> None:
    """A button beside one's own proposal alone; it stays with who withdrew it, and the same rows may come again."""
    other = User(actions.user_id_of("second"), "second", "二", "Second", Role.ADMINISTRATOR)
    actions.add_user(house.store, other, None, AT)
    first, second = Administrator(house), Administrator(house, "second")
    for version in ("2026b", "2026b"):
        sent = first.send("/admin/factors", act="propose", file=(factor_file(version), "own.csv"), reason="a new value")
        assert sent.status_code == 302, sent.text
        name = actions.factor_releases(house.store).waiting[0].proposal_id
        address = f"/admin/factors/{name}/withdraw"
        assert address in first.client.get("/admin/factors").text
        assert address not in second.client.get("/admin/factors").text
        assert second.send(address).status_code == 409
        assert first.send(address).status_code == 302
        page = second.client.get("/admin/factors?lang=en").text
        assert "Withdrawn by administrator" in page
        assert f"/admin/factors/{name}/release" not in page
    assert second.send(f"/admin/factors/{name}/release").status_code == 409
    assert kinds(house).count("factors_withdrawn") == 2


def test_whoever_the_proposer_made_is_no_second_person(house: FullHouse) -> None:
    """An administrator cannot make or reset a colleague and release in that name."""
    first = Administrator(house)
    page = first.send(
        "/admin/users", login="puppet", display_name_zh="x", display_name_en="x", role="administrator", party_id=""
    )
    client = house.app.test_client()
    assert choose(client, link_in(page.text), GOOD).status_code == 302
    first.send("/admin/factors", act="propose", file=(factor_file("2026c"), "own.csv"), reason="my own")
    (proposal,) = actions.factor_releases(house.store).proposals
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/login").text)
    assert token
    client.post("/login", data={"csrf_token": token.group(1), "login": "puppet", "password": GOOD})
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/admin").text)
    assert token
    refused = client.post(f"/admin/factors/{proposal.proposal_id}/release?lang=en", data={"csrf_token": token.group(1)})
    assert refused.status_code == 409
    assert "no second person" in refused.text
    assert "modalshift user add LOGIN --role administrator" in refused.text
    assert not actions.factor_releases(house.store).releases


def test_a_wrong_factor_file_changes_nothing_and_lists_its_faults(house: FullHouse) -> None:
    """Not even a file that is none breaks the page."""
    administrator = Administrator(house)
    for content in (b"", b"\xff\xfe\x00", b"factor_id,version\nx,1\n", b"nonsense"):
        page = administrator.send(
            "/admin/factors", act="propose", file=(io.BytesIO(content), "x.csv"), reason="why not"
        )
        assert page.status_code == 422, content
        assert 'role="alert"' in page.text
    assert administrator.send("/admin/factors", act="check").status_code == 422
    assert not actions.factor_releases(house.store).proposals


def archive(**tables: bytes) -> io.BytesIO:
    """A ZIP of tables in a folder."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        for name, text in tables.items():
            file.writestr(f"my network/{name}.csv", text)
    return io.BytesIO(content.getvalue())


def test_a_network_is_checked_whole_with_every_fault(house: FullHouse) -> None:
    """Laid over the tables in use: the same is sound, damaged tables are named with file, row and column."""
    administrator = Administrator(house)
    locks = (shipped_directory() / "locks.csv").read_bytes()
    same = administrator.send("/admin/network", files=(archive(locks=locks), "n.zip"))
    assert same.status_code == 200
    assert "the same as those in use" in same.text
    damaged = locks.replace(b",assumed", b",guessed") + b"broken\n"
    wrong = administrator.send("/admin/network", files=(archive(locks=damaged), "n.zip"))
    assert wrong.status_code == 422
    assert wrong.text.count("locks.csv") >= 2
    single = administrator.send("/admin/network", files=(io.BytesIO(locks), "locks.csv"))
    assert single.status_code == 200


@pytest.mark.parametrize(
    ("name", "broken"),
    [
        ("shapes", b"X-1,link,1 2;x y,s,,assumed,,\n"),
        ("shapes", b"X-1,link\n"),
        ("shapes", b'"' + b"x" * 140_000 + b'"\n'),
        ("gauges", b"G-1,\xe7\xab\x99,Station,far,0,0,0,0,s,,assumed,,\n"),
        ("gauges", b'"' + b"x" * 140_000 + b'"\n'),
    ],
)
def test_no_damaged_table_beside_the_plans_is_proposed(house: FullHouse, name: str, broken: bytes) -> None:
    """Once in force, a damaged coast would keep the server from starting, and nobody could bring the old one back."""
    table = (shipped_directory() / f"{name}.csv").read_bytes() + broken
    administrator = Administrator(house)
    upload = (io.BytesIO(table), f"{name}.csv")
    wrong = administrator.send("/admin/network", act="propose", reason="another coast", files=upload)
    assert wrong.status_code == 422
    assert not actions.network_releases(house.store).proposals


def test_a_damaged_archive_is_a_sentence(house: FullHouse) -> None:
    """Whatever its damage meets first: the names, the table of contents, the decompressor."""
    content, administrator = io.BytesIO(), Administrator(house)
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("表/locks.csv", b"lock_id,name\n" * 400)
    sound = content.getvalue()
    start, directory = sound.index(b"locks.csv") + len(b"locks.csv"), sound.index(b"PK\x01\x02")
    for place in (start + 2, directory + 46, sound.index(b"PK\x05\x06") + 16):
        damaged = bytearray(sound)
        damaged[place : place + 4] = b"\xff\xff\xff\x7f"
        with pytest.raises(Exception, match=r"."), zipfile.ZipFile(io.BytesIO(damaged)) as opened:
            opened.read(opened.infolist()[0])
        refused = administrator.send("/admin/network", files=(io.BytesIO(damaged), "n.zip"))
        assert refused.status_code == 422, place
        assert "no ZIP archive" in refused.text


def test_a_released_network_is_in_force_without_a_restart(house: FullHouse) -> None:
    """Proposed by one, put into force by another; pages and API name it at once, a second process within seconds;
    whoever proposed it cannot, factors do not slip in with it, and the log tells both."""
    other = User(actions.user_id_of("second"), "second", "二", "Second", Role.ADMINISTRATOR)
    actions.add_user(house.store, other, None, AT)
    neighbour = create_app(house.app.extensions["modalshift.settings"])
    worker = Worker(house.app.extensions["modalshift.settings"])
    world_before = house.app.extensions["modalshift.world"]
    first, second = Administrator(house), Administrator(house, "second")
    before = house.app.test_client().get("/api/v1/meta").json["versions"]["network"]
    links = (shipped_directory() / "links.csv").read_bytes()
    tables = {
        name: (shipped_directory() / f"{name}.csv").read_bytes().replace(b"QJ-LY-water", b"QJ-LY-WATER")
        for name in ("links", "locks", "shapes", "water_levels")
    }
    page = first.send("/admin/network", act="propose", reason="renamed", files=(archive(**tables), "n.zip"))
    assert page.status_code == 302, re.findall(r"(?s)role=.alert.*?</div>", page.text)
    (proposal,) = actions.network_releases(house.store).proposals
    release = f"/admin/network/{proposal.proposal_id}/release"
    assert first.send(release).status_code == 409
    assert house.app.test_client().get("/api/v1/meta").json["versions"]["network"] == before
    assert "put into force" in second.client.get("/admin/network?lang=en").text
    assert second.send(release).status_code == 302
    after = house.app.test_client().get("/api/v1/meta").json["versions"]["network"]
    assert after == proposal.version != before
    assert b"QJ-LY-WATER" in second.client.get("/admin/network/links.csv").data
    world_after = house.app.extensions["modalshift.world"]
    assert world_after.desk.network.version == after
    assert world_after.findings is not world_before.findings, "the auditor's check would go on by the former tables"
    neighbour.extensions["modalshift.table_watch"].look(at_once=True)
    assert neighbour.test_client().get("/api/v1/meta").json["versions"]["network"] == after
    assert Worker(house.app.extensions["modalshift.settings"]).network.version == after
    assert worker.network.version == before
    worker.make("no-such-run")
    assert worker.network.version == after, "a worker that began before the release plans by the tables in force"
    assert kinds(house).count("network_released") == kinds(house).count("network_proposed") == 1
    factors = (shipped_directory() / "factors.csv").read_bytes().replace(b"3.1", b"3.2", 1)
    slipped = first.send("/admin/network", act="propose", reason="more", files=(archive(factors=factors), "n.zip"))
    assert slipped.status_code in (409, 422)
    unreasoned = first.send("/admin/network", act="propose", files=(archive(links=links), "n.zip"))
    assert unreasoned.status_code == 422
    assert len(actions.network_releases(house.store).proposals) == 1


def test_whoever_releases_a_network_reads_what_it_changes_row_by_row(house: FullHouse) -> None:
    """A closure that was prolonged, with its times before and after: counts of rows are no thing to sign. A copy that
    a browser saved under a name with a number is taken for its table."""
    other = User(actions.user_id_of("second"), "second", "二", "Second", Role.ADMINISTRATOR)
    actions.add_user(house.store, other, None, AT)
    first, second = Administrator(house), Administrator(house, "second")
    closures = (shipped_directory() / "closures.csv").read_bytes()
    longer = closures.replace(b"2026-10-21T14:00", b"2026-10-23T14:00")
    for name in ("closures.csv", "closures (2).csv", "closures - 副本.csv"):
        checked = first.send("/admin/network", files=(io.BytesIO(longer), name))
        assert checked.status_code == 200, name
    told = "closed_to: 2026-10-21T14:00:00+08:00 → 2026-10-23T14:00:00+08:00"
    assert told in checked.text
    sent = first.send("/admin/network", act="propose", reason="longer", files=(io.BytesIO(longer), "closures.csv"))
    assert sent.status_code == 302
    page = second.client.get("/admin/network").text
    assert told in page
    assert "FCJ-flow-2026-10-21" in page
    (proposal,) = actions.network_releases(house.store).proposals
    assert second.send(f"/admin/network/{proposal.proposal_id}/release").status_code == 302
    assert told not in second.client.get("/admin/network").text


def test_a_table_is_downloaded_for_excel_and_handed_in_again(house: FullHouse) -> None:
    """With the mark by which Excel reads Chinese; what comes back with it is the table in force."""
    administrator = Administrator(house)
    table = administrator.client.get("/admin/network/locations.csv").data
    assert table == codecs.BOM_UTF8 + (shipped_directory() / "locations.csv").read_bytes()
    sent = administrator.send("/admin/network", act="check", files=(io.BytesIO(table), "locations.csv"))
    assert sent.status_code == 200
    assert "error-summary" not in sent.text


def test_rows_that_a_release_takes_back_are_shown_and_agreed_to(house: FullHouse) -> None:
    """Of two proposals made from the same tables the second is refused until the box beside its rows is ticked."""
    other = User(actions.user_id_of("second"), "second", "二", "Second", Role.ADMINISTRATOR)
    actions.add_user(house.store, other, None, AT)
    first, second = Administrator(house), Administrator(house, "second")
    closures = (shipped_directory() / "closures.csv").read_bytes()
    for old, new in ((b"2026-10-21T14:00", b"2026-10-23T14:00"), (b"Yearly lock repair", b"Lock repair")):
        changed = io.BytesIO(closures.replace(old, new, 1))
        sent = first.send("/admin/network", act="propose", reason="new times", files=(changed, "closures.csv"))
        assert sent.status_code == 302, sent.text
    done, waits = (
        f"/admin/network/{one.proposal_id}/release" for one in actions.network_releases(house.store).proposals
    )
    assert 'name="despite"' not in second.client.get("/admin/network").text
    assert second.send(done).status_code == 302
    refused = second.send(waits)
    assert refused.status_code == 409
    assert "closures FCJ-flow-2026-10-21" in refused.text
    assert "2026-10-23T14:00:00+08:00 → 2026-10-21T14:00:00+08:00" in refused.text
    over = waits.replace("/release", "/over")
    assert second.send(over).status_code == 302
    assert second.send(over).status_code == 409
    assert actions.network_releases(house.store).proposals[-1].proposed_by == "second"
    box = re.search(r'name="despite" value="([^"]+)"', second.client.get("/admin/network").text)
    assert box is not None
    assert second.send(waits, despite=box.group(1)).status_code == 302
    assert b"2026-10-21T14:00" in second.client.get("/admin/network/closures.csv").data


def test_who_proposed_a_network_withdraws_it_while_it_waits(house: FullHouse) -> None:
    """Only the proposer has the button; afterwards nobody has one, the page and the log say who did it, in both
    languages, and the same tables may be proposed again."""
    other = User(actions.user_id_of("second"), "second", "二", "Second", Role.ADMINISTRATOR)
    actions.add_user(house.store, other, None, AT)
    first, second = Administrator(house), Administrator(house, "second")
    changed = (shipped_directory() / "closures.csv").read_bytes().replace(b"Yearly lock repair", b"Lock repair", 1)

    def propose() -> int:
        upload = (io.BytesIO(changed), "closures.csv")
        return first.send("/admin/network", act="propose", reason="better words", files=upload).status_code

    assert propose() == 302
    assert propose() == 409
    (proposal,) = actions.network_releases(house.store).proposals
    withdraw = f"/admin/network/{proposal.proposal_id}/withdraw"
    assert withdraw in first.client.get("/admin/network").text
    assert withdraw not in second.client.get("/admin/network").text
    assert second.send(withdraw).status_code == 409
    assert first.send(withdraw).status_code == 302
    assert first.send(withdraw).status_code == 409
    assert second.send(withdraw.replace("/withdraw", "/release")).status_code == 409
    for lang, told in (
        ("en", "better words<br>Withdrawn by administrator on"),
        ("zh", "better words<br>administrator 于"),
    ):
        page = second.client.get(f"/admin/network?lang={lang}").text
        assert told in page
        assert f"/{proposal.proposal_id}/" not in page
    assert kinds(house).count("network_withdrawn") == 1
    assert "network proposal withdrawn" in first.client.get("/admin/security?lang=en").text
    assert propose() == 302


def test_archives_that_are_none_or_burst_are_refused(house: FullHouse) -> None:
    """Names that climb out of the directory are taken by their last part only, sizes are limited before unpacking."""
    administrator = Administrator(house)
    assert administrator.send("/admin/network", files=(io.BytesIO(b"PK no"), "n.zip")).status_code == 422
    assert administrator.send("/admin/network", files=(io.BytesIO(b"a,b"), "other.csv")).status_code == 422
    assert administrator.send("/admin/network").status_code == 422
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("../../locks.csv", b"0" * 61_000_000)
    refused = administrator.send("/admin/network", files=(io.BytesIO(bomb.getvalue()), "n.zip"))
    assert refused.status_code == 422
    assert "too large" in refused.text


def test_tables_are_read_with_their_sources(house: FullHouse) -> None:
    """Every table as it lies on the disk, and its very file behind the mark for Excel; unknown names are not found."""
    client, _ = house.browser("auditor")
    page = client.get("/admin/network/locks").text
    assert "source" in page
    assert (
        client.get("/admin/network/locks.csv").data
        == codecs.BOM_UTF8 + (shipped_directory() / "locks.csv").read_bytes()
    )
    for name in ("nothing", "..", "datapackage"):
        assert client.get(f"/admin/network/{name}").status_code == 404
        assert client.get(f"/admin/network/{name}.csv").status_code == 404


def test_a_month_is_closed_once_its_lots_are_settled(house: FullHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page says what is in the way, closes in order, and writes down who did it."""
    administrator = Administrator(house)
    monkeypatch.setattr("webapp.admin.periods_page.now", lambda: world.START + timedelta(days=3))
    early = administrator.send("/admin/periods", period="2026-10")
    assert early.status_code == 409
    assert 'role="alert"' in early.text
    monkeypatch.setattr("webapp.admin.periods_page.now", lambda: AT + timedelta(days=40))
    assert administrator.send("/admin/periods", period="2026-99").status_code == 422
    assert administrator.send("/admin/periods", period="2026-10").status_code == 302
    assert "closed on" in administrator.client.get("/admin/periods").text
    assert kinds(house)[0] == "period_closed"


def test_a_month_without_bookings_can_be_closed_in_its_turn(house: FullHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """Months close one after the other: an empty one between two others stands on the page with its button."""
    administrator = Administrator(house)
    monkeypatch.setattr(AccountReader, "booked_periods", lambda _reader: ["2026-10", "2027-01"])
    shown = re.findall(r"20\d\d-\d\d", administrator.client.get("/admin/periods").text)
    assert list(dict.fromkeys(shown)) == ["2027-01", "2026-12", "2026-11", "2026-10"]


def test_every_event_of_the_security_log_has_words() -> None:
    """Kinds are found in the source, so that a new one is missed; the books of another version may hold others, which
    stand as they are."""
    source = "".join(file.read_text() for name in SOURCES for file in (TOP / name).rglob("*.py"))
    calls = re.findall(r"(?:add_security_event|note_security|_note)\(([^\n]*)", source)
    named = set(re.findall(r'"([a-z]+_[a-z_]+|login|logout)"', " ".join(calls)))
    assert {"user_added", "network_released", "period_closed", "webhook_added", "login_failed", "logout"} <= named
    assert {f"log.{kind}" for kind in named} - set(catalogue()) == set()


def test_the_security_log_is_filtered_and_read_by_the_auditor_too(house: FullHouse) -> None:
    """Who did what about whom; others see nothing of it."""
    Administrator(house).send("/admin/users/clerk/reset")
    client, _ = house.browser("auditor")
    log = client.get("/admin/security?kind=password_reset&lang=en").text
    assert '<td data-label="Event" class="words">password reset</td>' in log
    assert "<table" not in client.get("/admin/security?actor=nobody-such").text
    bank, _ = house.browser("bank")
    assert bank.get("/admin/security").status_code == 403
