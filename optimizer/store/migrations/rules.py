"""DDL of the rules that tables alone cannot express, for SQLite and PostgreSQL. Used by migrations only.

Append-only: UPDATE and DELETE are refused. On SQLite an INSERT that would replace a row is refused too, because
``INSERT OR REPLACE`` deletes without firing a delete trigger.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

APPEND_ONLY: Mapping[str, Sequence[Sequence[str]]] = {
    "parties": [["party_id"], ["credit_code"]],
    "plans": [["plan_id"]],
    "waybills": [["number", "version"]],
    "waybill_lots": [["number", "version", "lot_no"]],
    "waybill_legs": [["number", "version", "lot_no", "seq"]],
    "events": [["seq"], ["event_id"], ["withdraws"]],
    "evidence": [["event_id", "sha256"]],
    "calculation_runs": [["run_id"]],
    "accounts": [["account_id"]],
    "transactions": [["seq"], ["transaction_id"]],
    "postings": [["transaction_seq", "line"]],
    "periods": [["period"]],
    "zero": [["value"]],
}
"""Table of revision 0001 -> its unique keys."""

ACCESS_APPEND_ONLY: Mapping[str, Sequence[Sequence[str]]] = {
    "account_grants": [["seq"]],
    "security_events": [["seq"]],
}
"""Tables of revision 0003: who may read what, and what happened at the door."""

PLANNING_APPEND_ONLY: Mapping[str, Sequence[Sequence[str]]] = {"shipments": [["shipment_id", "version"]]}
"""Tables of revision 0005: what was submitted, version by version."""

FACTOR_APPEND_ONLY: Mapping[str, Sequence[Sequence[str]]] = {"factor_records": [["kind", "proposal_id"]]}
"""The table of the revision that brought the release of factors."""

NETWORK_APPEND_ONLY: Mapping[str, Sequence[Sequence[str]]] = {"network_records": [["kind", "proposal_id"]]}
"""The table of the revision that brought the release of networks."""

FACTOR_ARCHIVE_APPEND_ONLY: Mapping[str, Sequence[Sequence[str]]] = {"factor_archive": [["factors_version"]]}
"""The table of the revision that keeps the factors of settlements."""

TREE_APPEND_ONLY: Mapping[str, Sequence[Sequence[str]]] = {
    "tree_keys": [["key_no"], ["verifier_key"]],
    "tree_leaves": [["leaf_index"], ["kind", "entry_id"]],
    "tree_nodes": [["level", "node_index"]],
    "tree_heads": [["tree_size"]],
}
"""The same of the revision that brought the Merkle tree."""

_SQLITE_LEDGER_RULES = (
    """CREATE TRIGGER transactions_announce_lines AFTER INSERT ON transactions BEGIN
    INSERT INTO transaction_sums (transaction_seq, ledger, total) VALUES (NEW.seq, 'lines', -NEW.line_count);
    END""",
    """CREATE TRIGGER postings_add_up AFTER INSERT ON postings BEGIN
    UPDATE transaction_sums SET total = total + 1 WHERE transaction_seq = NEW.transaction_seq AND ledger = 'lines';
    INSERT INTO transaction_sums (transaction_seq, ledger, total) VALUES (NEW.transaction_seq, NEW.ledger, NEW.amount)
    ON CONFLICT (transaction_seq, ledger) DO UPDATE SET total = total + excluded.total;
    END""",
    """CREATE TRIGGER transactions_gapless BEFORE INSERT ON transactions
    WHEN NEW.seq <> (SELECT COALESCE(MAX(seq), 0) + 1 FROM transactions) BEGIN
    SELECT RAISE(ABORT, 'transactions: the sequence has no gaps');
    END""",
    """CREATE TRIGGER transactions_open_period BEFORE INSERT ON transactions
    WHEN NEW.period <= (SELECT MAX(period) FROM periods) BEGIN
    SELECT RAISE(ABORT, 'transactions: the period is closed');
    END""",
    """CREATE TRIGGER periods_in_order BEFORE INSERT ON periods
    WHEN NEW.period <= (SELECT MAX(period) FROM periods) BEGIN
    SELECT RAISE(ABORT, 'periods: an earlier period closes first');
    END""",
)

_POSTGRESQL_LEDGER_RULES = (
    """CREATE FUNCTION transaction_must_balance() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE checked bigint; announced integer; present integer; wrong integer;
    BEGIN
      IF TG_TABLE_NAME = 'transactions' THEN checked := NEW.seq; ELSE checked := NEW.transaction_seq; END IF;
      SELECT line_count INTO announced FROM transactions WHERE seq = checked;
      SELECT count(*) INTO present FROM postings WHERE transaction_seq = checked;
      SELECT count(*) INTO wrong FROM (SELECT 1 FROM postings WHERE transaction_seq = checked
                                       GROUP BY ledger HAVING sum(amount) <> 0) AS sums;
      IF announced <> present OR wrong > 0 THEN
        RAISE EXCEPTION 'transaction % does not balance', checked USING ERRCODE = 'check_violation';
      END IF;
      RETURN NULL;
    END $$""",
    """CREATE CONSTRAINT TRIGGER transactions_balance AFTER INSERT ON transactions
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION transaction_must_balance()""",
    """CREATE CONSTRAINT TRIGGER postings_balance AFTER INSERT ON postings
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION transaction_must_balance()""",
    """CREATE FUNCTION transaction_may_enter() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF NEW.seq <> (SELECT COALESCE(MAX(seq), 0) + 1 FROM transactions) THEN
        RAISE EXCEPTION 'transactions: the sequence has no gaps' USING ERRCODE = 'check_violation';
      END IF;
      IF NEW.period <= (SELECT MAX(period) FROM periods) THEN
        RAISE EXCEPTION 'transactions: the period is closed' USING ERRCODE = 'check_violation';
      END IF;
      RETURN NEW;
    END $$""",
    """CREATE TRIGGER transactions_may_enter BEFORE INSERT ON transactions
    FOR EACH ROW EXECUTE FUNCTION transaction_may_enter()""",
    """CREATE FUNCTION period_may_close() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF NEW.period <= (SELECT MAX(period) FROM periods) THEN
        RAISE EXCEPTION 'periods: an earlier period closes first' USING ERRCODE = 'check_violation';
      END IF;
      RETURN NEW;
    END $$""",
    """CREATE TRIGGER periods_in_order BEFORE INSERT ON periods
    FOR EACH ROW EXECUTE FUNCTION period_may_close()""",
    """CREATE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      RAISE EXCEPTION '%: append-only', TG_TABLE_NAME USING ERRCODE = 'check_violation';
    END $$""",
)


def statements(dialect: str) -> Iterator[str]:
    """All DDL statements of a dialect (``sqlite`` or ``postgresql``), in order. Raises ValueError for another one."""
    if dialect == "sqlite":
        yield from _SQLITE_LEDGER_RULES
    elif dialect == "postgresql":
        yield from _POSTGRESQL_LEDGER_RULES
    yield from append_only(dialect, APPEND_ONLY)


def append_only(dialect: str, tables: Mapping[str, Sequence[Sequence[str]]]) -> Iterator[str]:
    """The triggers that make tables append-only; on PostgreSQL the function they call is of revision 0001. Raises
    ValueError for another dialect."""
    if dialect == "sqlite":
        for table, keys in tables.items():
            yield from _sqlite_append_only(table, keys)
    elif dialect == "postgresql":
        for table in tables:
            yield (
                f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION append_only()"
            )
            yield (
                f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION append_only()"
            )
    else:
        raise ValueError(f"no rules for {dialect}")


def _sqlite_append_only(table: str, keys: Sequence[Sequence[str]]) -> Iterator[str]:
    for verb in ("UPDATE", "DELETE"):
        yield (
            f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} BEGIN "
            f"SELECT RAISE(ABORT, '{table}: append-only'); END"
        )
    for number, columns in enumerate(keys, start=1):
        same = " AND ".join(f"{column} = NEW.{column}" for column in columns)
        yield (
            f"CREATE TRIGGER {table}_no_replace_{number} BEFORE INSERT ON {table} "
            f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {same}) BEGIN "
            f"SELECT RAISE(ABORT, '{table}: append-only, the key exists'); END"
        )
