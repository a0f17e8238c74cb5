"""Submitting shipments: over the API, and as a file on the page."""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from optimizer.actions import register_parties
from optimizer.demo.seed_files import read_parties
from tests.waybills.world import ISSUED_AT
from tests.webapp.signed_in import TOKEN, House


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    """One database for the tests here; each uses ids of its own."""
    return House.at(tmp_path_factory.mktemp("shipments") / "m.db")


HEADER = "shipment_id,shipper_id,cargo_code,mass_t,origin,destination,ready_at,due_at"


def record(shipment_id: str, shipper_id: str = "E01", **more: Any) -> dict[str, Any]:
    """A good record."""
    times = {"ready_at": "2026-10-08T08:00:00+08:00", "due_at": "2026-10-18T08:00:00+08:00"}
    good = {"cargo_code": "coal", "mass_t": 800, "origin": "ZP", "destination": "QJ", **times}
    return {"shipment_id": shipment_id, "shipper_id": shipper_id, **good, **more}


def statuses(reply: Any) -> list[str]:
    """The status of each result."""
    return [result["status"] for result in reply.json["results"]]


def test_one_bad_record_does_not_fail_the_rest(house: House) -> None:
    """Results stand in the order of the records; the bad one says where and why."""
    reply = house.program("planner").post("/api/v1/shipments", [record("A-1"), record("A-2", mass_t=-1), record("A-3")])
    assert reply.status_code == 200
    assert statuses(reply) == ["new", "refused", "new"]
    assert [error["pointer"] for error in reply.json["results"][1]["errors"]] == ["/mass_t"]


def test_the_same_again_is_known_and_other_content_is_a_change(house: House) -> None:
    """Versions count up; a withdrawn shipment can be submitted anew."""
    program = house.program("planner")
    program.post("/api/v1/shipments", [record("B-1")])
    assert statuses(program.post("/api/v1/shipments", [record("B-1"), record("B-1", reference="x")])) == [
        "known",
        "refused",
    ]  # the id stands twice in one request
    assert statuses(program.post("/api/v1/shipments", [record("B-1", mass_t=900)])) == ["changed"]
    assert program.get("/api/v1/shipments/B-1").json["version"] == 2
    assert program.delete("/api/v1/shipments/B-1").status_code == 204
    assert program.get("/api/v1/shipments/B-1").json["withdrawn"] is True
    assert statuses(program.post("/api/v1/shipments", [record("B-1", mass_t=900)])) == ["changed"]


def test_an_enterprise_submits_for_itself_only_and_sees_only_its_own(house: House) -> None:
    """It cannot even tell a foreign id from one that does not exist."""
    first, second = house.program("e01"), house.program("e02")
    assert statuses(first.post("/api/v1/shipments", [record("C-1"), record("C-2", "E02")])) == ["new", "refused"]
    assert statuses(second.post("/api/v1/shipments", [record("C-1", "E02")])) == ["refused"]
    foreign, missing = second.get("/api/v1/shipments/C-1"), second.get("/api/v1/shipments/C-9")
    assert foreign.status_code == missing.status_code == 404
    assert second.delete("/api/v1/shipments/C-1").status_code == 404
    assert first.get("/api/v1/shipments/C-1").status_code == 200
    listed = [item["shipper_id"] for item in first.get("/api/v1/shipments?limit=500").json["items"]]
    assert set(listed) == {"E01"}


@pytest.mark.parametrize("login", ["carrier", "auditor", "bank", "admin"])
def test_other_roles_are_refused(house: House, login: str) -> None:
    """Reading and writing alike."""
    program = house.program(login)
    assert program.get("/api/v1/shipments").status_code == 403
    assert program.post("/api/v1/shipments", [record("D-1")]).status_code == 403
    assert house.browser(login).get("/shipments").status_code == 403


@pytest.mark.parametrize("body", [{}, "x", 1, True, [[[]]] * 2001])
def test_a_body_that_is_no_list_of_records_is_refused(house: House, body: Any) -> None:
    """With an example of what would be right."""
    assert house.program("planner").post("/api/v1/shipments", body).status_code == 400


