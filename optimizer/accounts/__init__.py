"""Double-entry accounts of reductions: settlement, statements, totals, audit. Pure: no files, no clock, no database."""
