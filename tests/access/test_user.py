"""Roles and scopes: what each role may do, and on whose records."""

from __future__ import annotations

from dataclasses import replace

import pytest

from optimizer.access.user import (
    ALLOWED,
    OF_A_PARTY,
    Permission,
    Role,
    User,
    require_valid,
    sees_account_of,
    sees_waybill_of,
)
from optimizer.errors import InputError

WRITES = {
    Permission.WRITE_SHIPMENTS,
    Permission.PLAN,
    Permission.ACCEPT_PLANS,
    Permission.REPORT_EVENTS,
    Permission.GRANT_ACCOUNTS,
    Permission.SETTLE,
    Permission.CLOSE_PERIODS,
    Permission.MANAGE_USERS,
    Permission.PROPOSE_FACTORS,
    Permission.RELEASE_FACTORS,
}


def user(role: Role, party_id: str = "", active: bool = True) -> User:
    """A user of a role."""
    return User("u", "someone", "某人", "Someone", role, party_id, active)


def test_every_role_has_its_permissions_and_every_permission_a_role() -> None:
    """A permission that nobody has would be dead, a role without any a mistake."""
    assert set(ALLOWED) == set(Role)
    assert set().union(*ALLOWED.values()) == set(Permission)


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.BANK])
def test_auditors_and_banks_only_read(role: Role) -> None:
    """Invariant 13: whoever judges the books cannot write them."""
    assert not ALLOWED[role] & WRITES


def test_an_inactive_user_may_nothing() -> None:
    """Whatever the role."""
    assert not any(user(role, "E1", active=False).may(permission) for role in Role for permission in Permission)


@pytest.mark.parametrize("role", list(Role))
def test_an_account_is_seen_by_its_party_the_auditor_and_readers_it_was_opened_to(role: Role) -> None:
    """An empty party sees no account without an owner either."""
    seen = {
        "own": sees_account_of(user(role, "E1"), "E1", frozenset()),
        "foreign": sees_account_of(user(role, "E1"), "E2", frozenset()),
        "opened": sees_account_of(user(role, "E1"), "E2", frozenset({"E2"})),
        "nobody's": sees_account_of(user(role, ""), "", frozenset()),
    }
    expected = {
        Role.ENTERPRISE: {"own"},
        Role.AUDITOR: {"own", "foreign", "opened", "nobody's"},
        Role.BANK: {"opened"},
    }
    assert {key for key, value in seen.items() if value} == expected.get(role, set())


@pytest.mark.parametrize("role", list(Role))
def test_a_waybill_is_seen_by_its_parties_and_the_auditor(role: Role) -> None:
    """Shippers and receivers see theirs, operators what they carry, others nothing."""
    parties = {"operator": "O", "consignor": "C", "consignee": "R", "stranger": "X", "nobody": ""}
    seen = {name for name, party in parties.items() if sees_waybill_of(user(role, party), "O", "C", "R")}
    expected = {
        Role.PLANNER: {"operator"},
        Role.CARRIER: {"operator"},
        Role.ENTERPRISE: {"consignor", "consignee"},
        Role.AUDITOR: set(parties),
    }
    assert seen == expected.get(role, set())


def test_a_new_user_is_refused_with_every_fault() -> None:
    """Login, names and party are looked at together."""
    wrong = User("u", "Ä b", "", "x" * 101, Role.ENTERPRISE)
    with pytest.raises(InputError) as caught:
        require_valid(wrong)
    assert [fault.column for fault in caught.value.faults] == [
        "login",
        "display_name_zh",
        "display_name_en",
        "party_id",
    ]
    for role in Role:
        require_valid(user(role, "E1" if role in OF_A_PARTY else ""))
        with pytest.raises(InputError):
            require_valid(user(role, "" if role in OF_A_PARTY else "E1"))


def test_a_user_is_named_in_the_language_asked_for() -> None:
    """Each of the two names in its own."""
    named = replace(user(Role.AUDITOR), display_name_zh="审计", display_name_en="Auditor")
    assert (named.name("zh"), named.name("en")) == ("审计", "Auditor")
