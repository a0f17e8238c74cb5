"""Tables that people hand in: shipments and carriers' sailings, read cell by cell, every fault at once."""
