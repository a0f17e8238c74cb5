"""``python -m optimizer`` does what ``modalshift`` does."""

from __future__ import annotations

from optimizer.cli import main

main()
