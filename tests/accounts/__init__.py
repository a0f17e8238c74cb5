"""Tests of optimizer.accounts."""
