"""From the solver's answer to the plan that people read: totals, reasons, limits and their worth."""
