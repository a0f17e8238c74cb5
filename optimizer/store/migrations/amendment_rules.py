"""Rules of amended waybills since revision 0009, for SQLite and PostgreSQL. Used by migrations only.

    version     a waybill's next version comes while an amendment is open, and the event that issues it after it
    fixed       parties, shipment, cargo and ends stay; the consignee stays once a lot is delivered
    loaded      a lot's mass stays once it is under way; a leg's vessel, voyage and origin once it is loaded
    discharged  a leg ends where it was discharged, or where it ended before

The same rules, and the reasons in words, stand in ``waybills.amendment``.
"""

from __future__ import annotations

from collections.abc import Iterator

_STANDS = "{e}.classifier = 'ACT' AND NOT EXISTS (SELECT 1 FROM events AS w WHERE w.withdraws = {e}.event_id)"
_OPENED = f"""(SELECT COUNT(*) FROM events AS a WHERE a.number = NEW.number AND a.event_type = 'AMND'
      AND {_STANDS.format(e="a")})"""
_ISSUED = """(SELECT COUNT(*) FROM events AS i WHERE i.number = NEW.number AND i.event_type = 'ISSU'
      AND i.classifier = 'ACT')"""

_BEFORE = "o.number = NEW.number AND o.version = NEW.version - 1"


def _reported(kinds: str, where: str) -> str:
    return f"""EXISTS (SELECT 1 FROM events AS e WHERE e.number = NEW.number AND e.event_type IN ({kinds})
      AND {where} AND {_STANDS.format(e="e")})"""


_MOVED = "'LOAD','DEPA','ARRI','DISC'"
_OF_LOT = "e.lot_no = NEW.lot_no"
_OF_LEG = "e.lot_no = NEW.lot_no AND e.leg_seq = NEW.seq"

_RULES = (
    (
        "waybills",
        "waybills_amended_in_order",
        f"NEW.version > 1 AND ({_OPENED} <> NEW.version - 1 OR {_ISSUED} <> NEW.version - 2)",
        "waybills: a version needs an open amendment",
    ),
    (
        "waybills",
        "waybills_keep_their_shipment",
        f"""NEW.version > 1 AND NOT EXISTS (SELECT 1 FROM waybills AS o WHERE {_BEFORE}
      AND o.plan_id = NEW.plan_id AND o.shipment_id = NEW.shipment_id AND o.operator_id = NEW.operator_id
      AND o.consignor_id = NEW.consignor_id AND o.cargo_code = NEW.cargo_code
      AND o.place_of_receipt = NEW.place_of_receipt AND o.place_of_delivery = NEW.place_of_delivery
      AND (o.consignee_id = NEW.consignee_id OR NOT {_reported("'DLV'", "1 = 1")}))""",
        "waybills: an amendment may not change this",
    ),
    (
        "waybill_lots",
        "waybill_lots_keep_what_is_loaded",
        f"""NEW.version > 1 AND NOT EXISTS (SELECT 1 FROM waybill_lots AS o WHERE {_BEFORE} AND o.lot_no = NEW.lot_no
      AND (o.declared_mass_kg = NEW.declared_mass_kg OR NOT {_reported(_MOVED, _OF_LOT)}))""",
        "waybill_lots: the lot is loaded",
    ),
    (
        "waybill_legs",
        "waybill_legs_keep_what_is_sailed",
        f"""NEW.version > 1 AND NOT EXISTS (SELECT 1 FROM waybill_legs AS o WHERE {_BEFORE} AND o.lot_no = NEW.lot_no
      AND o.seq = NEW.seq AND o.mode = NEW.mode
      AND ((o.vessel_id = NEW.vessel_id AND o.voyage_id = NEW.voyage_id AND o.origin = NEW.origin)
        OR NOT {_reported(_MOVED, _OF_LEG)})
      AND ((o.destination = NEW.destination AND o.distance_km = NEW.distance_km)
        OR NOT {_reported("'DISC'", _OF_LEG + " AND e.location_id <> NEW.destination")}))""",
        "waybill_legs: the leg is loaded or discharged",
    ),
    (
        "events",
        "events_issue_a_version",
        f"""NEW.classifier = 'ACT' AND NEW.event_type = 'ISSU' AND ({_OPENED} <> {_ISSUED} + 1 OR NOT EXISTS
      (SELECT 1 FROM waybills AS o WHERE o.number = NEW.number AND o.version = {_ISSUED} + 2))""",
        "events: ISSU follows its version",
    ),
    (
        "events",
        "events_open_one_amendment",
        f"NEW.classifier = 'ACT' AND NEW.event_type = 'AMND' AND {_OPENED} <> {_ISSUED}",
        "events: an amendment is open",
    ),
    (
        "events",
        "events_keep_versions",
        f"""NEW.withdraws IS NOT NULL AND EXISTS (SELECT 1 FROM events AS t WHERE t.event_id = NEW.withdraws
      AND (t.event_type = 'ISSU' OR (t.event_type = 'AMND' AND {_OPENED} = {_ISSUED})))""",
        "events: a version that was issued cannot be withdrawn",
    ),
)
"""Table, trigger, when it refuses, and what it says."""


def statements(dialect: str) -> Iterator[str]:
    """The rules in a dialect (``sqlite`` or ``postgresql``). Raises ValueError for another one."""
    if dialect not in ("sqlite", "postgresql"):
        raise ValueError(f"no rules for {dialect}")
    for table, trigger, wrong, said in _RULES:
        if dialect == "sqlite":
            refuse = f"BEGIN SELECT RAISE(ABORT, '{said}'); END"
            yield f"CREATE TRIGGER {trigger} BEFORE INSERT ON {table} WHEN {wrong} {refuse}"
            continue
        yield f"""CREATE FUNCTION {trigger}() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF {wrong} THEN
        RAISE EXCEPTION '{said}' USING ERRCODE = 'check_violation';
      END IF;
      RETURN NEW;
    END $$"""
        # Rules on one table run in the order of their names; the check of versions in a row comes before these.
        yield f"CREATE TRIGGER zz_{trigger} BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION {trigger}()"
