"""Nobody alone brings a factor into the accounts."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from optimizer.emissions.factors import FactorTable
from optimizer.emissions.releases import propose, release, require_released, row_digest, unreleased
from optimizer.errors import ConflictError, FactorError, InputError
from optimizer.quantities import CHINA_TIME
from tests.emissions.world import factor

AT = datetime(2026, 11, 1, 9, tzinfo=CHINA_TIME)
SHIPPED = FactorTable([factor("shipped", unit="tkm", ttw_kg=0.1)])
OWN = factor("own", unit="tkm", ttw_kg=0.05)
TABLE = FactorTable([*SHIPPED.factors, OWN])


def test_only_rows_that_nobody_released_are_proposed() -> None:
    """Shipped rows are released with the product."""
    assert unreleased(TABLE, SHIPPED, [], []) == [OWN]
    proposal = propose([OWN], TABLE.version, "li", AT, "GLEC 3.1")
    done = release(proposal, [], "wang", AT + timedelta(hours=1))
    assert unreleased(TABLE, SHIPPED, [proposal], [done]) == []
    assert unreleased(TABLE, SHIPPED, [proposal], []) == [OWN]


def test_the_proposer_may_not_release() -> None:
    """Two persons, not two clicks."""
    proposal = propose([OWN], TABLE.version, "li", AT, "GLEC 3.1")
    with pytest.raises(ConflictError, match="another person"):
        release(proposal, [], "li", AT)


def test_a_release_happens_once() -> None:
    """A second one would blur who signed."""
    proposal = propose([OWN], TABLE.version, "li", AT, "GLEC 3.1")
    done = release(proposal, [], "wang", AT)
    with pytest.raises(ConflictError, match="already"):
        release(proposal, [done], "zhao", AT)


def test_a_released_row_cannot_be_swapped() -> None:
    """Another value under the same id and version is another row; a closed validity is not."""
    proposal = propose([OWN], TABLE.version, "li", AT, "GLEC 3.1")
    done = release(proposal, [], "wang", AT)
    swapped = replace(OWN, ttw_kg=0.04)
    closed = replace(OWN, valid_to=date(2027, 1, 1))
    assert unreleased(FactorTable([swapped, closed]), SHIPPED, [proposal], [done]) == [swapped]
    assert row_digest(OWN) == row_digest(closed) != row_digest(swapped)


def test_proposals_need_rows_and_a_reason() -> None:
    """An empty signature is refused."""
    with pytest.raises(ConflictError):
        propose([], TABLE.version, "li", AT, "GLEC 3.1")
    with pytest.raises(InputError):
        propose([OWN], TABLE.version, "li", AT, "  ")


def test_accounts_refuse_what_nobody_released() -> None:
    """The sentence names the factors and the two commands."""
    require_released([])
    with pytest.raises(FactorError, match=r"own@1.*factors propose"):
        require_released([OWN])
