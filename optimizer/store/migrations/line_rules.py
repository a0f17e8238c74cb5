"""Rules of the ledger since revision 0016, for SQLite and PostgreSQL. Used by migrations only.

Lines name ledgers, buckets and accounts by number (``posting_lines``); the view ``postings`` shows them by name. What
the lines have to keep is the same as before (see ``ledger_rules``):

    batch      SQLite: entries enter inside a batch only, and closing it applies the rules to all of it at once
    run        a settlement names a run that exists; a correction an uncorrected original of the same lot
    complete   as many lines as the transaction announced, none missing, none added later
    balances   the fold of all lines, in text for readers; a party's claim never falls below zero
    pendings   an estimate that is touched is resolved in full at COMMIT
"""

from __future__ import annotations

from collections.abc import Iterator

LEDGERS = ("claim", "attribution", "activity", "energy")
BUCKETS = ("reserved", "available", "retired")
"""Number 1 is the first of each."""


def named(column: str, names: tuple[str, ...]) -> str:
    """The name of a number, which is its place in ``names``; another number as text."""
    cases = " ".join(f"WHEN {number} THEN '{name}'" for number, name in enumerate(names, start=1))
    return f"CASE {column} {cases} ELSE CAST({column} AS TEXT) END"


def _account(column: str) -> str:
    found = f"SELECT n.account_id FROM account_numbers AS n WHERE n.account_no = {column}"
    return f"COALESCE(({found}), CAST({column} AS TEXT))"


POSTINGS_VIEW = f"""CREATE VIEW postings AS SELECT l.transaction_seq, l.line,
    {named("l.ledger", LEDGERS)} AS ledger, l.part,
    {_account("l.account_no")} AS account_id, {named("l.bucket", BUCKETS)} AS bucket,
    {_account("l.counter_account_no")} AS counter_account_id, {named("l.counter_bucket", BUCKETS)} AS counter_bucket,
    l.amount FROM posting_lines AS l"""
"""One table and lookups beside it: a filter on the numbers, and the order of lines, pass through to the table."""

_WRONG_ORIGINAL = """NEW.resolves IS NOT NULL AND NOT EXISTS (
      SELECT 1 FROM transactions AS o WHERE o.transaction_id = NEW.resolves
      AND o.number = NEW.number AND o.lot_no = NEW.lot_no
      AND (CASE WHEN NEW.kind IN ('POST','VOID') THEN o.kind = 'ESTIMATE'
           ELSE o.kind IN ('SETTLE','RESTATE','REVERSE') END))"""
NO_RUN = "NEW.run_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM calculation_runs AS r WHERE r.run_id = NEW.run_id)"
GAP = "NEW.seq <> (SELECT COALESCE(MAX(seq), 0) + 1 FROM transactions)"
CLOSED = "NEW.period <= (SELECT MAX(period) FROM periods)"
SAID = {
    "batch": "transactions: entries are appended in a batch",
    "gap": "transactions: the sequence has no gaps",
    "closed": "transactions: the period is closed",
    "run": "transactions: there is no such calculation run",
    "original": "transactions: a correction names an uncorrected original of the same lot",
    "once": "transactions: append-only, the key exists",
    "lines": "postings: append-only, lines stand in order and as many as announced",
    "below": "balances: a claim never falls below zero",
    "number": "account_numbers: append-only, the key exists",
}

_MOVES = """SELECT account_no, bucket, part, amount, transaction_seq, line FROM {lines}
        WHERE ledger = 1 AND account_no > 0 AND {fresh}
        UNION ALL SELECT counter_account_no, counter_bucket, part, -amount, transaction_seq, line FROM {lines}
        WHERE ledger = 1 AND counter_account_no > 0 AND {fresh}"""
_SUMS = """SELECT account_no, counter_account_no, ledger, bucket, counter_bucket, part, SUM(amount) AS amount
        FROM {lines} WHERE {fresh}
        GROUP BY account_no, counter_account_no, ledger, bucket, counter_bucket, part"""


