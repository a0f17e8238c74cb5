"""An empty table to fill in, for download as CSV or XLSX."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

from flask import Response, send_file
from werkzeug.exceptions import NotFound

from optimizer.documents.sheets import XLSX_TYPE
from optimizer.planning.files.shipment_cells import Cell
from optimizer.planning.files.shipment_upload import csv_text, workbook


def template_file(rows: Sequence[Sequence[Cell]], name: str, kind: str, title: str) -> Response:
    """Rows as a file called ``name``, its sheet ``title``. Raises NotFound for a kind other than csv and xlsx."""
    called = f"{name}.{kind}"
    if kind == "xlsx":
        return send_file(BytesIO(workbook(rows, title)), XLSX_TYPE, as_attachment=True, download_name=called)
    if kind == "csv":
        content = b"\xef\xbb\xbf" + csv_text(rows).encode()  # with the mark, so that Excel reads Chinese
        return send_file(BytesIO(content), "text/csv; charset=utf-8", as_attachment=True, download_name=called)
    raise NotFound
