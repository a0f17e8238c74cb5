"""Checks of amended waybills: every version followed by the rules from the one before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from optimizer.errors import Message
from optimizer.waybills.amendment import amendment_faults, before_issue
from optimizer.waybills.event import Event, EventType
from optimizer.waybills.finding import Finding
from optimizer.waybills.lifecycle import effective
from optimizer.waybills.waybill import Waybill


def amendments_follow_the_rules(
    versions: Sequence[Waybill], events: Mapping[str, Sequence[Event]]
) -> Iterator[Finding]:
    """``versions`` of amended waybills in order of number and version, ``events`` of each in order of arrival: nothing
    changed that was loaded, discharged or delivered by then, and each version has the event that issued it."""
    for old, new in pairwise(versions):
        if old.number != new.number:
            continue
        record = f"waybill {new.number} v{new.version}"
        own = events.get(new.number, ())
        if not any(item.event_type is EventType.ISSU and item.reason.startswith(f"v{new.version}:") for item in own):
            yield Finding(
                "version_never_issued",
                record,
                Message(f"{record} 没有签发事件（ISSU）。", f"{record} has no event that issued it (ISSU)."),
            )
        for fault in amendment_faults(old, new, effective(before_issue(own, new.version))):
            yield Finding(
                "amended_against_the_rules",
                record,
                Message(
                    f"{record}：{fault.column}：{fault.message.zh}", f"{record}: {fault.column}: {fault.message.en}"
                ),
            )
