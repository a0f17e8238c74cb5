"""The compiled loops of the planner (numba): plain arrays in, plain arrays out, no state. They release the lock of the
interpreter, so that threads run them side by side, and are compiled once for a machine and kept."""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np

from optimizer.planning.design import Floats, Indices
from optimizer.planning.settings import SLOT_H

ROOM_T = 1e-9
"""A vessel takes whole what exceeds its capacity by less than this."""
STRETCH_SLOTS = 8
"""Slots that are ruled out together where the least that any of them could cost is too much."""


class PricedWays(NamedTuple):
    """What pricing reads: lines (``starts`` of each shipment's), tables, cargo as in ``ways``, and the prices.
    ``least_yuan`` and ``least_door_h``: the least of ``table_yuan`` and ``door_h`` in each stretch of STRETCH_SLOTS."""

    starts: Indices
    table: Indices
    first: Indices
    last: Indices
    yard_h: Floats
    line_yuan: Floats
    table_yuan: Floats
    family: Indices
    onward: Indices
    after: Indices
    door_h: Floats
    free_days: Floats
    storage_yuan: Floats
    capacity_t: Floats
    mass_t: Floats
    time_rate: Floats
    late_rate: Floats
    due_h: Floats
    least_t: Floats
    least_yuan: Floats
    least_door_h: Floats


@numba.njit(cache=True, nogil=True)
def least_of_stretches(values: Floats, least: Floats) -> None:
    """The least of each row's ``values`` in each stretch of STRETCH_SLOTS into ``least`` (inf before)."""
    for row in range(values.shape[0]):
        for slot in range(values.shape[1]):
            stretch = slot // STRETCH_SLOTS
            least[row, stretch] = min(least[row, stretch], values[row, slot])


@numba.njit(cache=True, nogil=True)
def price_lines(yuan_per_t: Floats, handled: Indices, terminal: Floats, wtw_yuan: Floats, out: Floats) -> None:
    """The prices of lines into ``out``: what each costs by itself, the terminal days of its ``handled`` (lines x most,
    -1: none, reads the last entry of ``terminal``, 0), and its CO2e under a cap, ``wtw_yuan``."""
    for line in range(len(out)):
        days = 0.0
        for place in range(handled.shape[1]):
            days += terminal[handled[line, place]]
        out[line] = yuan_per_t[line] + days + wtw_yuan[line]


@numba.njit(cache=True, nogil=True)
def price_tables(
    family: Indices, onward: Indices, after: Indices, handled: Indices, aboard: Floats, terminal: Floats, out: Floats
) -> None:
    """The prices of tables into ``out`` (tables x slots): what a tonne ``aboard`` pays (families x slots, inf where
    nothing sails), on the voyage onward too, and the terminal days of its ``handled`` (tables x most x slots)."""
    slots = out.shape[1]
    for table in range(len(family)):
        for slot in range(slots):
            out[table, slot] = 0.0
        for place in range(handled.shape[1]):
            for slot in range(slots):
                out[table, slot] += terminal[handled[table, place, slot]]
        for slot in range(slots):
            out[table, slot] += aboard[family[table], slot]
        if onward[table] >= 0:
            for slot in range(slots):
                later = slot + after[table]
                out[table, slot] += aboard[onward[table], later] if later < slots else np.inf


@numba.njit(cache=True, nogil=True)
def prices_of_slots(ways: PricedWays, k: int, line: int, begin: int, end: int, out: Floats) -> None:
    """The price per tonne of shipment ``k`` on a line in the slots ``begin`` to ``end``, all of them its own, into
    ``out``; inf where no vessel takes it. Loops over one slice at a time, so that the compiler can do several slots at
    once."""
    table, first = ways.table[line], ways.first[line]
    door_h = ways.door_h[table, begin:end]
    table_yuan = ways.table_yuan[table, begin:end]
    capacity_t = ways.capacity_t[ways.family[table], begin:end]
    line_yuan, time_rate, late_rate = ways.line_yuan[line], ways.time_rate[k], ways.late_rate[k]
    due_h, least_t, storage_yuan = ways.due_h[k], ways.least_t[k] - ROOM_T, ways.storage_yuan[table]
    beyond_days = (first * SLOT_H - ways.yard_h[line]) / 24.0 - ways.free_days[table]
    for i in range(end - begin):
        price = line_yuan + table_yuan[i] + time_rate * door_h[i]
        price += late_rate * max(0.0, door_h[i] - due_h)
        price += storage_yuan * max(0.0, beyond_days + (begin - first + i) * (SLOT_H / 24.0))
        out[i] = price if capacity_t[i] >= least_t else np.inf
    if ways.onward[table] >= 0:
        # Where nothing sails on, the price of the table is inf already.
        second, after = ways.onward[table], ways.after[table]
        for i in range(min(end, ways.capacity_t.shape[1] - after) - begin):
            if ways.capacity_t[second, begin + after + i] < least_t:
                out[i] = np.inf


