"""From door to door: which chains of legs can carry a cargo, and what carrying costs; no time of departure yet."""
