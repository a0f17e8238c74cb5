"""Rules of the ledger since revision 0004, for SQLite and PostgreSQL. Used by migrations only.

A posting moves an amount from one place to another in one row, so it cannot fail to balance. What is left to hold:

    complete      as many postings as the transaction announced, no gap, none added later
    gapless       the sequence of transactions
    period        nothing enters a closed period; period N closes after N-1
    balances      kept by every posting; claims of a party never fall below zero (invariant 6)
    pendings      an estimate that is touched is resolved in full at COMMIT (invariant 4)
    corrections   name an original of the same lot, each original corrected once
    events        a fact is reported once, in order, and cargo does not grow (until it is withdrawn)
"""

from __future__ import annotations

from collections.abc import Iterator

_EVENT_PLACE = "CASE {e}.event_type WHEN 'DLV' THEN 1000000000 ELSE 4 * {e}.leg_seq + CASE {e}.event_type \
WHEN 'LOAD' THEN 0 WHEN 'DEPA' THEN 1 WHEN 'ARRI' THEN 2 ELSE 3 END END"

_MOVING = "('LOAD','DEPA','ARRI','DISC','DLV')"

_CONTRADICTED = f"""EXISTS (
      SELECT 1 FROM events AS e WHERE e.number = NEW.number AND e.lot_no = NEW.lot_no AND e.classifier = 'ACT'
      AND e.event_type IN {_MOVING} AND NOT EXISTS (SELECT 1 FROM events AS w WHERE w.withdraws = e.event_id)
      AND ({_EVENT_PLACE.format(e="e")} = {_EVENT_PLACE.format(e="NEW")}
        OR ({_EVENT_PLACE.format(e="e")} < {_EVENT_PLACE.format(e="NEW")}
            AND (e.event_time > NEW.event_time OR 1000 * NEW.mass_kg > 1005 * e.mass_kg))
        OR ({_EVENT_PLACE.format(e="e")} > {_EVENT_PLACE.format(e="NEW")}
            AND (e.event_time < NEW.event_time OR 1000 * e.mass_kg > 1005 * NEW.mass_kg))))"""

_WRONG_ORIGINAL = """NOT EXISTS (SELECT 1 FROM transactions AS o WHERE o.transaction_id = NEW.resolves
      AND o.number = NEW.number AND o.lot_no = NEW.lot_no
      AND (CASE WHEN NEW.kind IN ('POST','VOID') THEN o.kind = 'ESTIMATE'
           ELSE o.kind IN ('SETTLE','RESTATE','REVERSE') END))"""

