"""Users, roles and permissions.

A permission says which verb a role may use at all; the *scope* says on whose records. Parties see their own records,
auditors see everything and change nothing, banks see the accounts that an enterprise has opened to them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from optimizer.errors import Fault, InputError, Message


class Role(StrEnum):
    """What a user is. The words are stored and shown in the API."""

    PLANNER = "planner"
    ENTERPRISE = "enterprise"
    CARRIER = "carrier"
    AUDITOR = "auditor"
    BANK = "bank"
    ADMINISTRATOR = "administrator"


class Permission(StrEnum):
    """Verbs of the web side."""

    READ_SHIPMENTS = "read_shipments"
    WRITE_SHIPMENTS = "write_shipments"
    PLAN = "plan"
    ACCEPT_PLANS = "accept_plans"
    READ_WAYBILLS = "read_waybills"
    REPORT_EVENTS = "report_events"
    READ_EVIDENCE = "read_evidence"
    READ_ACCOUNTS = "read_accounts"
    GRANT_ACCOUNTS = "grant_accounts"
    READ_CITY = "read_city"
    AUDIT = "audit"
    SETTLE = "settle"
    CLOSE_PERIODS = "close_periods"
    MANAGE_USERS = "manage_users"
    READ_SECURITY_LOG = "read_security_log"
    READ_NETWORK = "read_network"
    PROPOSE_FACTORS = "propose_factors"
    RELEASE_FACTORS = "release_factors"
    PROPOSE_NETWORK = "propose_network"
    RELEASE_NETWORK = "release_network"


ALLOWED: Mapping[Role, frozenset[Permission]] = {
    Role.PLANNER: frozenset(
        {
            Permission.READ_SHIPMENTS,
            Permission.WRITE_SHIPMENTS,
            Permission.PLAN,
            Permission.ACCEPT_PLANS,
            Permission.READ_WAYBILLS,
            Permission.REPORT_EVENTS,
            Permission.READ_EVIDENCE,
        }
    ),
    Role.ENTERPRISE: frozenset(
        {
            Permission.READ_SHIPMENTS,
            Permission.WRITE_SHIPMENTS,
            Permission.READ_WAYBILLS,
            Permission.READ_EVIDENCE,
            Permission.READ_ACCOUNTS,
            Permission.GRANT_ACCOUNTS,
        }
    ),
    Role.CARRIER: frozenset({Permission.READ_WAYBILLS, Permission.REPORT_EVENTS, Permission.READ_EVIDENCE}),
    Role.AUDITOR: frozenset(
        {
            Permission.READ_WAYBILLS,
            Permission.READ_EVIDENCE,
            Permission.READ_ACCOUNTS,
            Permission.READ_CITY,
            Permission.AUDIT,
            Permission.READ_SECURITY_LOG,
            Permission.READ_NETWORK,
        }
    ),
    Role.BANK: frozenset({Permission.READ_ACCOUNTS}),
    Role.ADMINISTRATOR: frozenset(
        {
            Permission.MANAGE_USERS,
            Permission.READ_SECURITY_LOG,
            Permission.READ_NETWORK,
            Permission.SETTLE,
            Permission.CLOSE_PERIODS,
            Permission.PROPOSE_FACTORS,
            Permission.RELEASE_FACTORS,
            Permission.PROPOSE_NETWORK,
            Permission.RELEASE_NETWORK,
        }
    ),
}
"""Auditors and banks only read (``ledger.md``, invariant 13): none of their permissions writes anything."""

OF_A_PARTY = frozenset({Role.PLANNER, Role.ENTERPRISE, Role.CARRIER})
"""Roles that belong to a party; the others stand outside."""

_LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{1,62}")


@dataclass(frozen=True, slots=True)
class User:
    """A person or machine that may log in. ``party_id`` is empty for roles outside the parties; ``active`` False keeps
    the record but lets nobody in; ``sessions_ended``: how often all sessions of the user were ended for good."""

    user_id: str
    login: str
    display_name_zh: str
    display_name_en: str
    role: Role
    party_id: str = ""
    active: bool = True
    sessions_ended: int = field(default=0, compare=False)

    def may(self, permission: Permission) -> bool:
        """Whether the user's role has a permission, and the user is active."""
        return self.active and permission in ALLOWED[self.role]

    def name(self, lang: str) -> str:
        """The display name in a language."""
        return self.display_name_zh if lang == "zh" else self.display_name_en


@dataclass(frozen=True, slots=True)
class Grant:
    """An enterprise opens its account to a bank reader, or closes it again (``open`` False). The newest counts."""

    seq: int
    party_id: str
    user_id: str
    open: bool
    granted_by: str


def sees_account_of(user: User, party_id: str, opened_to_user: frozenset[str]) -> bool:
    """Whether a user may read the account of a party; ``opened_to_user``: parties whose grant to the user stands."""
    if not user.may(Permission.READ_ACCOUNTS):
        return False
    if user.role is Role.AUDITOR:
        return True
    if user.role is Role.BANK:
        return party_id in opened_to_user
    return bool(party_id) and party_id == user.party_id


def sees_waybill_of(user: User, operator_id: str, consignor_id: str, consignee_id: str) -> bool:
    """Whether a user may read a waybill: its parties, and the auditor."""
    if not user.may(Permission.READ_WAYBILLS):
        return False
    if user.role is Role.AUDITOR:
        return True
    mine = user.party_id
    if user.role is Role.ENTERPRISE:
        return bool(mine) and mine in (consignor_id, consignee_id)
    return bool(mine) and mine == operator_id


def require_valid(user: User) -> None:
    """Raise InputError with every fault of a new user: login form, names, a party where the role needs one."""
    faults = []
    if not _LOGIN.fullmatch(user.login):
        faults.append(
            _fault(
                "login",
                "login_form",
                f"登录名“{user.login}”应为 2 至 63 个小写字母、数字、点、横线或下划线，以字母或数字开头",
                f"login '{user.login}' should be 2 to 63 lower-case letters, digits, dots, dashes or underscores,"
                " beginning with a letter or digit",
            )
        )
    for column, value in (("display_name_zh", user.display_name_zh), ("display_name_en", user.display_name_en)):
        if not value.strip() or len(value) > 100:
            faults.append(_fault(column, "required", "应有 1 至 100 个字", "should have 1 to 100 characters"))
    if user.role in OF_A_PARTY and not user.party_id:
        faults.append(
            _fault(
                "party_id",
                "required",
                f"角色 {user.role} 必须属于一个参与方：命令行加 --party 编号（见 modalshift party list）",
                f"role {user.role} needs a party: on the command line --party ID (see modalshift party list)",
            )
        )
    if user.role not in OF_A_PARTY and user.party_id:
        faults.append(
            _fault("party_id", "not_allowed", f"角色 {user.role} 不属于参与方", f"role {user.role} belongs to no party")
        )
    if faults:
        raise InputError.of(faults)


def _fault(column: str, code: str, zh: str, en: str) -> Fault:
    return Fault("user", None, column, code, Message(zh, en))