@numba.njit(cache=True, nogil=True)
def cheapest(ways: PricedWays, begin: int, end: int, yuan: Floats, lines: Indices, slots: Indices) -> None:
    """Price, line and slot of the cheapest column of shipments ``begin`` to ``end`` into ``yuan``, ``lines``, ``slots``
    (ties: the first); what has no column is left with -1.

    Before, ``lines`` and ``slots`` may name a column of each shipment (-1: none): what is dearer than that one needs no
    look. The least that a stretch of slots could cost rules it out whole. It is summed as the price is, part by part,
    and no sum of lesser parts is rounded to more, so that the answer is exact."""
    prices = np.empty(max(ways.door_h.shape[1], 1))
    for k in range(begin, end):
        line = lines[k - begin]
        most = np.inf
        if line >= 0 and ways.table[line] < 0:
            most = ways.line_yuan[line]
        elif line >= 0:
            prices_of_slots(ways, k, line, slots[k - begin], slots[k - begin] + 1, prices)
            most = prices[0]
        best, chosen, when = np.inf, -1, -1
        for line in range(ways.starts[k], ways.starts[k + 1]):
            table = ways.table[line]
            if table < 0:
                if ways.line_yuan[line] < best:
                    best, chosen, when = ways.line_yuan[line], line, -1
                continue
            first, over = ways.first[line], ways.last[line] + 1
            while first < over:
                stretch = first // STRETCH_SLOTS
                until = min((stretch + 1) * STRETCH_SLOTS, over)
                door_h = ways.least_door_h[table, stretch]
                least = ways.line_yuan[line] + ways.least_yuan[table, stretch] + ways.time_rate[k] * door_h
                least += ways.late_rate[k] * max(0.0, door_h - ways.due_h[k])
                if least < best and least <= most:
                    prices_of_slots(ways, k, line, first, until, prices)
                    for i in range(until - first):
                        if prices[i] < best:
                            best, chosen, when = prices[i], line, first + i
                first = until
        lines[k - begin], slots[k - begin] = chosen, when
        if best < np.inf:
            yuan[k - begin] = best * ways.mass_t[k]


@numba.njit(cache=True, nogil=True)
def within(
    ways: PricedWays, begin: int, end: int, limit_yuan: Floats, span: int, lines: Indices, slots: Indices
) -> int:
    """Count the columns of shipments ``begin`` to ``end`` that cost at most ``limit_yuan``, of each line and span of
    slots the cheapest only; services always count. Written to ``lines`` and ``slots`` as far as these have room."""
    count = 0
    prices = np.empty(ways.door_h.shape[1])
    for k in range(begin, end):
        limit = limit_yuan[k] / ways.mass_t[k]
        for line in range(ways.starts[k], ways.starts[k + 1]):
            if ways.table[line] < 0:
                if count < len(lines):
                    lines[count], slots[count] = line, -1
                count += 1
                continue
            first, last = ways.first[line], ways.last[line]
            prices_of_slots(ways, k, line, first, last + 1, prices)
            best, chosen = np.inf, -1
            for slot in range(first, last + 1):
                if prices[slot - first] < best:
                    best, chosen = prices[slot - first], slot
                if slot == last or (slot + 1) % span == 0:
                    if chosen >= 0 and best <= limit:
                        if count < len(lines):
                            lines[count], slots[count] = line, chosen
                        count += 1
                    best, chosen = np.inf, -1
    return count