_SQLITE_RULES = (
    """CREATE TRIGGER transactions_gapless BEFORE INSERT ON transactions
    WHEN NEW.seq <> (SELECT COALESCE(MAX(seq), 0) + 1 FROM transactions) BEGIN
    SELECT RAISE(ABORT, 'transactions: the sequence has no gaps');
    END""",
    """CREATE TRIGGER transactions_open_period BEFORE INSERT ON transactions
    WHEN NEW.period <= (SELECT MAX(period) FROM periods) BEGIN
    SELECT RAISE(ABORT, 'transactions: the period is closed');
    END""",
    """CREATE TRIGGER transactions_once BEFORE INSERT ON transactions
    WHEN EXISTS (SELECT 1 FROM transactions WHERE transaction_id = NEW.transaction_id)
    OR (NEW.kind = 'SETTLE' AND EXISTS
        (SELECT 1 FROM transactions WHERE number = NEW.number AND lot_no = NEW.lot_no AND kind = 'SETTLE')) BEGIN
    SELECT RAISE(ABORT, 'transactions: append-only, the key exists');
    END""",
    f"""CREATE TRIGGER transactions_name_their_original BEFORE INSERT ON transactions
    WHEN NEW.resolves IS NOT NULL AND ({_WRONG_ORIGINAL} OR EXISTS
        (SELECT 1 FROM transactions WHERE resolves = NEW.resolves AND (kind = NEW.kind
            OR (kind IN ('REVERSE','RESTATE') AND NEW.kind IN ('REVERSE','RESTATE'))))) BEGIN
    SELECT RAISE(ABORT, 'transactions: a correction names an uncorrected original of the same lot');
    END""",
    """CREATE TRIGGER postings_in_line BEFORE INSERT ON postings
    WHEN NEW.line < 1 OR NEW.line > COALESCE(
        (SELECT line_count FROM transactions WHERE seq = NEW.transaction_seq), 0)
    OR (NEW.line > 1 AND NOT EXISTS
        (SELECT 1 FROM postings WHERE transaction_seq = NEW.transaction_seq AND line = NEW.line - 1))
    OR EXISTS (SELECT 1 FROM postings WHERE transaction_seq = NEW.transaction_seq AND line = NEW.line) BEGIN
    SELECT RAISE(ABORT, 'postings: append-only, lines stand in order and as many as announced');
    END""",
    """CREATE TRIGGER postings_move_balances AFTER INSERT ON postings BEGIN
    INSERT INTO balances (account_id, ledger, bucket, part, amount)
    VALUES (NEW.account_id, NEW.ledger, NEW.bucket, NEW.part, NEW.amount)
    ON CONFLICT (account_id, ledger, bucket, part) DO UPDATE SET amount = amount + excluded.amount;
    INSERT INTO balances (account_id, ledger, bucket, part, amount)
    VALUES (NEW.counter_account_id, NEW.ledger, NEW.counter_bucket, NEW.part, -NEW.amount)
    ON CONFLICT (account_id, ledger, bucket, part) DO UPDATE SET amount = amount + excluded.amount;
    END""",
    """CREATE TRIGGER balances_start_above_zero AFTER INSERT ON balances
    WHEN NEW.amount < 0 AND NEW.ledger = 'claim' AND NEW.account_id NOT LIKE 'issuance.%' BEGIN
    SELECT RAISE(ABORT, 'balances: a claim never falls below zero');
    END""",
    """CREATE TRIGGER balances_stay_above_zero AFTER UPDATE ON balances
    WHEN NEW.amount < 0 AND NEW.ledger = 'claim' AND NEW.account_id NOT LIKE 'issuance.%' BEGIN
    SELECT RAISE(ABORT, 'balances: a claim never falls below zero');
    END""",
    """CREATE TRIGGER postings_resolve_pendings AFTER INSERT ON postings WHEN NEW.bucket = 'reserved' BEGIN
    INSERT INTO pendings (estimate_id, reserved_g, remaining_g)
    SELECT transaction_id, NEW.amount, NULL FROM transactions WHERE seq = NEW.transaction_seq AND kind = 'ESTIMATE'
    ON CONFLICT (estimate_id) DO UPDATE SET reserved_g = reserved_g + excluded.reserved_g;
    UPDATE pendings SET remaining_g = COALESCE(remaining_g, reserved_g) + NEW.amount
    WHERE estimate_id = (SELECT resolves FROM transactions WHERE seq = NEW.transaction_seq AND kind IN ('POST','VOID'));
    END""",
    """CREATE TRIGGER periods_in_order BEFORE INSERT ON periods
    WHEN NEW.period <> (SELECT strftime('%Y-%m', MAX(period) || '-01', '+1 month') FROM periods) BEGIN
    SELECT RAISE(ABORT, 'periods: an earlier period closes first');
    END""",
    f"""CREATE TRIGGER events_contradict_nothing BEFORE INSERT ON events
    WHEN NEW.classifier = 'ACT' AND NEW.event_type IN {_MOVING} AND {_CONTRADICTED} BEGIN
    SELECT RAISE(ABORT, 'events: reported already, out of order, or the cargo grew');
    END""",
    """CREATE TRIGGER waybills_versions_in_order BEFORE INSERT ON waybills
    WHEN NEW.version <> (SELECT COALESCE(MAX(version), 0) + 1 FROM waybills WHERE number = NEW.number) BEGIN
    SELECT RAISE(ABORT, 'waybills: versions follow one another');
    END""",
)

