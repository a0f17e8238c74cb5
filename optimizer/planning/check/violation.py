"""What a check found wrong: a code, a place in the plan, what should stand there and what does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from optimizer.errors import Lang, Message
from optimizer.quantities import iso

SENTENCES: Mapping[str, Message] = {
    "other_version": Message("计划由另一版数据得出", "the plan was made from another version of the data"),
    "setting": Message("设置缺失、多余或超出范围", "a setting is missing, unknown or out of range"),
    "shipment_missing": Message("货单不在计划中", "the shipment is not in the plan"),
    "shipment_unknown": Message("计划中的货单不在货单表内", "the plan has a shipment that the list has not"),
    "shipment_twice": Message("货单在计划中出现不止一次", "the shipment stands in the plan more than once"),
    "status_wrong": Message("状态与内容不符", "the status does not fit the content"),
    "lot_numbers": Message("分批编号应从 1 起连续", "lots are numbered 1, 2, 3 ..."),
    "lot_mass": Message("各批质量之和不等于货单质量", "the lots do not sum to the shipment's mass"),
    "split_forbidden": Message("不可拆分的货单被拆分", "a shipment that must stay whole was split"),
    "leg_order": Message("环节编号或先后有误", "legs are out of order"),
    "chain_broken": Message("各环节首尾不相接", "the chain does not connect"),
    "handling_missing": Message("换装缺少装卸作业", "a change of vehicle lacks an operation"),
    "chain_ends": Message("运输链未从起点到终点", "the chain does not run from origin to destination"),
    "leg_time": Message("环节到达早于出发，或早于上一环节结束", "a leg ends before it begins or begins too early"),
    "before_ready": Message("早于可提货时间出发", "the cargo leaves before it is ready"),
    "leg_kind": Message("环节的方式、角色与载具不相配", "mode, role and vehicle of the leg do not fit together"),
    "place_unknown": Message("地点不在网络中", "a place is not in the network"),
    "no_terminal": Message("该地没有处理此货类的码头", "no terminal there handles this cargo group"),
    "no_way": Message("网络中没有这条通路", "the network has no such way"),
    "leg_distance": Message("里程不符", "the distance is wrong"),
    "leg_duration": Message("用时不符", "the duration is wrong"),
    "service_time": Message("班次不按班期发出", "a service leaves off its timetable"),
    "activity": Message("周转量不等于质量乘里程", "the activity is not mass times distance"),
    "late": Message("迟到时间不符", "the lateness is wrong"),
    "voyage_twice": Message("航次编号重复", "two voyages have one id"),
    "voyage_id": Message("自有航次的编号不合式，或原计划另有所指", "the id of a voyage is malformed, or was another's"),
    "voyage_unknown": Message("环节所指航次不存在", "a leg names a voyage that does not exist"),
    "voyage_mismatch": Message("环节与其航次的船型、港口或时间不符", "leg and voyage differ in class, ports or times"),
    "vessel_class_unknown": Message("船型不在网络中", "the vessel class is not in the network"),
    "cargo_group": Message("一个航次只能载一类货物", "a voyage carries one cargo group"),
    "class_refuses": Message("船型不得载运此货类", "the vessel class may not carry this cargo group"),
    "port_too_small": Message("码头不能靠泊此船型", "the terminal cannot berth this class"),
    "slot": Message("航次占用的时间不是整时段", "a voyage does not take whole slots"),
    "voyage_times": Message("航次的靠泊、离港、到港、腾空时间不成序", "the voyage's times are out of order"),
    "berth_time": Message("靠泊作业时间不足", "the time at the berth is too short"),
    "voyage_load": Message("航次载量不等于各批之和", "the load is not the sum of the lots"),
    "over_capacity": Message("载量超过可载量", "the load exceeds the capacity"),
    "capacity": Message("按水深与船型，可载量（kg）没有这么多", "water depth and class allow less (kg) than is stated"),
    "empty_voyage": Message("空驶航次载了货，或载货航次没有货", "an empty voyage has cargo, or a loaded one has none"),
    "lock_passages": Message("船闸过闸记录不符", "the lock passages are wrong"),
    "closed": Message("通过时停航", "the way is closed at that time"),
    "offer_unknown": Message("计划所用的报价航次不在报价表内", "the sailing was not offered"),
    "offer_sailing": Message("航次与承运人报价的船型、港口或时间不符", "the sailing is not as the carrier offered it"),
    "offer_terms": Message("航次的报价条件不符", "the terms are not those of the offer"),
    "offer_cargo": Message("报价航次不装此货类", "the offer does not take this cargo group"),
    "offer_least": Message("载量低于报价的最低载量", "less is aboard than the offer asks for"),
    "offer_empty": Message("购入的航次没有货", "a sailing was bought for nothing"),
    "lock_capacity": Message("当日过闸艘次超限", "too many passages of the lock that day"),
    "terminal_capacity": Message("当日装卸量超限", "too many tonnes at the terminal that day"),
    "terminal_closed": Message("作业时码头停用", "the terminal is closed at that time"),
    "hull_changes": Message("同一艘船的船型或市场前后不一", "one hull changes its class or market"),
    "hull_number": Message("船号超出船队所有", "the hull's number is beyond what the fleet has"),
    "hull_overlap": Message("同一艘船同时执行两个航次", "one hull makes two voyages at once"),
    "hull_jumps": Message("船舶不在航次起点", "the hull is not where the voyage begins"),
    "hull_start": Message("该地没有这样的船可用", "the fleet has no such vessel there"),
    "hull_early": Message("船舶尚不可用", "the vessel is not available yet"),
    "fleet_size": Message("使用的船多于船队所有", "more hulls are used than the fleet has"),
    "hull_not_home": Message("船舶最终没有回到船队所在地", "hulls do not end where the fleet is at home"),
    "leg_cost": Message("环节费用不符", "the leg's cost is wrong"),
    "voyage_fuel": Message("航次燃料不符", "the voyage's fuel is wrong"),
    "voyage_cost": Message("航次费用不符", "the voyage's cost is wrong"),
    "voyage_shares": Message("航次费用或排放未按吨分摊到各批", "a voyage is not shared among its lots by tonnes"),
    "fleet_shares": Message("全部航次（含空驶）未全数分摊到各批", "voyages (empty ones too) are not shared in full"),
    "leg_co2e": Message("环节排放不符", "the leg's emissions are wrong"),
    "voyage_co2e": Message("航次排放不符", "the voyage's emissions are wrong"),
    "leg_factors": Message("所列因子或数据等级不符", "the factors or the data tier named are wrong"),
    "baseline": Message("公路基线不符", "the road baseline is wrong"),
    "saving": Message("节约不等于基线减计划", "the saving is not baseline minus plan"),
    "totals": Message("合计不等于各部分之和", "a total is not the sum of its parts"),
    "co2e_cap": Message("排放超过上限", "emissions exceed the cap"),
    "objective": Message("目标值与各部分之和不符", "the objective is not the sum of its parts"),
    "bound": Message("下界高于目标值", "the bound is above the objective"),
    "gap": Message("间隙不符", "the gap is wrong"),
    "left_out": Message("有公路可走的货被留下，或与所述不符", "cargo with a road is left out, or not as said"),
    "reason": Message("所述原因不成立或与货单不符", "the reason given does not fit the shipment"),
    "binding": Message("所列瓶颈不在网络或计划中，或其价值不成立", "a limit is not there, or not worth what is said"),
    "offer_unusable": Message("报价航次不能用的说法不成立", "what is said of an unused sailing does not hold"),
    "kept_other": Message("计划不是围绕这份已接受的计划作的", "the plan was not made around this accepted plan"),
    "kept_unknown": Message("列为保留者不在计划中，或同时列为变动", "what is listed as kept is not there, or moved"),
    "moved_voyages": Message("变动清单所列航次与计划不符", "the list of what moved names other voyages than the plan"),
    "kept_changed": Message("列为保留者与原计划不同", "what is listed as kept is not as it was accepted"),
    "moved_reason": Message("变动的原因不成立", "the reason given for a move does not hold"),
    "accepted_lost": Message("原计划的货单既未保留也未说明", "an accepted shipment is neither kept nor told of"),
}  # fmt: skip
"""Every code with its sentence, in the order of the checks."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing that is wrong in a plan. ``where`` is a path such as ``shipments/S1/lots/1/legs/2``."""

    code: str
    where: str
    message: Message
    expected: str
    found: str

    def text(self, lang: Lang) -> str:
        """One line: where, what, expected and found."""
        if lang == "zh":
            return f"{self.where}：{self.message.zh}（应为 {self.expected}，实为 {self.found}）[{self.code}]"
        return f"{self.where}: {self.message.en} (expected {self.expected}, found {self.found}) [{self.code}]"


