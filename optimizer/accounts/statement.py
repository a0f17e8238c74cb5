"""The statement of an account for a period: one table that settles the reduction (减碳一表清算)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from optimizer.accounts.calculation import RunFigures
from optimizer.accounts.ledger import Account, BalanceKey, Bucket, Kind, Ledger
from optimizer.emissions.portfolio import Portfolio
from optimizer.errors import Message
from optimizer.waybills.party import Party

DISCLAIMER = Message(
    "本对账单所列减排量既不是国家核证自愿减排量（CCER），也不是碳排放配额，不得用于履约抵销；同一批次的归因量（运输排放的范围三备查）"
    "可能同时记在托运人、承运人和收货人名下，减排量（claim）只记一次。",
    "The reductions listed here are neither CCER nor emission allowances and may not be surrendered for compliance. "
    "Other parties (shipper, carrier, receiver) may hold attribution amounts for the same lots, as memos for their "
    "Scope 3 statements; the claim is recorded once only.",
)

NETTING_NOTE = Message(
    "入账量逐批取下限、最低为 0，其合计不含变差批次的增排；净期望减排（本户托运的批次）把变差批次计为负数。"
    "两数不可混用：前者是可主张的量，后者是对实际效果的最佳估计。",
    "Credits are taken lot by lot and are at least 0, so their sum leaves out what lots that got worse added; the net"
    " expected reduction (of lots this party consigned) counts those as negative. The first is what may be claimed, the"
    " second the best estimate of the effect; neither stands for the other.",
)

WHOLE_NOTE = Message(
    "整体下限：本期本户托运批次之和的单侧 90% 下限，共用的因子、油耗模型、计重误差先跨批次相加再合成，"
    "各自独立的误差相互抵减；"
    "变差批次计为负数。它不是逐批下限之和，也不改变账上已入账的量。",
    "The bound of the whole is the one-sided 90 % bound of the sum of the lots consigned: errors they share (factors, "
    "fuel models, the scale) are added over the lots before they are combined, independent ones partly cancel; lots "
    "that got worse count as negative. It is not the sum of the lots' bounds and changes nothing that is credited.",
)

METHOD_NOTE = Message(
    "方法 shift-v1：基准（公路）减去实际全程排放，WTW CO2e 边界；入账量为单侧 90% 置信下限，"
    "向下取整到克。去回都载货的船，往返油耗按吨分摊。",
    "Method shift-v1: road baseline minus the emissions of the whole actual way, WTW CO2e boundary; credited is the "
    "lower one-sided 90 % bound, rounded down to whole grams. A vessel loaded both ways shares its round trip by "
    "tonnes.",
)


@dataclass(frozen=True, slots=True)
class Balance:
    """One line of opening or closing: an amount in the ledger's unit (g CO2e, kg·km, g coal equivalent)."""

    ledger: Ledger
    bucket: Bucket
    part: str
    amount: int


class Movement(NamedTuple):
    """One settled lot, a correction of one (amounts are what it changes; ``corrects`` is the entry it names), or a
    transfer or retirement of claim (only ``claim_g``; ``counterparty`` is the other account of a transfer). Grams are
    CO2e WTW; ``activity_kgkm`` by mode; ``claim_g`` is
    what was posted to this account (0 for a party that only holds the attribution memo). ``consigned``: the account's
    party shipped it, so that credit and effect are its own. ``waybill_version``: what the calculation rests on. A
    tuple, for a frozen dataclass takes four times as long to make."""

    seq: int
    transaction_id: str
    kind: str
    waybill_number: str
    lot_no: int
    effective_at: datetime
    mass_kg: int
    activity_kgkm: Mapping[str, int]
    baseline_g: int
    actual_g: int
    expected_g: int
    credited_g: int
    claim_g: int
    attribution_g: int
    energy_saved_g: int
    consigned: bool
    tier: str
    run_id: str
    corrects: str = ""
    memo: str = ""
    waybill_version: int = 1
    counterparty: str = ""


