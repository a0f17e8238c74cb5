"""What is proven: prices of rows, the relaxation, cuts, exact pricing, and what a proven gap rules out."""
