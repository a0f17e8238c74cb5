"""Wrong rows of an upload: each goes back, and comes again with its column of faults."""

from __future__ import annotations

import pytest

from optimizer.errors import Lang
from optimizer.planning.files import shipment_upload
from optimizer.planning.files.shipment_upload import FAULT_HEADERS, csv_text, marked_rows, read_upload, workbook
from tests.planning.test_shipment_file import GOOD, HEADER, NETWORK

WRONG = GOOD.replace("1600", "-1").split(",", 1)[1]
FILE = "\n".join([HEADER, GOOD, *(f"B{number},{WRONG}" for number in range(4))]).encode()


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_rows_that_were_sent_back_come_again_once_they_are_mended(lang: Lang, kind: str) -> None:
    """Mended in place, the words beside them left as they are."""
    marked = marked_rows(read_upload(FILE, "a.csv", NETWORK), lang)
    assert len(marked) == 5
    mended = [["1600" if cell == "-1" else cell for cell in cells] for cells in marked]
    content = csv_text(mended).encode() if kind == "csv" else workbook(mended, "back")
    again = read_upload(content, f"b.{kind}", NETWORK)
    assert [shipment.shipment_id for shipment in again.shipments] == ["B0", "B1", "B2", "B3"]
    assert again.faults == []
    still = marked_rows(read_upload(csv_text(marked).encode(), "c.csv", NETWORK), lang)
    assert still == marked
    assert [cell in FAULT_HEADERS.values() for cell in still[0]].count(True) == 1


def test_no_wrong_row_is_lost_beyond_the_faults_that_are_described(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four wrong rows where two faults are described: four go back."""
    monkeypatch.setattr(shipment_upload, "MAX_FAULTS", 2)
    upload = read_upload(FILE, "a.csv", NETWORK)
    assert [shipment.shipment_id for shipment in upload.shipments] == ["S1"]
    assert [fault.row for fault in upload.faults] == [3, 4, 5, 6]
    assert [fault.code for fault in upload.faults[2:]] == ["too_many_faults"] * 2
    assert [cells[0] for cells in marked_rows(upload, "en")[1:]] == ["B0", "B1", "B2", "B3"]
