"""What may be wrong with one row, as bits of an integer, so that a million rows carry their faults in one array."""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntFlag, auto

from optimizer.errors import Lang, Message


class RowFault(IntFlag):
    """The faults of a row, in the order in which they are told."""

    CHAIN_ID_MISSING = auto()
    SEQ_NOT_INTEGER = auto()
    SEQ_DUPLICATE = auto()
    KIND_UNKNOWN = auto()
    MASS_NOT_POSITIVE = auto()
    DISTANCE_MISSING = auto()
    DISTANCE_NOT_POSITIVE = auto()
    DISTANCE_ON_HUB = auto()
    BASIS_UNKNOWN = auto()
    BASIS_MISSING = auto()
    BASIS_UNFIT = auto()
    ADJUSTMENT_BELOW_ONE = auto()
    ADJUSTMENT_MISSING = auto()
    MODE_UNKNOWN = auto()
    MODE_MISMATCH = auto()
    DAY_UNREADABLE = auto()
    TEU_NOT_POSITIVE = auto()
    TEU_MISSING = auto()
    NEITHER_FACTOR_NOR_ENERGY = auto()
    FACTOR_AND_ENERGY = auto()
    FACTOR_UNKNOWN = auto()
    FACTOR_NOT_VALID = auto()
    FACTOR_UNFIT = auto()
    FACTOR_WITHOUT_VALUE = auto()
    BOUNDARY_UNSTATED = auto()
    CARRIER_UNKNOWN = auto()
    UNIT_UNKNOWN = auto()
    UNIT_UNFIT = auto()
    ENERGY_FACTOR_MISSING = auto()
    AMOUNT_NOT_A_NUMBER = auto()
    SHARE_OUTSIDE = auto()
    TOO_LARGE = auto()
    BOUNDARY_MIXED = auto()
    CHAIN_FAILED = auto()

    @property
    def code(self) -> str:
        """The stable name that machines read, for example ``share_outside``."""
        return (self.name or "").lower()


