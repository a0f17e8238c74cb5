"""A disk that is full while a file comes: one sentence with 503, nothing half-written, and afterwards all is well.

A limit on the size of files that this process may write fails at the same places as a full disk.
"""

from __future__ import annotations

import io
import shutil
import urllib.request
from collections.abc import Mapping
from http.cookiejar import CookieJar
from pathlib import Path
from threading import Thread
from urllib.error import HTTPError
from urllib.parse import urlencode

import pytest
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from optimizer import actions
from optimizer.access.user import Role, User
from optimizer.network.schema import shipped_directory
from tests.store.crashing import full_disk
from tests.waybills.world import LATER
from tests.webapp.signed_in import TOKEN, House
from webapp.background.worker import Worker
from webapp.server import listening

SENTENCE = "disk is full and nothing was saved"
SPOOLED_BYTES = 700_000
"""More than werkzeug keeps of an upload in memory, or waitress of a request if nobody tells it to."""


@pytest.fixture
def house(tmp_path: Path) -> House:
    """An application on a database of its own."""
    return House.at(tmp_path / "m.db")


def left_in(folder: Path) -> list[Path]:
    """What lies in a folder, but for the database's own side files."""
    return sorted(path for path in folder.rglob("*") if "-" not in path.suffix)


def files_of(fields: Mapping[str, object]) -> dict[str, object]:
    """Fields as a form sends them: a pair is content and name of a file."""
    return {name: FileStorage(io.BytesIO(it[0]), it[1]) if isinstance(it, tuple) else it for name, it in fields.items()}


@pytest.mark.parametrize(
    ("login", "page", "room_bytes", "fields"),
    [
        ("planner", "/shipments", 400_000, {"act": "submit", "file": (b"x" * SPOOLED_BYTES, "a.csv")}),
        ("planner", "/plans", 400_000, {"sailings": (b"x" * SPOOLED_BYTES, "a.csv")}),
        ("carrier", "/carrier/MW1", 400_000, {"photo": (b"\xff\xd8\xff" + b"x" * SPOOLED_BYTES, "a.jpg")}),
        ("admin", "/admin/network", 4_000, {"act": "propose", "reason": "new", "files": (b"closures", "closures.csv")}),
        ("admin", "/admin/factors", 4_000, {"act": "propose", "reason": "new", "file": (b"x" * 9_000, "own.csv")}),
    ],
    ids=["shipments", "sailings", "evidence", "network", "factors"],
)
def test_an_upload_that_finds_no_room_is_refused_in_a_sentence(
    house: House, login: str, page: str, room_bytes: int, fields: dict[str, object], tmp_path: Path
) -> None:
    """In both languages; no row, no file and no folder is left behind, and with room again it is read."""
    browser = house.browser(login)
    found = TOKEN.search(browser.get("/plans" if login == "planner" else page).text)
    token = found.group(1) if found else ""
    before = left_in(tmp_path)

    def send(lang: str) -> tuple[int, str]:
        boundary, body = encode_multipart({"csrf_token": token, **files_of(fields)})  # in memory, unlike the client
        kind = f"multipart/form-data; boundary={boundary}"
        reply = browser.client.post(f"{page}?lang={lang}", data=body, content_type=kind)
        return reply.status_code, reply.text

    with full_disk(room_bytes):
        told = {lang: send(lang) for lang in ("zh", "en")}
    for lang, sentence in (("zh", "磁盘空间不足，未保存任何内容"), ("en", SENTENCE)):
        assert told[lang][0] == 503
        assert sentence in told[lang][1]
        assert "Traceback" not in told[lang][1]
    with house.store.read() as session:
        assert session.submitted() == []
        assert session.evidence_files() == {}
    assert actions.network_releases(house.store).proposals == actions.factor_releases(house.store).proposals == ()
    assert left_in(tmp_path) == before
    assert send("en")[0] != 503


def test_the_server_hands_a_large_upload_on_without_the_disk(house: House) -> None:
    """Behind waitress as well the sentence comes, not a broken connection; the next request is served."""
    server = listening(house.app, "127.0.0.1", 0)
    Thread(target=server.run, daemon=True).start()
    visitor = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    address = f"http://127.0.0.1:{server.effective_port}"

    def token(page: str) -> str:
        found = TOKEN.search(visitor.open(address + page).read().decode())
        assert found is not None
        return found.group(1)

    visitor.open(f"{address}/login/demo", urlencode({"csrf_token": token("/login"), "login": "planner"}).encode())
    parts = f'--x\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n{token("/shipments")}\r\n--x\r\n'
    parts += (
        'Content-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n' + "x" * SPOOLED_BYTES + "\r\n--x--\r\n"
    )
    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    upload = urllib.request.Request(f"{address}/shipments?lang=en", parts.encode(), kind)
    with full_disk(400_000), pytest.raises(HTTPError, match="503") as refused:
        visitor.open(upload)
    assert SENTENCE in refused.value.read().decode()
    with pytest.raises(HTTPError, match="422"):
        visitor.open(upload)
    server.close()


def test_released_tables_that_find_no_room_come_into_force_once_there_is(house: House, tmp_path: Path) -> None:
    """Until then pages and plans go on by those of before, and nothing is left lying about."""
    other = User(actions.user_id_of("second"), "second", "二", "Second", Role.ADMINISTRATOR)
    actions.add_user(house.store, other, None, LATER)
    worker, world = Worker(house.settings), house.app.extensions["modalshift.world"]
    scratches, before = (worker.scratch, world.scratch), world.network.version
    changed = tmp_path / "changed"
    shutil.copytree(shipped_directory(), changed, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    links = (changed / "links.csv").read_text(encoding="utf-8")
    (changed / "links.csv").write_text(links.replace("衢江", "衢 江"), encoding="utf-8")
    proposal = actions.propose_network(house.store, changed, (), "admin", LATER, "another name")
    actions.release_network(house.store, proposal.proposal_id, "second", LATER)

    def look() -> set[str]:
        house.app.extensions["modalshift.table_watch"].look(at_once=True)
        worker.make("no-such-run")  # reads what came into force since
        return {house.app.extensions["modalshift.world"].network.version, worker.network.version}

    with full_disk(4_000):
        assert look() == look() == {before}
    assert [*scratches[0].iterdir(), *scratches[1].iterdir()] == []
    assert look() == {proposal.version}