CSV = """货单号,托运人,货类,重量(吨),起点,终点,可提货时间,最晚到达
{prefix}-1,E01,coal,800,ZP,QJ,2026-10-08 08:00,2026-10-18 08:00
{prefix}-2,E01,coal,=1+1,ZP,QJ,2026-10-08 08:00,2026-10-18 08:00
{prefix}-3,E01,coal,700,嘉兴港乍浦港区,QJ,2026-10-08 08:00,2026-10-18 08:00
"""


def upload(house: House, login: str, content: bytes, act: str, name: str = "货单.csv") -> Any:
    """Send a file through the form."""
    return house.browser(login), house.browser(login).send(
        "/shipments", "/shipments", act=act, file=(BytesIO(content), name)
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_file_is_read_row_by_row(house: House, encoding: str) -> None:
    """Good rows are kept, wrong ones come back in a workbook with the reason beside them, and nothing is a formula."""
    prefix = f"F-{encoding}"
    browser = house.browser("planner")
    content = CSV.format(prefix=prefix).encode(encoding)
    reply = browser.send("/shipments", "/shipments", act="submit", file=(BytesIO(content), "货单.csv"))
    assert reply.status_code == 200
    assert "已收下 2 行，1 行有误未收" in reply.text
    address = reply.text.split('href="/shipments/returned/')[1].split('"')[0]
    book = openpyxl.load_workbook(BytesIO(browser.get(f"/shipments/returned/{address}").data))
    rows = list(book.active.iter_rows(values_only=True))
    assert rows[0][-1] == "错误"
    assert [row[0] for row in rows[1:]] == [f"{prefix}-2"]
    assert rows[1][3] == "=1+1"
    assert book.active.cell(2, 4).data_type == "s"
    heading = CSV.split(",")[3]
    assert rows[1][-1] == f"{heading}: 质量“=1+1”不是数字；请写阿拉伯数字，例如 1600 或 1,600.5。"
    assert f'<td data-label="列">{heading}</td>' in reply.text
    assert "有误 1 行，共 1 处<" in reply.text
    assert house.browser("e01").get(f"/shipments/returned/{address}").status_code == 404


def test_the_same_fault_in_many_rows_is_told_once(house: House) -> None:
    """A place by an unknown name in every row is one line with its rows; the returned file has it beside each."""
    header, first = CSV.format(prefix="R").splitlines()[:2]
    cells = first.split(",")
    cells[4] = "乌有港"
    rows = [",".join([f"R-{number}", *cells[1:]]) for number in range(20)]
    content = "\n".join([header, *rows, ""]).encode()
    browser = house.browser("planner")
    page = browser.send("/shipments", "/shipments", act="check", file=(BytesIO(content), "r.csv")).text
    assert "有误 20 行，共 20 处<" in page
    assert page.count("不认识的地点“乌有港”") == 1
    assert "2、3、4、5、6、7、8、9、10、11、12、13 等，另 8 行" in page
    address = page.split('href="/shipments/returned/')[1].split('"')[0]
    book = openpyxl.load_workbook(BytesIO(browser.get(f"/shipments/returned/{address}").data))
    assert [("乌有港" in row[-1]) for row in book.active.iter_rows(min_row=2, values_only=True)] == [True] * 20


def test_a_file_that_comes_again_is_told_so(house: House) -> None:
    """What the books held already is no news, and what took the place of something is no surprise."""
    browser = house.browser("planner")
    content = CSV.format(prefix="H")

    def verdict(content: str) -> str:
        file = (BytesIO(content.encode()), "a.csv")
        return browser.send("/shipments", "/shipments", act="submit", file=file).text

    first = verdict(content)
    assert "已收下 2 行" in first
    assert "此前已提交" not in first
    again = verdict(content.replace("coal,700", "coal,650"))
    assert "已收下 2 行，1 行有误未收。其中 1 行此前已提交、内容相同，1 行以新内容取代此前所提交的。" in again


def test_a_shipper_may_be_called_by_name_and_an_unknown_one_is_told_at_once(house: House) -> None:
    """The books have the id, in whatever width the name is written; who is not registered is named at the upload and
    not when the plan is accepted."""
    register_parties(house.store, read_parties(), ISSUED_AT)
    browser = house.browser("planner")
    content = CSV.format(prefix="N").replace("-1,E01,", "-1,示范钢铁(衢州)有限公司,").replace("-3,E01,", "-3,无名公司,")
    for act in ("check", "submit"):
        file = (BytesIO(content.encode()), "a.csv")
        reply = browser.send("/shipments", "/shipments", act=act, file=file).text
        assert "尚未登记的托运人：无名公司。" in reply
    program = house.program("planner")
    assert [program.get(f"/api/v1/shipments/N-{n}").json["shipper_id"] for n in (1, 3)] == ["E01", "无名公司"]


def test_checking_keeps_nothing(house: House) -> None:
    """The same answer, and the list stays as it was."""
    browser = house.browser("planner")
    content = CSV.format(prefix="G").encode()
    reply = browser.send("/shipments", "/shipments", act="check", file=(BytesIO(content), "a.csv"))
    assert "尚未提交任何内容" in reply.text
    assert house.program("planner").get("/api/v1/shipments/G-1").status_code == 404


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"\x00\x01\x02"])
def test_a_file_that_cannot_be_read_says_why(house: House, content: bytes) -> None:
    """422, with the fault of the whole file."""
    browser = house.browser("planner")
    reply = browser.send("/shipments", "/shipments", act="submit", file=(BytesIO(content), "a.csv"))
    assert reply.status_code == 422
    assert 'role="alert"' in reply.text


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_template_can_be_uploaded_as_it_is(house: House, kind: str, lang: str, tmp_path: Path) -> None:
    """Its example row is a good one."""
    browser = house.browser("planner")
    template = browser.get(f"/shipments/template.{kind}?lang={lang}").data
    reply = browser.send("/shipments?lang=zh", "/shipments?lang=zh", act="check", file=(BytesIO(template), f"t.{kind}"))
    assert "共 1 行：1 行可用，0 行有误" in reply.text
    assert browser.get("/shipments/template.exe").status_code == 404


