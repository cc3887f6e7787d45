"""What all tests share."""

import os


def pytest_configure(config) -> None:
    """For the quick tests kernels are compiled with little optimisation, in a quarter of the time."""
    if config.option.markexpr == "not slow":
        os.environ.setdefault("HOLDFAST_CXXFLAGS", "-Og")
