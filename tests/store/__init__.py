"""Tests of optimizer.store."""
