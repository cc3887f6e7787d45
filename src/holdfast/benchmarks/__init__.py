"""How fast holdfast is, beside what else there is: `holdfast bench`, or `make bench`."""
