"""What holds for every test: properties are not judged by the clock, and on continuous integration nothing may be
skipped silently and every example is the same each time (people who run the tests go on drawing new ones)."""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest
from hypothesis import settings

from optimizer.actions import releasing
from optimizer.emissions.factors import FactorTable, load_factors
from tests.emissions.world import round_table

settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") == "true" else "here")


LONG_FILES = (
    "tests/packaging/test_readme.py",
    "tests/planning/test_solve.py",
    "tests/webapp/test_accessibility.py",
    "tests/store/test_model.py",
    "tests/cli/test_plan.py",
    "tests/webapp/test_api_contract.py",
    "tests/store/test_faults.py",
    "tests/planning/netdesign/test_solve.py",
)
"""Files that take half a minute and more, longest first: they begin first, so that no process is left alone with one
at the end (``make test`` hands out files in this order)."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Long files first, the others in their order."""
    place = {str(config.rootpath / name): number for number, name in enumerate(LONG_FILES)}
    items.sort(key=lambda item: place.get(str(item.path), len(LONG_FILES)))


@pytest.fixture(autouse=True, scope="session")
def _the_tiny_world_travels_too() -> None:
    """The round factors of the tiny world count as part of the product, as the shipped ones do: accounts may use them
    without two persons' release, which tests/store/test_releasing.py is about."""
    both = FactorTable((*load_factors().factors, *round_table().factors))
    releasing.travelling_factors = lambda: both  # type: ignore[assignment]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test skipped for want of a tool (a browser, a database server) counts as failed when CI=true."""
    report = yield
    if os.environ.get("CI") == "true" and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, and CI=true allows no skip: {report.longrepr}"
    return report
