"""What is minimised: the likelihood of the targets."""

from holdfast.objectives.likelihood import CrossEntropy, MeanSquaredError
from holdfast.objectives.objective import IGNORE, Objective

__all__ = ["IGNORE", "CrossEntropy", "MeanSquaredError", "Objective"]
