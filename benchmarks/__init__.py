"""How fast holdfast is, beside what else there is: `python -m benchmarks`, or `make bench`."""