@numba.njit(cache=True, nogil=True)
def mend_nodes(tail: Indices, head: Indices, hull_yuan: Floats, nodes: Floats) -> None:
    """Lower ``nodes`` in place until no move has a negative reduced cost. Moves come latest first."""
    for move in range(len(tail)):
        nodes[tail[move]] = min(nodes[tail[move]], hull_yuan[move] + nodes[head[move]])


@numba.njit(cache=True, nogil=True)
def hold_nodes(tail: Indices, head: Indices, hull_yuan: Floats, nodes: Floats, by: Indices, nearly: float) -> None:
    """As :func:`mend_nodes`; ``by`` (all -1 before) names the move that holds each node down, or nearly would."""
    for move in range(len(tail)):
        node = tail[move]
        after = hull_yuan[move] + nodes[head[move]]
        if after <= nodes[node] + (nearly if by[node] < 0 else 0.0):
            nodes[node] = min(nodes[node], after)
            by[node] = move


@numba.njit(cache=True, nogil=True)
def ask_tonne(
    loaded: Indices,
    link: Indices,
    capacity_t: Floats,
    tail: Indices,
    head: Indices,
    hull_yuan: Floats,
    nodes: Floats,
    tonne: Floats,
    by: Indices,
) -> None:
    """The least yuan per tonne of capacity of each sailing into ``tonne`` and the hull column that asks it into ``by``.
    ``loaded``: columns of loaded hulls; ``link``, ``capacity_t``, ``tail`` and ``head`` of each of these its sailing,
    what it loads, and its nodes."""
    for place in range(len(loaded)):
        column, sailing = loaded[place], link[place]
        price = hull_yuan[column] - nodes[tail[place]] + nodes[head[place]]
        price = max(price, 0.0) / capacity_t[place]
        if price < tonne[sailing]:
            tonne[sailing] = price
            by[sailing] = column


@numba.njit(cache=True, nogil=True)
def push_surplus(nodes_by_slot: Indices, by: Indices, head: Indices, surplus: Floats, hulls: Floats) -> None:
    """Hulls left over at a node go on by the move that holds its price down, earliest nodes first; ``surplus`` keeps
    what is missing, and what is left over where no move is free. ``hulls`` counts the moves."""
    for node in nodes_by_slot:
        move = by[node]
        if move >= 0 and surplus[node] > 0.0:
            hulls[move] += surplus[node]
            surplus[head[move]] += surplus[node]
            surplus[node] = 0.0


@numba.njit(cache=True, nogil=True)
def number_alike(starts: Indices, columns: Indices, values: Floats, number: Indices) -> int:
    """Number the rows of a CSR matrix so that equal ones share a number, in order of their first; how many there are.
    Rows are looked up by a hash of their columns and compared entry by entry."""
    size = 2
    while size < 2 * len(number):
        size *= 2
    first = np.full(size, -1)
    count = 0
    for row in range(len(number)):
        begin, length = starts[row], starts[row + 1] - starts[row]
        at = 0
        for place in range(begin, begin + length):
            at = (at * 31 + columns[place] + 1) * 40503 % 2147483647
        at %= size
        while first[at] >= 0:
            other = starts[first[at]]
            same = starts[first[at] + 1] - other == length
            for place in range(length if same else 0):
                same &= columns[other + place] == columns[begin + place]
                same &= values[other + place] == values[begin + place]
            if same:
                break
            at = (at + 1) % size
        if first[at] < 0:
            first[at], number[row] = row, count
            count += 1
        else:
            number[row] = number[first[at]]
    return count


@numba.njit(cache=True, nogil=True)
def price_moves(cost: Floats, use: Indices, use_yuan: Floats, out: Floats) -> None:
    """What moves cost beside what their ``use`` of locks and the like earns, into ``out``."""
    for move in range(len(out)):
        out[move] = cost[move] - use_yuan[use[move]]


@numba.njit(cache=True, nogil=True)
def blend(average: Floats, newest: Floats, weight: float) -> None:
    """Move an average in place towards the newest values."""
    for place in range(len(average)):
        average[place] += weight * (newest[place] - average[place])


