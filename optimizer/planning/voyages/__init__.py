"""Whole kilograms in named hulls: lots, how they are packed, voyages, legs and totals in fen and grams."""
