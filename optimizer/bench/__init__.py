"""Figures that the documents quote, each measured on the machine at hand beside its baseline.

One module per bench (``plan``, ``quote``): an options record and ``run(options) -> Result``. Around them: ``record``
(what a bench hands back), ``document`` (to JSON and back), ``table`` (the blocks of README and FIGURES.md),
``machine`` and ``isolation`` (where and how it was measured). Times are never asserted anywhere; they are recorded with
the load of the machine.
"""