@numba.njit(cache=True, nogil=True)
def gather_loads(
    line: Indices,
    slot: Indices,
    mass_t: Floats,
    table: Indices,
    family: Indices,
    onward: Indices,
    after: Indices,
    line_handled: Indices,
    table_handled: Indices,
    loads: Floats,
    terminal: Floats,
) -> None:
    """Tonnes of the chosen columns by (family, slot) into ``loads``, those of a second voyage too, and by terminal day
    into ``terminal``."""
    for k in range(len(line)):
        if line[k] < 0:
            continue
        for place in range(line_handled.shape[1]):
            if line_handled[line[k], place] >= 0:
                terminal[line_handled[line[k], place]] += mass_t[k]
        number = table[line[k]]
        if number < 0:
            continue
        loads[family[number], slot[k]] += mass_t[k]
        if onward[number] >= 0:
            loads[onward[number], slot[k] + after[number]] += mass_t[k]
        for place in range(table_handled.shape[1]):
            if table_handled[number, place, slot[k]] >= 0:
                terminal[table_handled[number, place, slot[k]]] += mass_t[k]


@numba.njit(cache=True, nogil=True)
def gather_gains(ways: PricedWays, begin: int, end: int, limit_yuan: Floats, edges: Floats, tonnes: Floats) -> None:
    """Tonnes that would gain by going with each sailing, by how much a tonne gains: of shipments ``begin`` to ``end``
    into ``tonnes`` (families x slots x edges) what gains at least ``edges`` (ascending) and less than the next one. A
    gain is ``limit_yuan`` of the shipment less the price of the column, a tonne. A change of ship is left out: what it
    gains is no gain of one voyage."""
    prices = np.empty(ways.door_h.shape[1])
    for k in range(begin, end):
        limit = limit_yuan[k] / ways.mass_t[k]
        for line in range(ways.starts[k], ways.starts[k + 1]):
            table = ways.table[line]
            if table < 0 or ways.onward[table] >= 0:
                continue
            first, over, family = ways.first[line], ways.last[line] + 1, ways.family[table]
            prices_of_slots(ways, k, line, first, over, prices)
            for i in range(over - first):
                gain = limit - prices[i]
                if gain >= edges[0]:
                    step = np.searchsorted(edges, gain, side="right") - 1
                    tonnes[family, first + i, step] += ways.mass_t[k]


@numba.njit(cache=True, nogil=True)
def longest_ways(tail: Indices, head: Indices, worth: Floats, moves: Indices, value: Floats, by: Indices) -> None:
    """The most that can be earned from each node to the nodes whose ``value`` is finite at first, over ``moves`` (the
    latest first) worth ``worth``; ``by`` names the move to take (-1: none)."""
    for move in moves:
        earned = worth[move] + value[head[move]]
        if earned > value[tail[move]]:
            value[tail[move]] = earned
            by[tail[move]] = move


@numba.njit(cache=True, nogil=True)
def scan_stretches(
    first: Indices,
    last: Indices,
    share: Floats,
    mass_t: Floats,
    sailed: Floats,
    capacity_t: Floats,
    least: float,
    ends: Indices,
) -> None:
    """For each first slot of the shipments of one family (``last`` ascending) into ``ends`` the last slot of the
    linking cut that is broken most, if by more than ``least`` tonnes. ``sailed``: ships before each slot, and in
    all."""
    for number in range(len(first)):
        begin, most_t, at, worst = first[number], 0.0, first[number], least
        for other in range(len(first)):
            end = last[other]
            if end < begin or (other + 1 < len(first) and last[other + 1] == end):
                continue
            while at <= end:
                most_t = max(most_t, capacity_t[at])
                at += 1
            ships = sailed[end + 1] - sailed[begin]
            part = ships % 1.0
            all_t, aboard_t = 0.0, 0.0
            for k in range(len(first)):
                if last[k] > end:
                    break
                if first[k] >= begin and share[k] > part:
                    all_t += mass_t[k]
                    aboard_t += mass_t[k] * share[k]
            if all_t <= 0.0 or most_t <= 0.0:
                continue
            hulls = max(np.ceil(all_t / most_t - ROOM_T), 1.0)
            rest_t = all_t - most_t * (hulls - 1.0)
            broken_t = rest_t * (hulls - ships) - (all_t - aboard_t)
            if broken_t > worst:
                worst, ends[number] = broken_t, end
