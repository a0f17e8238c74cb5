"""The bench of pages in a browser."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import pytest

from optimizer.actions import create_store
from optimizer.bench import pages
from optimizer.bench.document import result_from_json, result_to_json
from optimizer.bench.pages import Address, PagesBench, run
from optimizer.errors import InputError
from optimizer.quantities import CHINA_TIME

AT = datetime(2026, 11, 1, 8, tzinfo=CHINA_TIME)


@pytest.mark.browser
def test_pages_are_opened_in_a_browser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cold and warm, the chart apart; what the cache holds does not travel twice; who or what is not there is left."""
    if pages._find_chromium() is None:
        pytest.skip("no Chromium on this machine")
    monkeypatch.setattr(
        pages,
        "PAGES",
        (
            Address("", "/quote"),
            Address("", pages.QUOTE),
            Address("nobody", "/plans"),
            Address("", "/no-such-page"),
            Address("planner", "/plans", "/plans/"),
        ),
    )
    database = f"sqlite:///{tmp_path / 'm.db'}"
    create_store(database).close()
    # In a thread: another test of this process may hold a browser, and with it a running loop.
    with ThreadPoolExecutor(1) as thread:
        result = thread.submit(run, PagesBench(AT, database, runs=1, quiet_s=0.2)).result()
    assert [method.name for method in result.methods] == [":/quote", f":{pages.QUOTE}"]
    figures = {figure.name: figure.values[0] or 0 for figure in result.methods[1].figures}
    assert figures["worst"] == max(figures["cold"], figures["warm"]) > 0
    assert figures["live"] >= figures["stall"] > 0
    # The chart's script and ground come in idle moments, perhaps after so short a look; the style sheet at once.
    # So a busy machine may fetch them at the second look only: what counts is that they travel once.
    assert figures["sent"] > 20
    assert figures["again"] > 0
    assert figures["sent"] + figures["again"] < 2000
    plain = {figure.name: figure.values[0] or 0 for figure in result.methods[0].figures}
    assert 0 < plain["again"] < plain["sent"]
    assert result.methods[0].figure("live") is None
    assert "图" in result.methods[1].does.zh
    assert result_from_json(result_to_json(result), "pages") == result


HOLD = "const hold = ms => { const end = performance.now() + ms; while (performance.now() < end); };"
PAGE = f"""<p>words</p><figure class=chart>
<button class=live onclick="hold(90); document.querySelector('figure').classList.add('drawn')">live</button></figure>
<script>{HOLD} setTimeout(() => hold(120), 300);</script>"""


def _held_up() -> tuple[float, tuple[float, float]]:
    with pages._browser(pages._playwright(), pages._chromium()) as browser:
        page = browser.new_page()
        page.add_init_script(pages.LISTEN)
        page.route("http://page.test/", lambda route: route.fulfill(content_type="text/html", body=PAGE))
        return pages._opened(page, "http://page.test/", 0.6), pages._live(page)


@pytest.mark.browser
def test_a_task_that_holds_the_page_up_counts_and_a_quiet_page_is_waited_for() -> None:
    """The end of the last long task, even of one long after the load event; and what a chart's button sets off."""
    if pages._find_chromium() is None:
        pytest.skip("no Chromium on this machine")
    with ThreadPoolExecutor(1) as thread:
        interactive_ms, (live_ms, stall_ms) = thread.submit(_held_up).result()
    assert interactive_ms >= 420
    assert live_ms >= stall_ms >= 90


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
