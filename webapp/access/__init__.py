"""Signing in, who is here, and what they may see."""