_POSTGRESQL_RULES = (
    f"""CREATE OR REPLACE FUNCTION transaction_may_enter() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF NEW.seq <> (SELECT COALESCE(MAX(seq), 0) + 1 FROM transactions) THEN
        RAISE EXCEPTION 'transactions: the sequence has no gaps' USING ERRCODE = 'check_violation';
      END IF;
      IF NEW.period <= (SELECT MAX(period) FROM periods) THEN
        RAISE EXCEPTION 'transactions: the period is closed' USING ERRCODE = 'check_violation';
      END IF;
      IF NEW.resolves IS NOT NULL AND {_WRONG_ORIGINAL} THEN
        RAISE EXCEPTION 'transactions: a correction names an uncorrected original of the same lot'
        USING ERRCODE = 'check_violation';
      END IF;
      RETURN NEW;
    END $$""",
    """CREATE TRIGGER transactions_may_enter BEFORE INSERT ON transactions
    FOR EACH ROW EXECUTE FUNCTION transaction_may_enter()""",
    """CREATE FUNCTION posting_in_line() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF NEW.line < 1 OR NEW.line > COALESCE((SELECT line_count FROM transactions WHERE seq = NEW.transaction_seq), 0)
      OR (NEW.line > 1 AND NOT EXISTS
          (SELECT 1 FROM postings WHERE transaction_seq = NEW.transaction_seq AND line = NEW.line - 1)) THEN
        RAISE EXCEPTION 'postings: append-only, lines stand in order and as many as announced'
        USING ERRCODE = 'check_violation';
      END IF;
      RETURN NEW;
    END $$""",
    """CREATE TRIGGER postings_in_line BEFORE INSERT ON postings
    FOR EACH ROW EXECUTE FUNCTION posting_in_line()""",
    """CREATE FUNCTION postings_move_balances() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      INSERT INTO balances AS b (account_id, ledger, bucket, part, amount)
      SELECT account_id, ledger, bucket, part, sum(amount) FROM (
        SELECT account_id, ledger, bucket, part, amount FROM fresh UNION ALL
        SELECT counter_account_id, ledger, counter_bucket, part, -amount FROM fresh) AS moves
      GROUP BY account_id, ledger, bucket, part ORDER BY account_id, ledger, bucket, part
      ON CONFLICT (account_id, ledger, bucket, part) DO UPDATE SET amount = b.amount + excluded.amount;
      IF EXISTS (
        SELECT 1 FROM (
          SELECT account_id, bucket, part, sum(amount) OVER running - sum(amount) OVER whole AS behind FROM (
            SELECT account_id, bucket, part, amount, transaction_seq, line FROM fresh WHERE ledger = 'claim' UNION ALL
            SELECT counter_account_id, counter_bucket, part, -amount, transaction_seq, line FROM fresh
            WHERE ledger = 'claim') AS moves WHERE account_id NOT LIKE 'issuance.%'
          WINDOW whole AS (PARTITION BY account_id, bucket, part),
                 running AS (PARTITION BY account_id, bucket, part ORDER BY transaction_seq, line)) AS steps
        JOIN balances AS b ON b.account_id = steps.account_id AND b.ledger = 'claim' AND b.bucket = steps.bucket
          AND b.part = steps.part
        WHERE b.amount + steps.behind < 0) THEN
        RAISE EXCEPTION 'balances: a claim never falls below zero' USING ERRCODE = 'check_violation';
      END IF;
      RETURN NULL;
    END $$""",
    """CREATE TRIGGER postings_move_balances AFTER INSERT ON postings REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION postings_move_balances()""",
    """CREATE FUNCTION posting_resolves_pending() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      INSERT INTO pendings AS p (estimate_id, reserved_g, remaining_g)
      SELECT transaction_id, NEW.amount, NULL FROM transactions WHERE seq = NEW.transaction_seq AND kind = 'ESTIMATE'
      ON CONFLICT (estimate_id) DO UPDATE SET reserved_g = p.reserved_g + excluded.reserved_g;
      UPDATE pendings SET remaining_g = COALESCE(remaining_g, reserved_g) + NEW.amount
      WHERE estimate_id = (SELECT resolves FROM transactions
                           WHERE seq = NEW.transaction_seq AND kind IN ('POST','VOID'));
      RETURN NULL;
    END $$""",
    """CREATE TRIGGER postings_resolve_pendings AFTER INSERT ON postings
    FOR EACH ROW WHEN (NEW.bucket = 'reserved') EXECUTE FUNCTION posting_resolves_pending()""",
    """CREATE OR REPLACE FUNCTION period_may_close() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF NEW.period <> (SELECT to_char((MAX(period) || '-01')::date + interval '1 month', 'YYYY-MM') FROM periods) THEN
        RAISE EXCEPTION 'periods: an earlier period closes first' USING ERRCODE = 'check_violation';
      END IF;
      RETURN NEW;
    END $$""",
    f"""CREATE FUNCTION event_may_enter() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF NEW.classifier = 'ACT' AND NEW.event_type IN {_MOVING} AND {_CONTRADICTED} THEN
        RAISE EXCEPTION 'events: reported already, out of order, or the cargo grew' USING ERRCODE = 'check_violation';
      END IF;
      RETURN NEW;
    END $$""",
    """CREATE TRIGGER events_contradict_nothing BEFORE INSERT ON events
    FOR EACH ROW EXECUTE FUNCTION event_may_enter()""",
    """CREATE FUNCTION waybill_version_follows() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF NEW.version <> (SELECT COALESCE(MAX(version), 0) + 1 FROM waybills WHERE number = NEW.number) THEN
        RAISE EXCEPTION 'waybills: versions follow one another' USING ERRCODE = 'check_violation';
      END IF;
      RETURN NEW;
    END $$""",
    """CREATE TRIGGER waybills_versions_in_order BEFORE INSERT ON waybills
    FOR EACH ROW EXECUTE FUNCTION waybill_version_follows()""",
)