def test_a_file_name_of_several_lines_breaks_no_header(house: House) -> None:
    """A browser may send any name. The wrong rows come back under its printable part, without its folders."""
    browser = house.browser("e01")
    for name, kept in (("a%0D%0AX-Evil%3A1.csv", "aX-Evil:1-"), ("..%5C..%2Fb%0Ac.csv", "bc-")):
        token = TOKEN.search(browser.get("/shipments").text)
        assert token
        parts = (
            f'name="csrf_token"\r\n\r\n{token.group(1)}',
            f"name=\"file\"; filename*=UTF-8''{name}\r\n\r\n{HEADER}\nx,y,coal,many,ZP,QJ,,\n",
        )
        body = "".join(f"--B\r\nContent-Disposition: form-data; {part}\r\n" for part in parts) + "--B--\r\n"
        page = browser.client.post("/shipments", data=body.encode(), content_type="multipart/form-data; boundary=B")
        link = re.search(r"/shipments/returned/[\w-]+", page.text)
        assert link, page.text
        reply = browser.get(link.group(0))
        assert reply.status_code == 200
        assert f"filename={kept}" in reply.headers["Content-Disposition"].replace('"', "")
        assert "X-Evil" not in reply.headers


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/shipments?cursor=WyJcdWQ4MDAiXQ", None, 422),
        ("/waybills?cursor=WyJcdWQ4MDAiXQ", None, 422),
        ("/plans", {"shipment_ids": ["\ud800"]}, 422),
        ("/plans", {"\ud800": 1}, 422),
        ("/shipments", [{"\ud800": "\ud800"}], 200),
        ("/quotes", {"\ud800": 1}, 422),
        ("/quotes/bulk", [{"\ud800": 1}], 200),
        ("/webhooks", {"\ud800": 1}, 422),
    ],
)
def test_half_a_character_is_refused_as_any_other_fault(house: House, path: str, body: Any, status: int) -> None:
    """JSON can spell a lone surrogate, which has no bytes: no database takes it, nor an answer that quotes it."""
    program = house.program("planner")
    reply = program.get(f"/api/v1{path}") if body is None else program.post(f"/api/v1{path}", body)
    assert reply.status_code == status
    assert reply.json
