"""Tests of optimizer.waybills."""
