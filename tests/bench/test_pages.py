"""The bench of pages in a browser."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import pytest

from optimizer.bench import pages
from optimizer.bench.document import result_from_json, result_to_json
from optimizer.bench.pages import PagesBench, run
from optimizer.errors import InputError
from optimizer.quantities import CHINA_TIME

AT = datetime(2026, 11, 1, 8, tzinfo=CHINA_TIME)


@pytest.mark.browser
def test_pages_are_opened_in_a_browser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page with a chart is ready once that is drawn; what the cache holds does not travel twice."""
    if pages._find_chromium() is None:
        pytest.skip("no Chromium on this machine")
    monkeypatch.setattr(
        pages, "PAGES", (("", "/quote"), ("", pages.QUOTE), ("nobody", "/plans"), ("", "/no-such-page"))
    )
    # In a thread: another test of this process may hold a browser, and with it a running loop.
    with ThreadPoolExecutor(1) as thread:
        result = thread.submit(run, PagesBench(AT, f"sqlite:///{tmp_path / 'm.db'}", runs=1)).result()
    assert [method.name for method in result.methods] == [":/quote", f":{pages.QUOTE}"]
    figures = {figure.name: figure.values[0] for figure in result.methods[1].figures}
    assert figures["ready"] >= figures["parsed"] > 0
    assert figures["again"] < figures["sent"] / 5
    assert 100 < figures["sent"] < 2000
    assert "图" in result.methods[1].does.zh
    assert result_from_json(result_to_json(result), "pages") == result


def test_what_is_missing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """No Playwright, no browser: one sentence each, before anything is started."""
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(InputError, match="No browser"):
        run(PagesBench(AT, "sqlite:///none.db"))

    def absent(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(pages.importlib, "import_module", absent)
    with pytest.raises(InputError, match="dev"):
        run(PagesBench(AT, "sqlite:///none.db"))
