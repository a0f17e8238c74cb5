"""Who may see which proof."""

from __future__ import annotations

import json

from optimizer.access.user import Permission, User, sees_account_of
from optimizer.accounts.ledger import Ledger
from optimizer.accounts.proof import Proof
from optimizer.accounts.sealed import Head
from optimizer.actions.verifying import prove
from optimizer.errors import Message, UnknownRecordError
from optimizer.store.engine import Store

_OWN = (Ledger.CLAIM.value, Ledger.ACTIVITY.value)
"""Ledgers in which a transaction is its holder's own. Its memos in other parties' accounts are the same grams again."""


def heads(store: Store) -> list[Head]:
    """All signed tree heads, the newest first. They are for everybody: the more copies, the better."""
    with store.read() as session:
        return session.tree.heads()[::-1]


def proof_seen_by(store: Store, user: User, name: str) -> Proof:
    """The proof of a sealed record: auditors see all, others the transactions that move an account they may read.

    Raises UnknownRecordError for a record that is not there, not sealed or not for this user, alike.
    """
    proof = prove(store, name)
    if not user.may(Permission.AUDIT) and not _is_own(store, user, proof):
        raise UnknownRecordError(
            Message(
                f"没有可供您查看的已封存条目“{name}”。",
                f"There is no sealed entry '{name}' that you may see.",
            )
        )
    return proof


def _is_own(store: Store, user: User, proof: Proof) -> bool:
    leaf = json.loads(proof.leaf)
    touched = {line["account_id"] for line in leaf["parts"].get("postings", ()) if line["ledger"] in _OWN}
    with store.read() as session:
        accounts, opened = session.accounts(), session.opened_to(user.user_id)
    holders = {accounts[account_id].party_id for account_id in touched if account_id in accounts}
    return any(sees_account_of(user, party_id, opened) for party_id in holders if party_id)