def sides(sums: str) -> str:
    """What the accounts of lines gain, in text. ``sums``: the lines, summed by both places."""
    return f"""SELECT n.account_id, {named("m.ledger", LEDGERS)} AS ledger, {named("m.bucket", BUCKETS)} AS bucket,
      m.part, SUM(m.amount) AS amount FROM (
        SELECT CASE s.side WHEN 1 THEN g.account_no ELSE g.counter_account_no END AS account_no, g.ledger,
          CASE s.side WHEN 1 THEN g.bucket ELSE g.counter_bucket END AS bucket, g.part, s.side * g.amount AS amount
        FROM ({sums}) AS g CROSS JOIN (SELECT 1 AS side UNION ALL SELECT -1) AS s) AS m
      JOIN account_numbers AS n ON n.account_no = m.account_no
      GROUP BY n.account_id, m.ledger, m.bucket, m.part"""


_SIDES = sides(_SUMS)
"""What lines move, summed first by both places and then by each: a batch has thousands of lines and few places."""

_OF_BATCH = {"lines": "posting_lines", "fresh": "transaction_seq >= OLD.first_seq"}

SUMS_OF_BATCH = f"""SELECT RAISE(ABORT, '{SAID["lines"]}')
    WHERE EXISTS (SELECT 1 FROM transactions AS t WHERE t.seq >= OLD.first_seq
      AND (t.line_count, t.line_count * (t.line_count + 1) / 2) <>
        (SELECT COUNT(*), SUM(line) FROM posting_lines WHERE transaction_seq = t.seq));
    SELECT RAISE(ABORT, '{SAID["below"]}')
    WHERE EXISTS (SELECT 1 FROM (
        SELECT account_no, bucket, part, MIN(moved) AS lowest FROM (
          SELECT account_no, bucket, part, SUM(amount) OVER (PARTITION BY account_no, bucket, part
            ORDER BY transaction_seq, line ROWS UNBOUNDED PRECEDING) AS moved FROM ({_MOVES.format(**_OF_BATCH)}))
        GROUP BY account_no, bucket, part) AS steps
      WHERE steps.lowest < 0 AND steps.lowest + COALESCE((SELECT b.amount FROM balances AS b
        WHERE b.account_id = (SELECT n.account_id FROM account_numbers AS n WHERE n.account_no = steps.account_no)
        AND b.ledger = 'claim' AND b.bucket = {named("steps.bucket", BUCKETS)} AND b.part = steps.part), 0) < 0);
    INSERT INTO balances (account_id, ledger, bucket, part, amount)
    SELECT * FROM ({_SIDES.format(**_OF_BATCH)}) WHERE true
    ON CONFLICT (account_id, ledger, bucket, part) DO UPDATE SET amount = amount + excluded.amount;"""
"""SQLite: what the close of a batch holds and sums, without pendings."""