class SeenEntry(NamedTuple):
    """An entry as one account sees it: what it adds to the account's available claim, memo and energy, g. ``own``: it
    posts to the account more than the memo (``consigned`` of a lot's movement). ``counterparty``: the other account of
    a transfer, else empty. Other fields as in a transaction."""

    seq: int
    transaction_id: str
    kind: Kind
    waybill_number: str
    lot_no: int
    run_id: str
    resolves: str
    effective_at: datetime
    memo: str
    claim_g: int
    attribution_g: int
    energy_saved_g: int
    own: bool
    counterparty: str = ""


@dataclass(frozen=True, slots=True)
class Seal:
    """The signed tree that stands behind a statement. ``sealed_seq``: the last transaction in it; where the statement
    was read further than that, its last movements are not sealed yet."""

    tree_size: int
    root: bytes
    sealed_seq: int


@dataclass(frozen=True, slots=True)
class Statement:
    """Opening + movements = closing, in every ledger. ``reserved_change_g`` sums the estimates made and resolved.
    ``last_seq`` says up to which transaction the ledger was read, ``seal`` what of it is sealed (None: nothing yet).
    ``whole``: the bound of the lots consigned together; None without any, and where ``unbounded_runs`` of them were
    settled before results kept their error sources."""

    account: Account
    party: Party | None
    period: str
    opening: tuple[Balance, ...]
    movements: tuple[Movement, ...]
    reserved_change_g: int
    closing: tuple[Balance, ...]
    closed: bool
    last_seq: int
    factors_versions: tuple[str, ...]
    network_versions: tuple[str, ...]
    code_versions: tuple[str, ...]
    method: str
    seal: Seal | None = None
    whole: Portfolio | None = None
    unbounded_runs: int = 0

    @property
    def beyond_seal(self) -> bool:
        """Whether anything here is booked later than what the signed tree holds. The month that is open may rest on
        entries of the account that no line names, such as estimates."""
        if self.seal is None:
            return False
        sealed_seq = self.seal.sealed_seq
        return any(item.seq > sealed_seq for item in self.movements) or (not self.closed and self.last_seq > sealed_seq)

    @property
    def available_g(self) -> int:
        """Claim that the account may dispose of at the end of the period, g CO2e."""
        own = (balance for balance in self.closing if balance.ledger is Ledger.CLAIM)
        return sum(balance.amount for balance in own if balance.bucket is Bucket.AVAILABLE)

    @property
    def credited_g(self) -> int:
        """Claim credited to the account in the period, corrections included, g CO2e."""
        return sum(movement.claim_g for movement in self.movements if movement.kind in LOT_KINDS)

    @property
    def transferred_g(self) -> int:
        """Claim taken over from other accounts minus what was handed over, g CO2e."""
        return sum(movement.claim_g for movement in self.movements if movement.kind == Kind.TRANSFER)

    @property
    def retired_g(self) -> int:
        """Claim retired in the period, g CO2e."""
        return -sum(movement.claim_g for movement in self.movements if movement.kind == Kind.RETIRE)

    @property
    def net_expected_g(self) -> int:
        """Expected reduction of the lots consigned, those that got worse counted as negative, g CO2e."""
        return sum(movement.expected_g for movement in self.movements if movement.consigned)

    @property
    def worse(self) -> tuple[Movement, ...]:
        """Lots consigned that emitted more than the road would have; each is credited 0, never a negative amount."""
        return tuple(
            movement
            for movement in self.movements
            if movement.consigned and movement.expected_g < 0 and movement.kind == Kind.SETTLE
        )


