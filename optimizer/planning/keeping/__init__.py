"""Replanning around what was accepted.

A kept shipment keeps its lots, ways, voyages and hours; what voyages cost and emit is shared anew among all that is
aboard. The hulls of kept voyages keep their tours, mended where the network changed; the rest is planned in the room
that is left on them and with the hulls, lockages and terminal days that they do not need. So the search and its bound
are those of the *restricted* problem: all plans that leave what is kept as it is.
"""