_SQLITE = (
    f"""CREATE TRIGGER transactions_may_enter BEFORE INSERT ON transactions BEGIN
    SELECT CASE
      WHEN NOT EXISTS (SELECT 1 FROM ledger_batch) THEN RAISE(ABORT, '{SAID["batch"]}')
      WHEN {GAP} THEN RAISE(ABORT, '{SAID["gap"]}')
      WHEN {CLOSED} THEN RAISE(ABORT, '{SAID["closed"]}')
      WHEN EXISTS (SELECT 1 FROM transactions WHERE transaction_id = NEW.transaction_id)
        OR (NEW.kind = 'SETTLE' AND EXISTS
          (SELECT 1 FROM transactions WHERE number = NEW.number AND lot_no = NEW.lot_no AND kind = 'SETTLE'))
        THEN RAISE(ABORT, '{SAID["once"]}')
      WHEN {NO_RUN} THEN RAISE(ABORT, '{SAID["run"]}')
      WHEN {_WRONG_ORIGINAL} OR (NEW.resolves IS NOT NULL AND EXISTS
        (SELECT 1 FROM transactions WHERE resolves = NEW.resolves AND (kind = NEW.kind
            OR (kind IN ('REVERSE','RESTATE') AND NEW.kind IN ('REVERSE','RESTATE')))))
        THEN RAISE(ABORT, '{SAID["original"]}')
    END;
    END""",
    f"""CREATE TRIGGER posting_lines_in_batch BEFORE INSERT ON posting_lines
    WHEN NEW.transaction_seq < COALESCE((SELECT first_seq FROM ledger_batch), 9223372036854775807) BEGIN
    SELECT RAISE(ABORT, '{SAID["lines"]}');
    END""",
    """CREATE TRIGGER ledger_batch_begins BEFORE INSERT ON ledger_batch
    WHEN NEW.first_seq <> (SELECT COALESCE(MAX(seq), 0) + 1 FROM transactions)
    OR NEW.open_batch IS NOT 1 OR EXISTS (SELECT 1 FROM ledger_batch) BEGIN
    SELECT RAISE(ABORT, 'ledger_batch: one at a time, from the next number on');
    END""",
    """CREATE TRIGGER ledger_batch_no_update BEFORE UPDATE ON ledger_batch BEGIN
    SELECT RAISE(ABORT, 'ledger_batch: it is begun and closed');
    END""",
    f"""CREATE TRIGGER ledger_batch_closes BEFORE DELETE ON ledger_batch BEGIN
    {SUMS_OF_BATCH}
    INSERT INTO pendings (estimate_id, reserved_g, remaining_g)
    SELECT t.transaction_id, SUM(l.amount), NULL
    FROM transactions AS t JOIN posting_lines AS l ON l.transaction_seq = t.seq
    WHERE t.seq >= OLD.first_seq AND t.kind = 'ESTIMATE' AND l.bucket = 1 GROUP BY t.seq;
    UPDATE pendings SET remaining_g = COALESCE(remaining_g, reserved_g) + moved.amount
    FROM (SELECT t.resolves, SUM(l.amount) AS amount
      FROM transactions AS t JOIN posting_lines AS l ON l.transaction_seq = t.seq
      WHERE t.seq >= OLD.first_seq AND t.kind IN ('POST','VOID') AND l.bucket = 1 GROUP BY t.resolves) AS moved
    WHERE estimate_id = moved.resolves;
    END""",
    """CREATE TRIGGER accounts_are_numbered AFTER INSERT ON accounts BEGIN
    INSERT INTO account_numbers (account_no, account_id) SELECT
      CASE WHEN substr(NEW.account_id, 1, 9) = 'issuance.' THEN MIN(0, COALESCE(MIN(account_no), 0)) - 1
      ELSE MAX(0, COALESCE(MAX(account_no), 0)) + 1 END, NEW.account_id FROM account_numbers;
    END""",
    f"""CREATE TRIGGER account_numbers_no_replace BEFORE INSERT ON account_numbers
    WHEN EXISTS (SELECT 1 FROM account_numbers WHERE account_no = NEW.account_no OR account_id = NEW.account_id) BEGIN
    SELECT RAISE(ABORT, '{SAID["number"]}');
    END""",
)


def _raised(when: str, said: str) -> str:
    return f"""IF {when} THEN
        RAISE EXCEPTION '{SAID[said]}' USING ERRCODE = 'check_violation';
      END IF;"""


_FRESH = {"lines": "fresh", "fresh": "true"}
_NO_LAST_LINE = "NOT EXISTS (SELECT 1 FROM posting_lines WHERE transaction_seq = NEW.seq AND line = NEW.line_count)"
_OUT_OF_PLACE = """NEW.line > COALESCE((SELECT line_count FROM transactions WHERE seq = NEW.transaction_seq), 0)
      OR (NEW.line > 1 AND NOT EXISTS
          (SELECT 1 FROM posting_lines WHERE transaction_seq = NEW.transaction_seq AND line = NEW.line - 1))"""

