"""Charts and maps: one record that a page shows three ways, as a drawing, as an interactive plot and as a table.

The server draws an SVG, which needs no script and prints. Where scripts run, plotly.js out of its installed wheel
takes the drawing's place. The table twin has every number for whoever cannot see either.
"""
