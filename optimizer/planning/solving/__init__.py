"""The search: a problem laid out, first plans, and plans that only get better, beside their bound."""
