"""Time and space laid out: ways of shipments, the fleet as a flow, given sailings, and the program over them."""