APPEND_ONLY_TABLES = (
    "parties",
    "plans",
    "waybills",
    "waybill_lots",
    "waybill_legs",
    "events",
    "evidence",
    "evidence_files",
    "calculation_runs",
    "accounts",
    "transactions",
    "postings",
    "periods",
    "zero",
)
"""Tables that refuse UPDATE and DELETE."""


def statements(dialect: str) -> Iterator[str]:
    """The rules of the ledger in a dialect (``sqlite`` or ``postgresql``). Raises ValueError for another one."""
    if dialect == "sqlite":
        yield from _SQLITE_RULES
    elif dialect == "postgresql":
        yield from _POSTGRESQL_RULES
    else:
        raise ValueError(f"no rules for {dialect}")


def append_only(dialect: str, table: str) -> Iterator[str]:
    """The triggers that refuse UPDATE and DELETE (on PostgreSQL TRUNCATE too) of a table."""
    if dialect == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            yield (
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} BEGIN "
                f"SELECT RAISE(ABORT, '{table}: append-only'); END"
            )
        return
    yield (
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION append_only()"
    )
    yield (
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION append_only()"
    )


def no_replace(table: str, column: str) -> str:
    """SQLite: ``INSERT OR REPLACE`` deletes without firing a delete trigger, so an existing key is refused before."""
    return (
        f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} "
        f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {column} = NEW.{column}) BEGIN "
        f"SELECT RAISE(ABORT, '{table}: append-only, the key exists'); END"
    )
