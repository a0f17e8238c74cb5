"""``python -m optimizer`` does what ``modalshift`` does."""

from __future__ import annotations

from optimizer.cli import main

if __name__ == "__main__":  # processes that the product spawns import this file too
    main()