SENTENCES = {
    RowFault.CHAIN_ID_MISSING: Message("缺少运输链编号，应填写 chain_id", "no chain_id; name the chain"),
    RowFault.SEQ_NOT_INTEGER: Message("序号应为 0 至 10^9 的整数", "seq must be a whole number from 0 to 10^9"),
    RowFault.SEQ_DUPLICATE: Message(
        "序号在同一链内重复，应各不相同", "seq stands twice in the chain; number each row once"
    ),
    RowFault.KIND_UNKNOWN: Message("类型应为 transport 或 hub", "kind must be transport or hub"),
    RowFault.MASS_NOT_POSITIVE: Message("重量应为大于 0 的吨数", "mass_t must be a number of tonnes above 0"),
    RowFault.DISTANCE_MISSING: Message("运输段缺少里程", "a transport row needs distance_km"),
    RowFault.DISTANCE_NOT_POSITIVE: Message("里程应为大于 0 的公里数", "distance_km must be a number of km above 0"),
    RowFault.DISTANCE_ON_HUB: Message(
        "枢纽作业没有里程，应留空或改为 transport", "a hub has no distance; leave it empty"
    ),
    RowFault.BASIS_UNKNOWN: Message("里程口径应为 actual、sfd 或 gcd", "distance_basis must be actual, sfd or gcd"),
    RowFault.BASIS_MISSING: Message(
        "有里程而无口径，应填 actual、sfd 或 gcd", "a distance without its basis; write actual, sfd or gcd"
    ),
    RowFault.BASIS_UNFIT: Message(
        "sfd 与 gcd 不能互换，应给出因子所用口径的里程",
        "sfd and gcd cannot be converted; give the distance that the factor counts",
    ),
    RowFault.ADJUSTMENT_BELOW_ONE: Message(
        "里程修正系数应为不小于 1 的数", "distance_adjustment must be a number of at least 1"
    ),
    RowFault.ADJUSTMENT_MISSING: Message(
        "里程与因子的口径不同，应填写里程修正系数",
        "the distance has another basis than the factor; give distance_adjustment",
    ),
    RowFault.MODE_UNKNOWN: Message(
        "运输方式应为 Road、Rail、Sea、InlandWaterway 或 Hub", "mode must be Road, Rail, Sea, InlandWaterway or Hub"
    ),
    RowFault.MODE_MISMATCH: Message("运输方式与类型或因子不符", "mode contradicts the kind or the factor"),
    RowFault.DAY_UNREADABLE: Message("日期应如 2026-10-01", "on must be a day such as 2026-10-01"),
    RowFault.TEU_NOT_POSITIVE: Message("标准箱数应为大于 0 的数", "teu must be a number above 0"),
    RowFault.TEU_MISSING: Message("因子按标准箱计，应填写 teu", "the factor goes by TEU; give teu"),
    RowFault.NEITHER_FACTOR_NOR_ENERGY: Message(
        "既无因子也无能源，应填其一", "neither factor_id nor energy; give one of them"
    ),
    RowFault.FACTOR_AND_ENERGY: Message("因子与能源只能填一种", "factor_id and energy together; give one of them"),
    RowFault.FACTOR_UNKNOWN: Message(
        "没有此因子，可用编号见 modalshift factors list", "no such factor; see modalshift factors list"
    ),
    RowFault.FACTOR_NOT_VALID: Message("因子在作业日不在有效期内", "no version of the factor is valid on the day"),
    RowFault.FACTOR_UNFIT: Message(
        "因子的单位与类型不符：运输段用每 tkm 或 TEUkm，枢纽用每 t 或 TEU",
        "the factor's unit does not fit: per tkm or TEUkm for a leg, per t or TEU for a hub",
    ),
    RowFault.FACTOR_WITHOUT_VALUE: Message("因子没有可用于运输链的数值", "the factor holds no value for a chain"),
    RowFault.BOUNDARY_UNSTATED: Message(
        "因子未说明核算边界；确要使用时加 --allow-unstated",
        "the factor states no boundary; --allow-unstated uses it all the same",
    ),
    RowFault.CARRIER_UNKNOWN: Message(
        "能源品种不在 iLEAP 名称之内，如 Diesel、Electric", "not an iLEAP energy carrier, such as Diesel or Electric"
    ),
    RowFault.UNIT_UNKNOWN: Message("能源单位应为 kg、l 或 kWh", "energy_unit must be kg, l or kWh"),
    RowFault.UNIT_UNFIT: Message("此能源品种不能用该单位折算", "this carrier cannot be counted in that unit"),
    RowFault.ENERGY_FACTOR_MISSING: Message(
        "没有此能源在该方式与当日有效的因子", "no factor for this carrier in this mode on the day"
    ),
    RowFault.AMOUNT_NOT_A_NUMBER: Message("能源用量应为不小于 0 的数", "energy_amount must be a number of at least 0"),
    RowFault.SHARE_OUTSIDE: Message("分摊比例应大于 0、不超过 1", "share must be above 0 and up to 1"),
    RowFault.TOO_LARGE: Message("数值过大，疑为单位错误", "the amount is too large; is the unit right?"),
    RowFault.BOUNDARY_MIXED: Message(
        "链内核算边界不同，不能相加；各行须在同一边界",
        "rows of the chain have different boundaries; keep the chain inside one",
    ),
    RowFault.CHAIN_FAILED: Message(
        "同链另有错误行，整链不出结果", "another row of the chain is wrong, so the chain has no result"
    ),
}


def faults_in(bits: int) -> Iterator[RowFault]:
    """The faults of a row in their order."""
    for fault in RowFault:
        if bits & fault:
            yield fault


def fault_text(bits: int, lang: Lang) -> str:
    """``code: sentence`` of every fault, between bars; empty for none."""
    return " | ".join(f"{fault.code}: {SENTENCES[fault].text(lang)}" for fault in faults_in(bits))
