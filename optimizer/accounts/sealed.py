"""The sealed log as it is stored: keys, leaves, heads. The tree is in ``merkle``, the signed text in ``checkpoint``."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LogKey:
    """A public key of the log and how it came to be that: ``rotation`` is the note by which the key before handed over,
    ``reason`` why there is none although there was a key before."""

    key_no: int
    verifier_key: str
    recorded_at: str
    rotation: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A leaf: where it stands, which record it is of, and its hash."""

    index: int
    kind: str
    entry_id: str
    leaf_hash: bytes

    @property
    def name(self) -> str:
        """``kind:id``, as commands take it."""
        return f"{self.kind}:{self.entry_id}"


@dataclass(frozen=True, slots=True)
class Head:
    """A tree head as stored. ``note`` is the signed checkpoint; the numbers say how far events and transactions were
    sealed then."""

    size: int
    root: bytes
    sealed_at: str
    key_no: int
    last_event_seq: int
    last_transaction_seq: int
    note: str


@dataclass(frozen=True, slots=True)
class Extent:
    """What the first ``size`` leaves of a tree hold: events and transactions are sealed in order, so the last of each
    says which."""

    size: int
    last_event_seq: int
    last_transaction_seq: int
