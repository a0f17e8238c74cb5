"""What the close of a batch holds on SQLite since revision 0020. Used by migrations only.

The rules are those of ``line_rules``, ``entry_rules`` and ``run_rules``. Before, a trigger asked for each entry whether
it may enter, and that took half the time of its row. Now only its place is asked at once (inside the open batch, so
that no older row is touched); the rest is asked once of all entries of the batch. None of them can be committed before:
an open batch is refused at COMMIT.

    gap, closed    as many entries as numbers; none in a closed month
    once           no other settlement of the lot before
    original       a correction finds an uncorrected original among the entries of its lot before it
    run            the run that an entry names is there
    below          what accounts have, less all that they give in the batch, is not below zero; only where it would be
                   the order of the lines is looked at
    balances       summed by both places of a line as one number, which sorts in half the time of six columns
"""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.store.migrations import line_rules

MOST_ACCOUNTS = 2**27
"""Account numbers stay below: two of them and the buckets fit into one number of 64 bits."""
DROPPED = ("transactions_may_enter", "ledger_batch_closes")
"""Triggers that are made anew."""

_SAID = line_rules.SAID
_FRESH = "FROM transactions AS t WHERE t.seq >= OLD.first_seq"
_EARLIER = "FROM transactions AS o WHERE o.number = t.number AND o.lot_no = t.lot_no AND o.seq < t.seq"
_CORRECTING = "('REVERSE','RESTATE')"


def _refuse(said: str, where: str) -> str:
    return f"SELECT RAISE(ABORT, '{_SAID[said]}') WHERE {where};"


_ENTRIES = "\n    ".join(
    (
        _refuse(
            "gap", f"(SELECT COUNT(*) {_FRESH}) <> (SELECT COALESCE(MAX(seq), 0) FROM transactions) - OLD.first_seq + 1"
        ),
        _refuse("closed", f"EXISTS (SELECT 1 {_FRESH} AND t.period <= (SELECT MAX(period) FROM periods))"),
        _refuse(
            "once",
            f"EXISTS (SELECT 1 {_FRESH} AND t.kind = 'SETTLE' AND EXISTS (SELECT 1 {_EARLIER} AND o.kind = 'SETTLE'))",
        ),
        _refuse(
            "run",
            f"""EXISTS (SELECT 1 {_FRESH} AND t.run_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM run_ids AS k
        CROSS JOIN calculation_runs AS r ON r.rowid = k.run_no AND r.run_id = t.run_id
        WHERE k.level IN (0, 1, 2) AND k.run_id = t.run_id))""",
        ),
        _refuse(
            "original",
            f"""EXISTS (SELECT 1 {_FRESH} AND t.resolves IS NOT NULL AND (SELECT
          COALESCE(SUM(o.transaction_id = t.resolves AND (CASE WHEN t.kind IN ('POST','VOID') THEN o.kind = 'ESTIMATE'
            ELSE o.kind IN ('SETTLE','RESTATE','REVERSE') END)), 0) = 0
          OR SUM(o.resolves = t.resolves AND (o.kind = t.kind
            OR (o.kind IN {_CORRECTING} AND t.kind IN {_CORRECTING}))) > 0 {_EARLIER}))""",
        ),
    )
)

_ID_TAKEN = """SELECT 1 FROM transactions AS t
      CROSS JOIN entry_ids AS k ON k.level IN (0, 1, 2) AND k.id_start = substr(t.transaction_id, 1, 8)
        AND k.seq < t.seq
      CROSS JOIN transactions AS o ON o.seq = k.seq AND o.transaction_id = t.transaction_id
      WHERE t.seq >= OLD.first_seq"""
_IDS = f"""INSERT INTO entry_ids (level, id_start, seq)
    SELECT 0, substr(t.transaction_id, 1, 8), t.seq {_FRESH} ORDER BY 2, 3;
    {_refuse("once", f"EXISTS ({_ID_TAKEN})")}"""

_LINES = _refuse(
    "lines",
    f"""EXISTS (SELECT 1 {_FRESH} AND (t.line_count, t.line_count * (t.line_count + 1) / 2) <>
        (SELECT COUNT(*), SUM(line) FROM posting_lines WHERE transaction_seq = t.seq))""",
)


def _held(moved: str) -> str:
    bucket = line_rules.named(f"{moved}.bucket", line_rules.BUCKETS)
    return f"""COALESCE((SELECT b.amount FROM balances AS b
          WHERE b.account_id = (SELECT n.account_id FROM account_numbers AS n WHERE n.account_no = {moved}.account_no)
          AND b.ledger = 'claim' AND b.bucket = {bucket} AND b.part = {moved}.part), 0)"""


