"""`holdfast sweep`: one run for each point of a grid, or for each point that a search proposes."""

from holdfast.cli.sweep.command import main

__all__ = ["main"]