_POSTGRESQL = (
    f"""CREATE OR REPLACE FUNCTION transaction_may_enter() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      {_raised(GAP, "gap")}
      {_raised(CLOSED, "closed")}
      {_raised(NO_RUN, "run")}
      {_raised(_WRONG_ORIGINAL, "original")}
      RETURN NEW;
    END $$""",
    f"""CREATE FUNCTION transaction_is_complete() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      {_raised(_NO_LAST_LINE, "lines")}
      RETURN NULL;
    END $$""",
    """CREATE CONSTRAINT TRIGGER transactions_are_complete AFTER INSERT ON transactions
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION transaction_is_complete()""",
    f"""CREATE FUNCTION posting_line_in_place() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      {_raised(_OUT_OF_PLACE, "lines")}
      RETURN NEW;
    END $$""",
    """CREATE TRIGGER posting_lines_in_place BEFORE INSERT ON posting_lines
    FOR EACH ROW EXECUTE FUNCTION posting_line_in_place()""",
    f"""CREATE FUNCTION posting_lines_move_balances() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      INSERT INTO balances AS b (account_id, ledger, bucket, part, amount)
      SELECT * FROM ({_SIDES.format(**_FRESH)}) AS moved ORDER BY 1, 2, 3, 4
      ON CONFLICT (account_id, ledger, bucket, part) DO UPDATE SET amount = b.amount + excluded.amount;
      IF EXISTS (
        SELECT 1 FROM (
          SELECT account_no, bucket, part, sum(amount) OVER running - sum(amount) OVER whole AS behind
          FROM ({_MOVES.format(**_FRESH)}) AS moves
          WINDOW whole AS (PARTITION BY account_no, bucket, part),
                 running AS (PARTITION BY account_no, bucket, part ORDER BY transaction_seq, line)) AS steps
        JOIN account_numbers AS n ON n.account_no = steps.account_no
        JOIN balances AS b ON b.account_id = n.account_id AND b.ledger = 'claim'
          AND b.bucket = {named("steps.bucket", BUCKETS)} AND b.part = steps.part
        WHERE b.amount + steps.behind < 0) THEN
        RAISE EXCEPTION '{SAID["below"]}' USING ERRCODE = 'check_violation';
      END IF;
      RETURN NULL;
    END $$""",
    """CREATE TRIGGER posting_lines_move_balances AFTER INSERT ON posting_lines REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION posting_lines_move_balances()""",
    """CREATE FUNCTION posting_line_resolves_pending() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      INSERT INTO pendings AS p (estimate_id, reserved_g, remaining_g)
      SELECT transaction_id, NEW.amount, NULL FROM transactions WHERE seq = NEW.transaction_seq AND kind = 'ESTIMATE'
      ON CONFLICT (estimate_id) DO UPDATE SET reserved_g = p.reserved_g + excluded.reserved_g;
      UPDATE pendings SET remaining_g = COALESCE(remaining_g, reserved_g) + NEW.amount
      WHERE estimate_id = (SELECT resolves FROM transactions
                           WHERE seq = NEW.transaction_seq AND kind IN ('POST','VOID'));
      RETURN NULL;
    END $$""",
    """CREATE TRIGGER posting_lines_resolve_pendings AFTER INSERT ON posting_lines
    FOR EACH ROW WHEN (NEW.bucket = 1) EXECUTE FUNCTION posting_line_resolves_pending()""",
    """CREATE FUNCTION account_is_numbered() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      INSERT INTO account_numbers (account_no, account_id) SELECT
        CASE WHEN substr(NEW.account_id, 1, 9) = 'issuance.' THEN LEAST(0, COALESCE(MIN(account_no), 0)) - 1
        ELSE GREATEST(0, COALESCE(MAX(account_no), 0)) + 1 END, NEW.account_id FROM account_numbers;
      RETURN NULL;
    END $$""",
    """CREATE TRIGGER accounts_are_numbered AFTER INSERT ON accounts
    FOR EACH ROW EXECUTE FUNCTION account_is_numbered()""",
)

APPEND_ONLY_TABLES = ("account_numbers", "posting_lines")
"""Tables of revision 0016 that refuse UPDATE and DELETE. ``posting_lines`` takes the place of ``postings``."""


def statements(dialect: str) -> Iterator[str]:
    """The rules in a dialect (``sqlite`` or ``postgresql``). Raises ValueError for another one."""
    if dialect not in ("sqlite", "postgresql"):
        raise ValueError(f"no rules for {dialect}")
    yield from _SQLITE if dialect == "sqlite" else _POSTGRESQL
