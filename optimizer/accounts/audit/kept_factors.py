"""The factor tables that are kept with the accounts: a version is the digest of its rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from optimizer.accounts.audit.naming import finding
from optimizer.waybills.finding import Finding


def kept_factors_are_whole(changed: Iterable[str]) -> Iterator[Finding]:
    """One finding for each kept table whose rows are no longer those of its version (``changed``)."""
    for version in changed:
        yield finding(
            "factor_table_changed",
            f"factors {version}",
            "存档的因子表与其版本号不符；用它结算的批次无法由此重算",
            "is kept with other rows than its version says; lots settled with it cannot be recomputed from it",
        )
