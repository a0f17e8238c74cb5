"""Work that takes longer than a request: plans, carried out by a process of their own."""
