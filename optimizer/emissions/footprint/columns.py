"""The columns of a chains file and of its result, in their order, and the Chinese headers that are accepted too."""

from __future__ import annotations

from optimizer.errors import Message

CHAIN_ID, SEQ, KIND = "chain_id", "seq", "kind"
MASS, DISTANCE, FACTOR = "mass_t", "distance_km", "factor_id"
CARRIER, AMOUNT, UNIT, SHARE = "energy_carrier", "energy_amount", "energy_unit", "share"
MODE, DAY, TEU = "mode", "on", "teu"
BASIS, ADJUSTMENT = "distance_basis", "distance_adjustment"

REQUIRED = (CHAIN_ID, SEQ, KIND, MASS)
"""Without these columns no row can be read."""

OPTIONAL = (DISTANCE, FACTOR, CARRIER, AMOUNT, UNIT, SHARE, MODE, DAY, TEU, BASIS, ADJUSTMENT)
"""A column that is missing counts as empty in every row."""

ACTIVITY, TTW, WTT, WTW = "activity_tkm", "co2e_ttw_kg", "co2e_wtt_kg", "co2e_wtw_kg"
TIER, ERROR, BOUNDARY, FACTOR_IDS = "data_tier", "error", "boundary", "factor_ids"

RESULT = (ACTIVITY, TTW, WTT, WTW, TIER, ERROR, BOUNDARY, FACTOR_IDS)
"""What the result adds to each row."""

CHINESE = {
    "运输链编号": CHAIN_ID,
    "序号": SEQ,
    "类型": KIND,
    "重量(吨)": MASS,
    "里程(公里)": DISTANCE,
    "因子编号": FACTOR,
    "能源品种": CARRIER,
    "能源用量": AMOUNT,
    "能源单位": UNIT,
    "分摊比例": SHARE,
    "运输方式": MODE,
    "日期": DAY,
    "标准箱": TEU,
    "里程口径": BASIS,
    "里程修正系数": ADJUSTMENT,
}

ABOUT = {
    CHAIN_ID: Message("运输链的编号", "which transport chain the row belongs to"),
    SEQ: Message("链内顺序，整数，不重复", "order inside the chain, a whole number, each once"),
    KIND: Message("transport（运输段）或 hub（枢纽作业）", "transport (a leg) or hub (a hub operation)"),
    MASS: Message("货物重量，吨", "mass of the cargo, t"),
    DISTANCE: Message("里程，公里；枢纽作业留空", "distance, km; empty for a hub"),
    FACTOR: Message("排放因子编号，与能源二选一", "emission factor, or else the energy columns"),
    CARRIER: Message("能源品种（iLEAP 名称）", "energy carrier, iLEAP name"),
    AMOUNT: Message("航次、车次或设备的能源用量，含空驶", "energy of the voyage, trip or machine, empties included"),
    UNIT: Message("kg、l 或 kWh", "kg, l or kWh"),
    SHARE: Message("本行分摊的比例，大于 0、不超过 1", "the part of it that this row bears, above 0 and up to 1"),
    MODE: Message(
        "Road、Rail、Sea、InlandWaterway 或 Hub；决定燃料因子，缺省为 Road（枢纽为 Hub）",
        "Road, Rail, Sea, InlandWaterway or Hub; chooses the fuel's factor, Road (Hub for hubs) when empty",
    ),
    DAY: Message(
        "作业日期，因子须在当日有效；缺省用 --on", "day of the operation, when the factor must be valid; else --on"
    ),
    TEU: Message("标准箱数，供按 TEU 计的因子", "containers in TEU, for factors per TEU"),
    BASIS: Message("里程口径：actual、sfd 或 gcd", "what the distance is: actual, sfd or gcd"),
    ADJUSTMENT: Message(
        "里程修正系数（实际里程 ÷ 最短可行或大圆里程），不小于 1",
        "distance adjustment factor (actual over shortest feasible or great circle), at least 1",
    ),
    ACTIVITY: Message("运输活动量，吨公里", "transport activity, tkm"),
    TTW: Message("运行排放，kg", "operation, kg"),
    WTT: Message("能源供应排放，kg", "energy provision, kg"),
    WTW: Message("全程排放，kg", "operation and provision, kg"),
    TIER: Message("数据等级：primary、default 或 assumed", "primary, default or assumed"),
    ERROR: Message("错误代码与说明", "codes and sentences of what is wrong"),
    BOUNDARY: Message("核算边界：wtw_co2e 等", "what the numbers cover: wtw_co2e and others"),
    FACTOR_IDS: Message("所用因子与版本", "the factor used and its version"),
}
"""What each column holds."""