class Findings:
    """Collects violations in the order found."""

    def __init__(self) -> None:
        self.violations: list[Violation] = []

    def add(self, code: str, where: str, expected: object, found: object) -> None:
        """Note a violation; KeyError for a code without a sentence."""
        self.violations.append(Violation(code, where, SENTENCES[code], _shown(expected), _shown(found)))

    def same(self, code: str, where: str, expected: object, found: object) -> None:
        """Note a violation unless both are equal."""
        if expected != found:
            self.add(code, where, expected, found)

    def near(self, code: str, where: str, expected: float, found: float, tolerance: float) -> None:
        """Note a violation unless both differ by at most ``tolerance``."""
        if not abs(expected - found) <= tolerance:
            self.add(code, where, expected, found)


def violations_to_text(violations: Iterable[Violation], lang: Lang) -> str:
    """One line for each violation and a closing line with their number; a clean plan says so."""
    lines = [violation.text(lang) for violation in violations]
    if not lines:
        return "复核通过，未发现问题。" if lang == "zh" else "The plan holds: nothing wrong was found."
    count = len(lines)
    closing = f"共 {count} 处问题。" if lang == "zh" else f"{count} violation(s)."
    return "\n".join([*lines, closing])


def _shown(value: object) -> str:
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, float):
        return f"{value:.6g}" if abs(value) < 1e6 else f"{value:.2f}"
    if isinstance(value, list | tuple | set | frozenset):
        return "[" + ", ".join(_shown(item) for item in value) + "]"
    return str(value)
