"""Why a shipment of an accepted plan does not stay as it was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from optimizer.errors import Message

CODES: Mapping[str, Message] = {
    "missing": Message("新货单文件中没有此票", "the new file does not have it"),
    "not_issued": Message("运单尚未签发", "its waybill was not issued"),
    "left_out": Message("原计划未安排", "the accepted plan had left it out"),
    "after_horizon": Message("在新的计划期之后才可提货", "it becomes ready after the new horizon"),
    "mass_changed": Message("质量已改", "its mass changed"),
    "doors_changed": Message("起点或终点已改", "its origin or destination changed"),
    "ready_later": Message("可提货时间晚于原计划出发", "it is ready later than the accepted plan sets out"),
    "not_whole": Message("现在不可拆分，而原计划分批运送", "it must stay whole now and had been split"),
    "way_changed": Message("路网不再有原来的运输链，或里程、用时已变", "its chain is no more, or takes other hours"),
    "voyage_gone": Message("航次已不在", "its voyage is not there any more"),
    "closed": Message("航次遇停航", "its voyage meets a closure"),
    "terminal_closed": Message("作业时码头停用", "a terminal is closed at the time of its work"),
    "shallow": Message("水深不足，船装不下原来的货", "the water is too low for what the vessel was to carry"),
    "below_least": Message("航次余下的货低于承运人的最低载量", "what is left aboard is below the carrier's least load"),
    "vessel_gone": Message("船队中已没有这艘船", "the fleet has its vessel no more"),
    "vessel_late": Message("船舶已不能按时到位或返回", "its vessel can no longer be there in time, or get home"),
    "lock_full": Message("当日过闸名额不足", "a lock has too few passages that day"),
    "terminal_full": Message("当日码头装卸能力不足", "a terminal cannot handle as much that day"),
}  # fmt: skip
"""Every reason code with its sentence."""


NOTHING_MORE = Message("", "")


@dataclass(frozen=True, slots=True)
class Why:
    """A code of :data:`CODES` and what it was in this case: ``detail`` in both languages, may be empty."""

    code: str
    detail: Message = NOTHING_MORE

    @property
    def message(self) -> Message:
        """One sentence."""
        said = CODES[self.code]
        zh = f"{said.zh}（{self.detail.zh}）" if self.detail.zh else said.zh
        en = f"{said.en} ({self.detail.en})" if self.detail.en else said.en
        return Message(zh + "。", en[0].upper() + en[1:] + ".")


def named(text: str) -> Message:
    """The same words in both languages: an id, an amount."""
    return Message(text, text)
