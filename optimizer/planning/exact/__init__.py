"""Small plans to the optimum: time is cut coarsely, branch and bound settles the small program that is left, and time
is cut more finely where its solution cannot be sailed (``refine``). Every coarse program is a relaxation of the full
one, so its bound is a bound on every plan."""