_GIVEN = """SELECT account_no, bucket, part, SUM(amount) AS amount FROM (
          SELECT account_no, bucket, part, amount FROM posting_lines
          WHERE transaction_seq >= OLD.first_seq AND ledger = 1 AND amount < 0 AND +account_no > 0
          UNION ALL SELECT counter_account_no, counter_bucket, part, -amount FROM posting_lines
          WHERE transaction_seq >= OLD.first_seq AND ledger = 1 AND amount > 0 AND +counter_account_no > 0)
        GROUP BY account_no, bucket, part"""
_MOVES = """SELECT account_no, bucket, part, amount, transaction_seq, line FROM posting_lines
            WHERE transaction_seq >= OLD.first_seq AND ledger = 1 AND +account_no > 0
            UNION ALL SELECT counter_account_no, counter_bucket, part, -amount, transaction_seq, line FROM posting_lines
            WHERE transaction_seq >= OLD.first_seq AND ledger = 1 AND +counter_account_no > 0"""
_STEPS = f"""SELECT account_no, bucket, part, MIN(moved) AS lowest FROM (
          SELECT account_no, bucket, part, SUM(amount) OVER (PARTITION BY account_no, bucket, part
            ORDER BY transaction_seq, line ROWS UNBOUNDED PRECEDING) AS moved FROM ({_MOVES}))
        GROUP BY account_no, bucket, part"""
_CLAIMS = _refuse(
    "below",
    f"""EXISTS (SELECT 1 FROM ({_GIVEN}) AS given WHERE given.amount + {_held("given")} < 0)
      AND EXISTS (SELECT 1 FROM ({_STEPS}) AS steps WHERE steps.lowest < 0 AND steps.lowest + {_held("steps")} < 0)""",
)

_PLACES = f"""(account_no * {2 * MOST_ACCOUNTS} + counter_account_no) * 64
        + (ledger - 1) * 16 + bucket * 4 + counter_bucket"""
_SUMS = f"""SELECT account_no, counter_account_no, ledger, bucket, counter_bucket, part, SUM(amount) AS amount
        FROM posting_lines WHERE transaction_seq >= OLD.first_seq GROUP BY {_PLACES}, part"""
_BALANCES = f"""INSERT INTO balances (account_id, ledger, bucket, part, amount)
    SELECT * FROM ({line_rules.sides(_SUMS)}) WHERE true
    ON CONFLICT (account_id, ledger, bucket, part) DO UPDATE SET amount = amount + excluded.amount;"""

_PENDINGS = """INSERT INTO pendings (estimate_seq, reserved_g, remaining_g)
    SELECT t.seq, SUM(l.amount), NULL FROM transactions AS t JOIN posting_lines AS l ON l.transaction_seq = t.seq
    WHERE t.seq >= OLD.first_seq AND t.kind = 'ESTIMATE' AND l.bucket = 1 GROUP BY t.seq;
    UPDATE pendings SET remaining_g = COALESCE(remaining_g, reserved_g) + moved.amount
    FROM (SELECT o.seq, SUM(l.amount) AS amount
      FROM transactions AS t JOIN posting_lines AS l ON l.transaction_seq = t.seq
      CROSS JOIN transactions AS o
        ON o.number = t.number AND o.lot_no = t.lot_no AND o.transaction_id = t.resolves
      WHERE t.seq >= OLD.first_seq AND t.kind IN ('POST','VOID') AND l.bucket = 1 GROUP BY o.seq) AS moved
    WHERE estimate_seq = moved.seq;"""

_SQLITE = (
    f"""CREATE TRIGGER transactions_may_enter BEFORE INSERT ON transactions
    WHEN NEW.seq < COALESCE((SELECT first_seq FROM ledger_batch), 9223372036854775807) BEGIN
    SELECT CASE WHEN EXISTS (SELECT 1 FROM ledger_batch) THEN RAISE(ABORT, '{_SAID["gap"]}')
      ELSE RAISE(ABORT, '{_SAID["batch"]}') END;
    END""",
    f"""CREATE TRIGGER ledger_batch_closes BEFORE DELETE ON ledger_batch BEGIN
    {_ENTRIES}
    {_IDS}
    {_LINES}
    {_CLAIMS}
    {_BALANCES}
    {_PENDINGS}
    END""",
    f"""CREATE TRIGGER account_numbers_fit BEFORE INSERT ON account_numbers
    WHEN abs(NEW.account_no) >= {MOST_ACCOUNTS} BEGIN
    SELECT RAISE(ABORT, 'account_numbers: the number is too large');
    END""",
)


def statements() -> Iterator[str]:
    """The rules of SQLite; PostgreSQL keeps those of the revisions before."""
    yield from _SQLITE