def statement_of(
    account: Account,
    party: Party | None,
    period: str,
    opening: Mapping[BalanceKey, int],
    changes: Mapping[BalanceKey, int],
    entries: Sequence[SeenEntry],
    runs: Mapping[str, RunFigures],
    replaced: Mapping[str, str],
    closed: bool,
    last_seq: int,
) -> Statement:
    """The statement of one account and period.

    ``opening``: the account's balances from what is booked before the period; ``changes``: what all that is booked in
    it moves, estimates included; ``entries``: the settlements, corrections, transfers and retirements in it
    (:data:`MOVING`; others are passed over), in order. ``runs``: figures of every run that an entry names or replaces.
    ``replaced``: correction id -> the run that it takes back ("" for none).
    """
    movements = tuple([_movement(item, runs, replaced) for item in entries if item.kind in MOVING])
    used = [runs[item.run_id] for item in entries if item.kind in _ADDING]
    own = {key: amount for key, amount in opening.items() if key[0] == account.account_id}
    moved = {key: amount for key, amount in changes.items() if key[0] == account.account_id}
    closing = {key: own.get(key, 0) + moved.get(key, 0) for key in {**own, **moved}}
    return Statement(
        account=account,
        party=party,
        period=period,
        opening=_balances(own),
        movements=movements,
        reserved_change_g=sum(amount for key, amount in moved.items() if key[1:3] == (Ledger.CLAIM, Bucket.RESERVED)),
        closing=_balances(closing),
        closed=closed,
        last_seq=last_seq,
        factors_versions=tuple(sorted({run.factors_version for run in used})),
        network_versions=tuple(sorted({run.network_version for run in used})),
        code_versions=tuple(sorted({run.code_version for run in used})),
        method=used[0].method if used else "shift-v1",
    )


MOVING = frozenset({Kind.SETTLE, Kind.RESTATE, Kind.REVERSE, Kind.TRANSFER, Kind.RETIRE})
"""The kinds of entry that a statement lists."""

LOT_KINDS = frozenset({Kind.SETTLE, Kind.RESTATE, Kind.REVERSE})
_ADDING = frozenset({Kind.SETTLE, Kind.RESTATE})


def _movement(entry: SeenEntry, runs: Mapping[str, RunFigures], replaced: Mapping[str, str]) -> Movement:
    """An entry as it is printed. A correction shows what it changes: the new run minus the one it replaces."""
    adds = runs[entry.run_id] if entry.kind in _ADDING else None
    taken_back = replaced.get(entry.transaction_id, "")
    takes = runs[taken_back] if taken_back else None
    figures = _change(adds or NO_RUN, takes) if takes or not adds else adds
    named = adds or takes
    return Movement(
        entry.seq,
        entry.transaction_id,
        entry.kind._value_,
        entry.waybill_number,
        entry.lot_no,
        entry.effective_at,
        figures.mass_kg,
        figures.activity_kgkm,
        figures.baseline_wtw_g,
        figures.actual_wtw_g,
        figures.expected_wtw_g,
        figures.credited_wtw_g,
        entry.claim_g,
        entry.attribution_g,
        entry.energy_saved_g,
        entry.own and entry.kind in LOT_KINDS,
        named.tier if named else "",
        entry.run_id,
        entry.resolves,
        entry.memo,
        named.waybill_version if named else 1,
        entry.counterparty,
    )


NO_RUN = RunFigures("", "", "", "", "", 0, 0, 0, 0, 0, 0, "", {})
"""What a transfer or retirement is worth to its lots, and what a reversal leaves."""


def _change(adds: RunFigures, takes: RunFigures | None) -> RunFigures:
    """Amounts of one run minus those of the one that it replaces."""
    takes = takes or NO_RUN
    modes = sorted({*adds.activity_kgkm, *takes.activity_kgkm})
    return adds._replace(
        mass_kg=adds.mass_kg - takes.mass_kg,
        baseline_wtw_g=adds.baseline_wtw_g - takes.baseline_wtw_g,
        actual_wtw_g=adds.actual_wtw_g - takes.actual_wtw_g,
        expected_wtw_g=adds.expected_wtw_g - takes.expected_wtw_g,
        credited_wtw_g=adds.credited_wtw_g - takes.credited_wtw_g,
        activity_kgkm={mode: adds.activity_kgkm.get(mode, 0) - takes.activity_kgkm.get(mode, 0) for mode in modes},
    )


def _balances(folded: Mapping[BalanceKey, int]) -> tuple[Balance, ...]:
    return tuple(
        Balance(ledger, bucket, part, amount) for (_, ledger, bucket, part), amount in sorted(folded.items()) if amount
    )
